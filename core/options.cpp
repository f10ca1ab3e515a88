// SPDX-License-Identifier: Apache-2.0
#include "core/options.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <forward_list>
#include <string>
#include <vector>

#include "core/quantity.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

constexpr int deepest = 8;
constexpr std::uint32_t most_options = 512;
// Up to `help` every version has every field.
constexpr std::uint32_t least_size = offsetof(mc_option, default_text);

bool is_key(const char* key) {
  if (key == nullptr || *key < 'a' || *key > 'z') return false;
  return std::ranges::all_of(std::string_view(key), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool holds_elements(const mc_option& option) {
  return option.type == MC_LIST || option.type == MC_MAP;
}

bool needs_choices(const mc_option& option) {
  return option.type == MC_CHOICE || (holds_elements(option) && option.element == MC_CHOICE);
}

bool has_fields(const mc_option& option) {
  return option.type == MC_TABLE || (holds_elements(option) && option.element == MC_TABLE);
}

bool has_own_layout(const mc_option* first, std::uint32_t count, std::uint32_t stride) {
  return stride == sizeof(mc_option) &&
         std::ranges::all_of(Options(first, count), [](const mc_option& option) {
           return option.size == sizeof(mc_option);
         });
}

/// What both sides know of an array of another layout.
std::vector<mc_option> copy_known(const mc_option* first, std::uint32_t count,
                                  std::uint32_t stride) {
  std::vector<mc_option> out(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const char* const from = reinterpret_cast<const char*>(first) + std::size_t{stride} * i;
    std::uint32_t size = 0;
    std::memcpy(&size, from, sizeof size);
    if (size < least_size || size > stride)
      mc::fail("option ", i, " is malformed: it says it has ", size, " bytes, in a stride of ",
               stride);
    std::memcpy(&out[i], from, std::min<std::size_t>(size, sizeof(mc_option)));
    out[i].size = sizeof(mc_option);
  }
  return out;
}

Options keep(std::vector<mc_option> options) {
  static std::forward_list<std::vector<mc_option>> kept;
  return kept.emplace_front(std::move(options));
}

void check_option(Options options, std::size_t index) {
  const mc_option& option = options[index];
  if (!is_key(option.key)) mc::fail("option ", index, " has no key of [a-z][a-z0-9_]*");
  const std::string_view key = option.key;
  if (option.help == nullptr || *option.help == '\0') mc::fail("option '", key, "' has no help");
  if (option.type < MC_BOOL || option.type > MC_TABLE)
    mc::fail("option '", key, "' has the unknown type ", option.type);
  if (holds_elements(option) && (option.element < MC_BOOL || option.element > MC_TABLE ||
                                 option.element == MC_LIST || option.element == MC_MAP))
    mc::fail("option '", key, "' has elements of the unusable type ", option.element);
  if (needs_choices(option) && (option.choices == nullptr || option.choices[0] == nullptr))
    mc::fail("option '", key, "' is a choice without choices");
  if (find_option(options.first(index), key) != nullptr)
    mc::fail("option '", key, "' is there twice");
  if (has_fields(option) && option.field_count == 0)
    mc::fail("option '", key, "' is a table without fields");
}

Options read_level(const mc_option* first, std::uint32_t count, std::uint32_t stride, int depth) {
  if (count == 0) return {};
  if (first == nullptr || stride < least_size || count > most_options || depth > deepest)
    mc::fail("the options are malformed: an array of ", count, " with a stride of ", stride,
             " bytes at depth ", depth);
  std::vector<mc_option> copy;
  if (!has_own_layout(first, count, stride)) copy = copy_known(first, count, stride);
  Options options = copy.empty() ? Options(first, count) : copy;
  for (std::size_t i = 0; i < options.size(); ++i) {
    check_option(options, i);
    const mc_option& option = options[i];
    if (!has_fields(option)) continue;
    const Options fields =
        read_level(option.fields, option.field_count, option.field_stride, depth + 1);
    if (fields.data() == option.fields) continue;
    if (copy.empty()) copy.assign(options.begin(), options.end());
    options = copy;
    copy[i].fields = fields.data();
    copy[i].field_stride = sizeof(mc_option);
  }
  return copy.empty() ? options : keep(std::move(copy));
}

/// Calls `each` with the parts of `text` between commas; a backslash keeps the character after it.
template <class Each>
void for_each_part(std::string_view text, Each&& each) {
  if (text.empty()) return;
  std::string kept;  // of a part with backslashes, up to `start`
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i + 1 < text.size() && text[i] == '\\') {
      kept += text.substr(start, i - start);
      start = ++i;
    } else if (i == text.size() || text[i] == ',') {
      const std::string_view last = text.substr(start, i - start);
      each(kept.empty() ? last : std::string_view(kept += last));
      kept.clear();
      start = i + 1;
    }
  }
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
  for_each_part(text, [&](std::string_view part) {
    const std::size_t equals = part.find('=');
    if (equals == part.npos)
      mc::fail(place.text(), ": '", part, "' has no '='", mc::Hint{"write it as KEY=VALUE"});
    const std::string_view key = part.substr(0, equals);
    if (out.find(key) != nullptr) mc::fail(place.text(), ": '", key, "' is given twice");
    out.set(key, value_of(key, part.substr(equals + 1)));
  });
  return out;
}

Value parse_fields(Options fields, std::string_view text, Place place) {
  return parse_members(text, place, [&](std::string_view key, std::string_view value) {
    const mc_option* field = find_option(fields, key);
    // An unknown key is refused by the check, which knows its neighbours.
    if (field == nullptr) return Value(std::string(value), place);
    return parse_option_text(*field, value, place);
  });
}

}  // namespace

Options fields_of(const mc_option& option) {
  return has_fields(option) ? Options(option.fields, option.field_count) : Options();
}

const mc_option* find_option(Options options, std::string_view key) {
  if (key.empty()) return nullptr;
  for (const mc_option& option : options)
    if (*option.key == key.front() && key == option.key) return &option;
  return nullptr;
}

Options read_options(const mc_option* first, std::uint32_t count, std::uint32_t stride) {
  return read_level(first, count, stride, 1);
}

Value parse_option_text(const mc_option& option, std::string_view text, Place place) {
  switch (option.type) {
    case MC_LIST: {
      List out;
      if (option.element == MC_TABLE) {
        // The commas are the table's: one text is one element.
        if (!text.empty()) out.push_back(parse_fields(fields_of(option), text, place));
      } else {
        out.reserve(1 + static_cast<std::size_t>(std::ranges::count(text, ',')));
        for_each_part(text, [&](std::string_view part) {
          out.push_back(parse_scalar(option.element, part, place));
        });
      }
      return Value(std::move(out), place);
    }
    case MC_MAP:
      if (option.element == MC_TABLE && !text.empty())
        mc::fail(place.text(), ": a map of tables does not fit into one text",
                 mc::Hint{"write it in a launch file"});
      return parse_members(text, place, [&](std::string_view, std::string_view value) {
        return parse_scalar(option.element, value, place);
      });
    case MC_TABLE:
      return parse_fields(fields_of(option), text, place);
    default:
      return parse_scalar(option.type, text, place);
  }
}

}  // namespace mini_container
