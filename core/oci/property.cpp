// SPDX-License-Identifier: Apache-2.0
#include "core/oci/property.hpp"

#include <cmath>

namespace mini_container::oci {

namespace {

// JSON's words for the tree's types.
const char* json_type(const Value& value) {
  static constexpr const char* names[] = {"null",     "a boolean", "an integer", "a number",
                                          "a string", "an array",  "an object",  "an integer"};
  return names[value.content().index()];
}

}  // namespace

template <class Type>
const Type& Property::need_type(const char* wanted) const {
  if (value_ == nullptr) refuse("it is required and not given");
  const Type* content = value_->as<Type>();
  if (content == nullptr) refuse("expected ", wanted, ", not ", json_type(*value_));
  if (reading_ != nullptr) reading_->mark(*value_);
  return *content;
}

Property Property::operator[](std::string_view key) const {
  if (value_ != nullptr) need_type<Table>("an object");
  const Value* member = value_ != nullptr ? value_->find(key) : nullptr;
  return {member, path_.empty() ? std::string(key) : mc::concat(path_, '.', key), place_, reading_};
}

Property Property::need(std::string_view key) const {
  Property member = (*this)[key];
  if (!member) member.refuse("it is required and not given");
  return member;
}

std::string Property::text() const { return need_type<std::string>("a string"); }

std::string Property::text(std::string_view absent) const {
  return *this ? text() : std::string(absent);
}

bool Property::boolean() const { return need_type<bool>("true or false"); }

std::int64_t Property::integer(std::int64_t least, std::int64_t most) const {
  if (value_ != nullptr) {
    const auto* real = value_->as<double>();
    if (value_->as<std::uint64_t>() != nullptr || (real != nullptr && std::abs(*real) >= 9.2e18))
      refuse("the number is out of range");
  }
  const auto number = need_type<std::int64_t>("an integer");
  if (number < least || number > most)
    refuse(number, " is out of range; it may be ", least, " to ", most);
  return number;
}

std::uint64_t Property::large() const {
  if (value_ != nullptr && value_->as<std::uint64_t>() != nullptr)
    return need_type<std::uint64_t>("an integer");
  if (const auto* real = value_ != nullptr ? value_->as<double>() : nullptr) {
    if (reading_ != nullptr) reading_->mark(*value_);
    // What tools that know floats alone, such as jq, make of the largest number.
    if (*real == 18446744073709551616.0) return UINT64_MAX;
    refuse("expected an integer of 0 to 18446744073709551615");
  }
  return static_cast<std::uint64_t>(integer(0));
}

std::vector<Property> Property::items() const {
  std::vector<Property> out;
  if (value_ == nullptr) return out;
  const List& list = need_type<List>("an array");
  out.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    out.emplace_back(&list[i], mc::concat(path_, '[', i, ']'), place_, reading_);
    if (!out.back()) out.back().refuse("an element is null");
  }
  return out;
}

std::vector<std::pair<std::string, Property>> Property::members() const {
  std::vector<std::pair<std::string, Property>> out;
  if (value_ == nullptr) return out;
  for (const auto& [key, member] : need_type<Table>("an object"))
    if (!member.empty())
      out.emplace_back(key, Property(&member, mc::concat(path_, '.', key), place_, reading_));
  return out;
}

bool Property::leave_out(std::string why) const {
  if (reading_ == nullptr) return false;
  reading_->leave_out({place_, path_, std::move(why)});
  if (value_ != nullptr) reading_->mark_all(*value_);
  return true;
}

Value Property::value() const {
  if (value_ == nullptr) refuse("it is required and not given");
  if (reading_ != nullptr) reading_->mark_all(*value_);
  return *value_;
}

Value Property::texts_value() const {
  List out;
  for (const Property& item : items()) out.push_back(item.text_value());
  return Value(std::move(out), place_);
}

Value Property::text_map_value() const {
  Table out;
  for (const auto& [key, member] : members()) out.emplace_back(key, member.text_value());
  return Value(std::move(out), place_);
}

Value& table_of(Value& tree, std::string_view name, const Place& place) {
  Value* found = tree.find(name);
  return found != nullptr ? *found : tree.set(name, Value(Table{}, place));
}

}  // namespace mini_container::oci
