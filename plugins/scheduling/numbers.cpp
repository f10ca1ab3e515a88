// SPDX-License-Identifier: Apache-2.0
#include "numbers.hpp"

#include <charconv>

#include "mini_container/error.hpp"

namespace scheduling {

namespace {

constexpr unsigned largest = 8191;  // NR_CPUS of the largest kernels
constexpr unsigned bits = sizeof(unsigned long) * 8;

// Takes a number off the front; false where there is none.
bool take_number(std::string_view& text, unsigned& number) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc() || number > largest) return false;
  text.remove_prefix(static_cast<std::size_t>(end.ptr - text.data()));
  return true;
}

}  // namespace

std::vector<unsigned long> read_numbers(std::string_view text, const std::string& where) {
  std::vector<unsigned long> out((largest + 1) / bits);
  const auto whole = text;
  for (;;) {
    unsigned first = 0;
    bool good = take_number(text, first);
    unsigned last = first;
    if (good && text.starts_with('-')) {
      text.remove_prefix(1);
      good = take_number(text, last) && last >= first;
    }
    if (!good || (!text.empty() && text.front() != ','))
      mc::fail(where, ": '", whole, "' is no list of numbers up to ", largest,
               mc::Hint{"write it as 0-3,7"});
    for (unsigned number = first; number <= last; ++number)
      out[number / bits] |= 1UL << (number % bits);
    if (text.empty()) return out;
    text.remove_prefix(1);
  }
}

}  // namespace scheduling
