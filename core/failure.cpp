// SPDX-License-Identifier: Apache-2.0
#include "core/failure.hpp"

#include <cstring>

namespace mini_container {

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
  // One line, whatever a path or an argument holds.
  for (char& c : out)
    if (c == '\n' || c == '\r' || c == '\033') c = '?';
  return out;
}

Failure::Failure(std::string where, const mc::Error& error, int exit_code)
    : line_(std::move(where)), exit_code_(exit_code) {
  if (!line_.empty()) line_ += ": ";
  line_ += describe(error);
}

}  // namespace mini_container
