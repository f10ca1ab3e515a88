// SPDX-License-Identifier: Apache-2.0
#include "subid.hpp"

#include <pwd.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "mini_container/fd.hpp"

namespace user {

namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

SubidRanges parse_subid(std::string_view text, uid_t uid, std::string_view login) {
  SubidRanges out;
  const std::string uid_text = std::to_string(uid);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto first_colon = line.find(':');
    if (first_colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, first_colon);
    if (name != uid_text && (login.empty() || name != login)) continue;
    const auto second_colon = line.find(':', first_colon + 1);
    if (second_colon == std::string_view::npos) continue;
    const auto first = number(line.substr(first_colon + 1, second_colon - first_colon - 1));
    const auto size = number(line.substr(second_colon + 1));
    if (first && size && *size > 0 && *first < 0xffffffff && *size <= 0xffffffff - *first)
      out.push_back({.container = 0, .host = *first, .size = *size});
  }
  return out;
}

SubidRanges read_subid(const char* path, uid_t uid) {
  const mc::Fd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return {};
    mc::check(-1, "open '", path, "'");
  }
  const passwd* entry = ::getpwuid(uid);
  return parse_subid(mc::read_all(file.get(), path), uid, entry != nullptr ? entry->pw_name : "");
}

bool covers(const SubidRanges& ranges, std::uint64_t first, std::uint64_t size) {
  // Each pass moves `first` past a range that holds it; as many passes as ranges suffice.
  for (std::size_t pass = 0; pass < ranges.size(); ++pass)
    for (const Range& range : ranges) {
      if (first < range.host || first >= range.host + range.size) continue;
      const std::uint64_t taken = std::min(size, range.host + range.size - first);
      first += taken;
      size -= taken;
      if (size == 0) return true;
    }
  return false;
}

}  // namespace user
