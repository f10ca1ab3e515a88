// SPDX-License-Identifier: Apache-2.0
#include "core/oci/reading.hpp"

#include <string_view>

#include "mini_container/error.hpp"

namespace mini_container::oci {

bool is_default(const Place& place) {
  return place.line == 0 && std::string_view(place.source) == Place{}.source;
}

std::string LeftOut::text() const { return mc::concat(place.text(), ": ", path, ": ", why); }

void Reading::mark_all(const Value& value) {
  mark(value);
  if (const auto* members = value.as<Table>())
    for (const auto& [key, member] : *members) mark_all(member);
  if (const auto* items = value.as<List>())
    for (const Value& item : *items) mark_all(item);
}

std::vector<LeftOut> Reading::all_left_out(const Value& tree) const {
  std::vector<LeftOut> out = left_out_;
  add_unread(tree, "", out);
  return out;
}

void Reading::add_unread(const Value& value, const std::string& path,
                         std::vector<LeftOut>& out) const {
  if (value.empty() || oci::is_default(value.place()) || is_default(value)) return;
  if (!path.empty() && !read_.contains(&value)) {
    out.push_back({value.place(), path, "it has no counterpart"});
    return;
  }
  if (const auto* members = value.as<Table>())
    for (const auto& [key, member] : *members)
      add_unread(member, path.empty() ? key : mc::concat(path, '.', key), out);
  if (const auto* items = value.as<List>())
    for (std::size_t i = 0; i < items->size(); ++i)
      add_unread((*items)[i], mc::concat(path, '[', i, ']'), out);
}

}  // namespace mini_container::oci
