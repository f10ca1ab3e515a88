// SPDX-License-Identifier: Apache-2.0
#include "core/failure.hpp"

#include <cstring>

namespace mini_container {

std::string one_line(std::string text) {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (byte(i) < ' ' || byte(i) == 0x7f) text[i] = '?';
    // U+0080 to U+009F in UTF-8: control characters to a terminal as well.
    if (byte(i) == 0xc2 && i + 1 < text.size() && byte(i + 1) < 0xa0) text[i] = text[i + 1] = '?';
  }
  return text;
}

std::string describe(const mc::Error& error) {
  std::string out = error.attempt();
  if (const int number = error.error_number(); number != 0) {
    const char* name = ::strerrorname_np(number);
    const char* text = ::strerrordesc_np(number);
    out += ": ";
    out += text != nullptr ? text : "Unknown error";
    out += " (";
    out += name != nullptr ? name : std::to_string(number).c_str();
    out += ')';
  }
  if (!error.hint().empty()) {
    out += "; ";
    out += error.hint();
  }
  return one_line(std::move(out));
}

Failure::Failure(std::string where, const mc::Error& error, int exit_code)
    : line_(std::move(where)), exit_code_(exit_code) {
  if (!line_.empty()) line_ += ": ";
  line_ += describe(error);
}

}  // namespace mini_container
