// SPDX-License-Identifier: Apache-2.0
#include "core/value.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace mini_container {

const char* intern(std::string_view text) {
  static std::vector<std::unique_ptr<const std::string>> texts;  // sorted
  const auto place = std::ranges::lower_bound(
      texts, text, {}, [](const auto& known) -> std::string_view { return *known; });
  if (place != texts.end() && **place == text) return (*place)->c_str();
  return (*texts.insert(place, std::make_unique<const std::string>(text)))->c_str();
}

std::string Place::text() const {
  std::string out = source;
  if (line != 0) {
    out += ':';
    out += std::to_string(line);
    if (column != 0) {
      out += ':';
      out += std::to_string(column);
    }
  }
  return out;
}

const Value* Value::find(std::string_view key) const {
  const auto* table = as<Table>();
  if (table == nullptr) return nullptr;
  const auto found = std::ranges::find(*table, key, &Member::first);
  return found != table->end() ? &found->second : nullptr;
}

Value* Value::find(std::string_view key) {
  return const_cast<Value*>(std::as_const(*this).find(key));
}

Value& Value::set(std::string_view key, Value value) {
  if (empty()) content_ = Table{};
  if (Value* found = find(key)) return *found = std::move(value);
  auto& table = std::get<Table>(content_);
  table.emplace_back(std::string(key), std::move(value));
  return table.back().second;
}

const char* Value::type_name() const {
  static constexpr std::array names = {"nothing", "boolean", "integer", "float",
                                       "string",  "list",    "table",   "integer"};
  return names[content_.index()];
}

void overlay(Value& base, Value over) {
  auto* members = over.as<Table>();
  if (members == nullptr || base.as<Table>() == nullptr) {
    base = std::move(over);
    return;
  }
  for (auto& [key, member] : *members) {
    if (Value* found = base.find(key))
      overlay(*found, std::move(member));
    else
      base.set(key, std::move(member));
  }
  base.set_place(over.place());
}

}  // namespace mini_container
