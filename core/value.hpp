// SPDX-License-Identifier: Apache-2.0
// The launch tree: what TOML, flags and OCI config.json all become. Every value knows the place
// that it was written at.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace mini_container {

/// Where a value was written. `source` is a file's path, a flag as typed, or "default"; interned
/// for the life of the process. Line and column count from 1; 0: none.
struct Place {
  const char* source = "default";
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  /// "shell.toml:12:1", "--uts.hostname", "default".
  [[nodiscard]] std::string text() const;
};

/// Keeps a copy of `text` for the life of the process; the same pointer for the same text.
const char* intern(std::string_view text);

class Value;
using List = std::vector<Value>;
using Member = std::pair<std::string, Value>;
/// Members in the order in which they were written. Few: looked up one by one.
using Table = std::vector<Member>;

class Value {
 public:
  /// Without a sign: what JSON has beyond 2^63, to the bit.
  using Content = std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Table,
                               std::uint64_t>;

  Value() = default;
  template <class Type>
  requires std::constructible_from<Content, Type>
  explicit Value(Type&& content, Place place = {})
      : content_(std::forward<Type>(content)), place_(place) {}

  [[nodiscard]] const Content& content() const { return content_; }
  [[nodiscard]] Content& content() { return content_; }
  [[nodiscard]] const Place& place() const { return place_; }
  void set_place(Place place) { place_ = place; }

  [[nodiscard]] bool empty() const { return std::holds_alternative<std::monostate>(content_); }
  /// nullptr where the value is of another type.
  template <class Type>
  [[nodiscard]] const Type* as() const {
    return std::get_if<Type>(&content_);
  }
  template <class Type>
  [[nodiscard]] Type* as() {
    return std::get_if<Type>(&content_);
  }

  /// The member of a table, or nullptr: absent, or not a table.
  [[nodiscard]] const Value* find(std::string_view key) const;
  [[nodiscard]] Value* find(std::string_view key);
  /// Sets the member of a table (made a table where empty), replacing one that is there.
  Value& set(std::string_view key, Value value);

  /// "boolean", "integer", "table", ...: for messages.
  [[nodiscard]] const char* type_name() const;

 private:
  Content content_;
  Place place_;
};

/// Lays `over` on `base`: tables member by member, everything else is replaced as a whole.
void overlay(Value& base, Value over);

}  // namespace mini_container
