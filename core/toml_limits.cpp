// SPDX-License-Identifier: Apache-2.0
#include "core/toml_limits.hpp"

#include <cstring>

#include "mini_container/error.hpp"

namespace mini_container {

namespace {

constexpr std::uint32_t deepest = 64;

Place place_of(std::string_view text, std::size_t offset, const char* source) {
  Place place{source, 1, 1};
  for (const char c : text.substr(0, offset)) {
    ++place.column;
    if (c == '\n') place = {source, place.line + 1, 1};
  }
  return place;
}

/// The end of the string that starts at `start` with its quote; of an open one, the text's end.
std::size_t skip_string(std::string_view text, std::size_t start) {
  const char quote = text[start];
  const char triple[] = {quote, quote, quote, '\0'};
  const bool multiline = text.substr(start).starts_with(triple);
  for (std::size_t i = start + (multiline ? 3 : 1); i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;
    } else if (multiline && text.substr(i).starts_with(triple)) {
      return i + 3;
    } else if (!multiline && (text[i] == quote || text[i] == '\n')) {
      return i + 1;
    }
  }
  return text.size();
}

}  // namespace

void check_toml_limits(std::string_view text, const char* source) {
  if (const void* nul = text.empty() ? nullptr : std::memchr(text.data(), '\0', text.size())) {
    const auto offset = static_cast<std::size_t>(static_cast<const char*>(nul) - text.data());
    mc::fail(place_of(text, offset, source).text(), ": a NUL byte", mc::Hint{"TOML is text"});
  }
  std::uint32_t brackets = 0;
  std::uint32_t dots = 0;  // of one key; a number's dot is counted along and does no harm
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      i = skip_string(text, i);
      continue;
    }
    if (c == '#') {
      const std::size_t end = text.find('\n', i);
      i = end == text.npos ? text.size() : end;
      continue;
    }
    if (c == '[' || c == '{') ++brackets;
    if ((c == ']' || c == '}') && brackets > 0) --brackets;
    if (c == '.')
      ++dots;
    else if (c == '=' || c == ',' || c == '\n' || c == '[' || c == '{')
      dots = 0;
    if (brackets > deepest || dots > deepest)
      mc::fail(place_of(text, i, source).text(), ": nested deeper than ", deepest, " levels");
    ++i;
  }
}

}  // namespace mini_container
