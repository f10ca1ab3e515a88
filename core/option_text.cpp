// SPDX-License-Identifier: Apache-2.0
#include "core/option_text.hpp"

#include <limits>

#include "mini_container/error.hpp"

namespace mini_container {

namespace {

const char* one(std::uint32_t type) {
  static constexpr const char* names[] = {"",       "boolean", "integer", "number",
                                          "string", "path",    "size",    "duration",
                                          "word",   "list",    "map",     "table"};
  return type < std::size(names) ? names[type] : "";
}

const char* many(std::uint32_t type) {
  static constexpr const char* names[] = {"",        "booleans", "integers", "numbers",
                                          "strings", "paths",    "sizes",    "durations",
                                          "words",   "lists",    "maps",     "tables"};
  return type < std::size(names) ? names[type] : "";
}

std::string scaled(std::int64_t number, std::int64_t unit, const char* name) {
  return mc::concat(number / unit, name);
}

}  // namespace

bool has_minimum(const mc_option& option) { return option.minimum != 0 || option.maximum != 0; }
bool has_maximum(const mc_option& option) {
  return has_minimum(option) && option.maximum >= option.minimum;
}

std::string bound_text(const mc_option& option, std::int64_t bound) {
  if (option.type == MC_DURATION) {
    if (bound != 0 && bound % 3'600'000'000 == 0) return scaled(bound, 3'600'000'000, "h");
    if (bound % 1'000'000 == 0) return scaled(bound, 1'000'000, "s");
    return bound % 1'000 == 0 ? scaled(bound, 1'000, "ms") : scaled(bound, 1, "us");
  }
  if (option.type == MC_SIZE && bound > 0) {
    static constexpr const char* units[] = {"", "K", "M", "G", "T", "P"};
    std::size_t power = 0;
    for (; power + 1 < std::size(units) && bound % 1024 == 0; bound /= 1024) ++power;
    return mc::concat(bound, units[power]);
  }
  // Octal default, octal bounds: it is a mode.
  const bool octal = option.type == MC_INT && option.default_text != nullptr &&
                     std::string_view(option.default_text).starts_with("0o");
  if (!octal || bound < 8) return std::to_string(bound);
  std::string digits;
  for (std::uint64_t rest = static_cast<std::uint64_t>(bound); rest != 0 || digits.empty();
       rest >>= 3)
    digits.insert(digits.begin(), static_cast<char>('0' + (rest & 7)));
  return "0o" + digits;
}

std::string range_text(const mc_option& option) {
  if (!has_minimum(option)) return {};
  const char* unit = "";
  if (option.type == MC_STRING || option.type == MC_PATH) unit = " bytes";
  if (option.type == MC_LIST) unit = " elements";
  if (option.type == MC_MAP) unit = " entries";
  if (!has_maximum(option) || option.maximum == std::numeric_limits<std::int64_t>::max())
    return option.minimum == 0 ? "" : bound_text(option, option.minimum) + " or more" + unit;
  if (option.minimum == 0 && *unit != '\0') return mc::concat("at most ", option.maximum, unit);
  if (option.minimum == option.maximum) return bound_text(option, option.minimum) + unit;
  return mc::concat(bound_text(option, option.minimum), " to ", bound_text(option, option.maximum),
                    unit);
}

std::string join(const char* const* words, const char* between) {
  std::string out;
  for (; words != nullptr && *words != nullptr; ++words) {
    if (!out.empty()) out += between;
    out += *words;
  }
  return out;
}

std::string type_text(const mc_option& option) {
  if (option.type == MC_CHOICE) return "one of " + join(option.choices);
  std::string out = one(option.type);
  if (option.type == MC_LIST || option.type == MC_MAP)
    out += std::string(" of ") + many(option.element);
  if (option.choices != nullptr)
    out += (option.element == MC_CHOICE ? " out of " : ", or one of ") + join(option.choices);
  return out;
}

std::string value_name(const mc_option& option) {
  if (option.value_name != nullptr) return option.value_name;
  const auto scalar = [&](std::uint32_t type) -> std::string {
    switch (type) {
      case MC_BOOL:
        return "true|false";
      case MC_INT:
        return "N";
      case MC_FLOAT:
        return "NUMBER";
      case MC_PATH:
        return "PATH";
      case MC_SIZE:
        return "SIZE";
      case MC_DURATION:
        return "TIME";
      case MC_TABLE:
        return "KEY=VALUE,...";
      case MC_CHOICE: {
        std::string words = join(option.choices, "|");
        return words.size() <= 32 ? words : "WORD";
      }
      default:
        return "TEXT";
    }
  };
  if (option.type == MC_MAP) return "KEY=" + scalar(option.element);
  if (option.type != MC_LIST) return scalar(option.type);
  return option.element == MC_TABLE ? scalar(MC_TABLE) : scalar(option.element) + ",...";
}

}  // namespace mini_container
