// SPDX-License-Identifier: Apache-2.0
#include "capability_names.hpp"

#include <algorithm>
#include <iterator>

#include "mini_container/capability_names.hpp"
#include "mini_container/nearest.hpp"

namespace capabilities {

namespace {

using mc::capability_names;

constexpr std::string_view prefix = "CAP_";

std::string upper(std::string_view name) {
  std::string out(name);
  // The C locale's rule, whatever the locale is.
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string with_prefix(std::string_view name) {
  std::string out = upper(name);
  return out.starts_with(prefix) ? out : mc::concat(prefix, out);
}

}  // namespace

Set all_known() { return bit(std::size(capability_names)) - 1; }

std::optional<unsigned> number_of(std::string_view name) {
  if (name.size() > 64) return std::nullopt;
  const auto found =
      std::find(std::begin(capability_names), std::end(capability_names), with_prefix(name));
  if (found == std::end(capability_names)) return std::nullopt;
  return static_cast<unsigned>(found - std::begin(capability_names));
}

std::string names_of(Set set) {
  std::string out;
  for (unsigned i = 0; i < 64; ++i) {
    if ((set & bit(i)) == 0) continue;
    if (!out.empty()) out += ',';
    if (i < std::size(capability_names))
      out += capability_names[i];
    else
      out += std::to_string(i);
  }
  return out.empty() ? "none" : out;
}

Set read_set(const mc::Node& list, Set all, std::string* unknown) {
  Set set = 0;
  for (const mc::Node item : list) {
    const std::string name = item.text();
    if (name == "all" || name == "ALL") {
      set |= all;
    } else if (const auto number = number_of(name)) {
      set |= bit(*number);
    } else if (unknown != nullptr) {
      // Whoever names it for one set names it for others.
      const std::string told = mc::concat(',', *unknown, ',');
      if (told.find(mc::concat(',', name.substr(0, 64), ',')) == told.npos)
        *unknown += mc::concat(unknown->empty() ? "" : ",", name.substr(0, 64));
    } else {
      mc::fail(item.where(), ": unknown capability '", name.substr(0, 64), "'",
               mc::Hint{mc::did_you_mean(with_prefix(name), capability_names,
                                         "capabilities(7) lists them; \"all\" stands for all")});
    }
  }
  return set;
}

}  // namespace capabilities
