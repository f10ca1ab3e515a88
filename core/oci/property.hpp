// SPDX-License-Identifier: Apache-2.0
// A property of config.json: its value with its path, and the typed ways to read it. What is of
// another type or out of range is refused with the file, the line and the path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/oci/reading.hpp"
#include "core/value.hpp"
#include "mini_container/error.hpp"

namespace mini_container::oci {

inline constexpr std::int64_t last_id = 4294967294;  // 4294967295 means "unchanged" to the kernel

class Property {
 public:
  /// `value` may be null or empty (JSON's null): absent. It outlives the property. `reading`, if
  /// any, is told what is read of it and of what is below it.
  Property(const Value* value, std::string path, Place place, Reading* reading = nullptr)
      : value_(value != nullptr && !value->empty() ? value : nullptr),
        path_(std::move(path)),
        place_(value != nullptr ? value->place() : place),
        reading_(reading) {}

  explicit operator bool() const { return value_ != nullptr; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const Place& place() const { return place_; }

  /// The member of an object; absent where the object is.
  Property operator[](std::string_view key) const;
  /// The member, which must be there.
  [[nodiscard]] Property need(std::string_view key) const;

  // Of a value that must be there.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] std::int64_t integer(std::int64_t least = INT64_MIN,
                                     std::int64_t most = INT64_MAX) const;
  /// Of 64 bits without sign. Beyond 2^63 JSON's numbers come as floats: near, not exact.
  [[nodiscard]] std::uint64_t large() const;

  // Of a value that may be absent.
  [[nodiscard]] std::string text(std::string_view absent) const;
  [[nodiscard]] bool boolean_or(bool absent) const { return *this ? boolean() : absent; }
  [[nodiscard]] std::vector<Property> items() const;
  [[nodiscard]] std::vector<std::pair<std::string, Property>> members() const;

  /// As it is, whatever it is.
  [[nodiscard]] Value value() const;

  // The same as values of the launch tree, checked, with their place.
  [[nodiscard]] Value text_value() const { return Value(text(), place_); }
  /// A list of text; an empty one where it is absent.
  [[nodiscard]] Value texts_value() const;
  /// A map of text.
  [[nodiscard]] Value text_map_value() const;

  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    mc::fail(place_.text(), ": ", path_, ": ", parts...);
  }

  /// Whether it only says what would be so anyway.
  [[nodiscard]] bool is_default() const {
    return oci::is_default(place_) ||
           (reading_ != nullptr && value_ != nullptr && reading_->is_default(*value_));
  }
  /// Has a conversion list it as not taken over, whatever is below it included. False where this
  /// is no conversion.
  bool leave_out(std::string why) const;

 private:
  template <class Type>
  const Type& need_type(const char* wanted) const;

  const Value* value_;
  std::string path_;
  Place place_;
  Reading* reading_;
};

/// The table `name` of a launch tree, made where it is missing.
Value& table_of(Value& tree, std::string_view name, const Place& place);

}  // namespace mini_container::oci
