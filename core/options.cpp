// SPDX-License-Identifier: Apache-2.0
#include "core/options.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/quantity.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

constexpr int deepest = 8;
constexpr std::uint32_t most_options = 512;

bool is_key(const char* key) {
  if (key == nullptr || *key < 'a' || *key > 'z') return false;
  return std::ranges::all_of(std::string_view(key), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool needs_choices(const mc_option& option) {
  return option.type == MC_CHOICE ||
         ((option.type == MC_LIST || option.type == MC_MAP) && option.element == MC_CHOICE);
}

std::vector<OptionSpec> read_level(const mc_option* first, std::uint32_t count,
                                   std::uint32_t stride, int depth) {
  // Up to `help` every version has every field.
  constexpr std::uint32_t least = offsetof(mc_option, default_text);
  if (count == 0) return {};
  if (first == nullptr || stride < least || count > most_options || depth > deepest)
    mc::fail("the options are malformed: an array of ", count, " with a stride of ", stride,
             " bytes at depth ", depth);
  std::vector<OptionSpec> out(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const char* const from = reinterpret_cast<const char*>(first) + std::size_t{stride} * i;
    mc_option& option = out[i].data;
    std::uint32_t size = 0;
    std::memcpy(&size, from, sizeof size);
    if (size < least || size > stride)
      mc::fail("option ", i, " is malformed: it says it has ", size, " bytes, in a stride of ",
               stride);
    std::memcpy(&option, from, std::min<std::size_t>(size, sizeof option));
    option.size = sizeof option;
    if (!is_key(option.key)) mc::fail("option ", i, " has no key of [a-z][a-z0-9_]*");
    const std::string_view key = option.key;
    if (option.help == nullptr || *option.help == '\0') mc::fail("option '", key, "' has no help");
    if (option.type < MC_BOOL || option.type > MC_TABLE)
      mc::fail("option '", key, "' has the unknown type ", option.type);
    const bool holds_elements = option.type == MC_LIST || option.type == MC_MAP;
    if (holds_elements && (option.element < MC_BOOL || option.element > MC_TABLE ||
                           option.element == MC_LIST || option.element == MC_MAP))
      mc::fail("option '", key, "' has elements of the unusable type ", option.element);
    if (needs_choices(option) && (option.choices == nullptr || option.choices[0] == nullptr))
      mc::fail("option '", key, "' is a choice without choices");
    for (std::uint32_t other = 0; other < i; ++other)
      if (*out[other].data.key == *option.key && std::strcmp(out[other].data.key, option.key) == 0)
        mc::fail("option '", key, "' is there twice");
    if (option.type == MC_TABLE || (holds_elements && option.element == MC_TABLE)) {
      if (option.field_count == 0) mc::fail("option '", key, "' is a table without fields");
      out[i].fields = read_level(option.fields, option.field_count, option.field_stride, depth + 1);
    }
  }
  return out;
}

/// The parts of `text` between commas; a backslash keeps the character after it.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  if (text.find('\\') == text.npos) {
    parts.reserve(1 + static_cast<std::size_t>(std::ranges::count(text, ',')));
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(text.find(',', at), text.size());
      parts.emplace_back(text.substr(at, end - at));
      at = end + 1;
    }
    return parts;
  }
  parts.emplace_back();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size())
      parts.back() += text[++i];
    else if (text[i] == ',')
      parts.emplace_back();
    else
      parts.back() += text[i];
  }
  return parts;
}

Value parse_scalar(std::uint32_t type, std::string_view text, Place place) {
  if (type == MC_BOOL && (text == "true" || text == "false")) return Value(text == "true", place);
  if (type == MC_INT)
    if (const auto number = parse_integer(text)) return Value(*number, place);
  if (type == MC_FLOAT) {
    double number = 0;
    const auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed == std::errc{} && stop == text.data() + text.size()) return Value(number, place);
  }
  return Value(std::string(text), place);
}

/// "K=V,L=W" as a table whose values are read as `value_of(key, text)` says.
template <class ValueOf>
Value parse_members(std::string_view text, Place place, ValueOf&& value_of) {
  Value out(Table{}, place);
  for (const std::string& part : split(text)) {
    const std::size_t equals = part.find('=');
    if (equals == part.npos)
      mc::fail(place.text(), ": '", part, "' has no '='", mc::Hint{"write it as KEY=VALUE"});
    const std::string key = part.substr(0, equals);
    if (out.find(key) != nullptr) mc::fail(place.text(), ": '", key, "' is given twice");
    out.set(key, value_of(key, std::string_view(part).substr(equals + 1)));
  }
  return out;
}

Value parse_fields(const std::vector<OptionSpec>& fields, std::string_view text, Place place) {
  return parse_members(text, place, [&](const std::string& key, std::string_view value) {
    const auto field = std::ranges::find(fields, std::string_view(key), &OptionSpec::key);
    // An unknown key is refused by the check, which knows its neighbours.
    if (field == fields.end()) return Value(std::string(value), place);
    return parse_option_text(*field, value, place);
  });
}

}  // namespace

std::vector<OptionSpec> read_options(const mc_option* first, std::uint32_t count,
                                     std::uint32_t stride) {
  return read_level(first, count, stride, 1);
}

Value parse_option_text(const OptionSpec& option, std::string_view text, Place place) {
  switch (option.data.type) {
    case MC_LIST: {
      List out;
      if (option.data.element == MC_TABLE) {
        // The commas are the table's: one text is one element.
        if (!text.empty()) out.push_back(parse_fields(option.fields, text, place));
      } else {
        for (const std::string& part : split(text))
          out.push_back(parse_scalar(option.data.element, part, place));
      }
      return Value(std::move(out), place);
    }
    case MC_MAP:
      if (option.data.element == MC_TABLE && !text.empty())
        mc::fail(place.text(), ": a map of tables does not fit into one text",
                 mc::Hint{"write it in a launch file"});
      return parse_members(text, place, [&](const std::string&, std::string_view value) {
        return parse_scalar(option.data.element, value, place);
      });
    case MC_TABLE:
      return parse_fields(option.fields, text, place);
    default:
      return parse_scalar(option.data.type, text, place);
  }
}

}  // namespace mini_container
