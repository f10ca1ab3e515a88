// SPDX-License-Identifier: Apache-2.0
#include "state_text.hpp"

#include "mini_container/error.hpp"

namespace hooks {

namespace {

void append_quoted(std::string& out, const std::string& text) {
  constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      out += '\\';
      out += letter;
    } else if (code < 0x20) {
      out += "\\u00";
      out += digits[code >> 4];
      out += digits[code & 15];
    } else {
      out += letter;
    }
  }
  out += '"';
}

}  // namespace

std::string state_text(const State& state) {
  std::string out = R"({"ociVersion":"1.3.0","id":)";
  append_quoted(out, state.id);
  out += mc::concat(R"(,"status":")", state.status, '"');
  if (state.pid > 0) out += mc::concat(R"(,"pid":)", state.pid);
  out += R"(,"bundle":)";
  append_quoted(out, state.bundle);
  if (!state.annotations.empty()) {
    out += R"(,"annotations":{)";
    bool first = true;
    for (const auto& [name, value] : state.annotations) {
      if (!first) out += ',';
      first = false;
      append_quoted(out, name);
      out += ':';
      append_quoted(out, value);
    }
    out += '}';
  }
  return out + "}";
}

}  // namespace hooks
