// SPDX-License-Identifier: Apache-2.0
#include "core/quantity.hpp"

#include <charconv>
#include <limits>
#include <string>

namespace mini_container {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes a decimal number off the front of `text` and gives its value times `unit`, where `unit`
/// is found from what follows by `unit_of`. Integers stay exact; fractions are cut to nanounits.
template <class UnitOf>
std::optional<std::int64_t> take_scaled(std::string_view& text, UnitOf&& unit_of) {
  std::size_t end = 0;
  std::uint64_t whole = 0;
  for (; end < text.size() && is_digit(text[end]); ++end) {
    if (__builtin_mul_overflow(whole, 10U, &whole)) return std::nullopt;
    if (__builtin_add_overflow(whole, static_cast<std::uint64_t>(text[end] - '0'), &whole))
      return std::nullopt;
  }
  if (end == 0) return std::nullopt;
  std::uint64_t fraction = 0;  // in billionths
  if (end < text.size() && text[end] == '.') {
    const std::size_t point = end++;
    std::uint64_t weight = 100'000'000;
    for (; end < text.size() && is_digit(text[end]); ++end, weight /= 10)
      fraction += weight * static_cast<std::uint64_t>(text[end] - '0');
    if (end == point + 1) return std::nullopt;
  }
  text.remove_prefix(end);
  const std::optional<std::uint64_t> unit = unit_of(text);
  if (!unit) return std::nullopt;
  std::uint64_t value = 0;
  if (__builtin_mul_overflow(whole, *unit, &value)) return std::nullopt;
  // Billions apart from the rest, so that nothing overflows.
  constexpr std::uint64_t billion = 1'000'000'000;
  const auto part = *unit / billion * fraction + *unit % billion * fraction / billion;
  if (__builtin_add_overflow(value, part, &value)) return std::nullopt;
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return std::nullopt;
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int radix = 10;
  if (text.starts_with("0o")) radix = 8;
  if (text.starts_with("0x")) radix = 16;
  if (text.starts_with("0b")) radix = 2;
  if (radix != 10) text.remove_prefix(2);
  if (text.starts_with('-')) return std::nullopt;  // from_chars would take it
  if (radix == 10 && text.size() > 1 && text[0] == '0') return std::nullopt;
  std::string digits = negative ? "-" : "";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      digits += text[i];
    } else if (i == 0 || i + 1 == text.size() || text[i - 1] == '_') {
      return std::nullopt;
    }
  }
  std::int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, failed] = std::from_chars(digits.data(), end, value, radix);
  if (failed != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  if (text.find_first_of("._") == text.npos)
    if (const auto plain = parse_integer(text)) return plain;
  const auto value = take_scaled(text, [](std::string_view& rest) -> std::optional<std::uint64_t> {
    if (rest.empty()) return 1;
    static constexpr std::string_view letters = "KMGTPE";
    const char first = rest[0] >= 'a' && rest[0] <= 'z' ? static_cast<char>(rest[0] - 32) : rest[0];
    const std::size_t power = letters.find(first);
    if (power != letters.npos) rest.remove_prefix(1);
    if (power != letters.npos && (rest == "iB" || rest == "i")) rest = {};
    if (rest == "B" || rest == "b") rest = {};
    return power == letters.npos ? 1 : std::uint64_t{1024} << (10 * power);
  });
  return text.empty() ? value : std::nullopt;
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t microseconds;
  };
  // Longer names first: "m" is the beginning of "ms".
  static constexpr Unit units[] = {
      {"us", 1},         {"ms", 1'000},        {"min", 60'000'000},  {"s", 1'000'000},
      {"m", 60'000'000}, {"h", 3'600'000'000}, {"d", 86'400'000'000}};
  std::int64_t total = 0;
  std::string_view rest = text;
  do {
    const bool first = rest.size() == text.size();
    const auto part =
        take_scaled(rest, [&](std::string_view& after) -> std::optional<std::uint64_t> {
          if (after.empty() && first) return 1'000'000;
          for (const Unit& unit : units)
            if (after.starts_with(unit.name)) {
              after.remove_prefix(unit.name.size());
              return unit.microseconds;
            }
          return std::nullopt;
        });
    if (!part || __builtin_add_overflow(total, *part, &total)) return std::nullopt;
  } while (!rest.empty());
  return total;
}

}  // namespace mini_container
