// SPDX-License-Identifier: Apache-2.0
// Written by hand and not by the library: the state record is on the way of every launch.
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "core/json.hpp"

namespace mini_container {

namespace {

/// The length of the UTF-8 sequence at the front of `text`; 0: there is none.
std::size_t sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  // Overlong forms, surrogates, and what is beyond U+10FFFF.
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
      (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F))
    return 0;
  return length;
}

bool is_plain(char c) {
  return static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\' && c != 0x7F;
}

class Writer {
 public:
  Writer(std::string& out, JsonStyle style) : out_(out), pretty_(style == JsonStyle::pretty) {}

  void value(const Value& value) {
    if (const auto* flag = value.as<bool>())
      out_ += *flag ? "true" : "false";
    else if (const auto* integer = value.as<std::int64_t>())
      number(*integer);
    else if (const auto* large = value.as<std::uint64_t>())
      number(*large);
    else if (const auto* real = value.as<double>())
      real_number(*real);
    else if (const auto* text = value.as<std::string>())
      string(*text);
    else if (const auto* items = value.as<List>())
      sequence_of('[', ']', *items, [&](const Value& item) { this->value(item); });
    else if (const auto* members = value.as<Table>())
      sequence_of('{', '}', *members, [&](const Member& member) {
        string(member.first);
        out_ += pretty_ ? ": " : ":";
        this->value(member.second);
      });
    else
      out_ += "null";
  }

  void string(std::string_view text) {
    static constexpr char hex[] = "0123456789abcdef";
    out_ += '"';
    for (;;) {
      std::size_t plain = 0;
      while (plain < text.size() && is_plain(text[plain])) ++plain;
      out_.append(text.data(), plain);
      text.remove_prefix(plain);
      if (text.empty()) break;
      const char c = text[0];
      const std::size_t length = sequence(text);
      if (length == 0) {
        out_ += "\xEF\xBF\xBD";
      } else if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (c == '\n') {
        out_ += "\\n";
      } else if (c == '\t') {
        out_ += "\\t";
      } else if (length == 1 && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)) {
        out_ += "\\u00";
        out_ += hex[c >> 4];
        out_ += hex[c & 15];
      } else {
        out_.append(text.substr(0, length));
      }
      text.remove_prefix(length == 0 ? 1 : length);
    }
    out_ += '"';
  }

 private:
  template <class Number>
  void number(Number content) {
    char digits[32];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, content).ptr);
  }

  void real_number(double content) {
    if (std::isfinite(content))
      number(content);
    else
      out_ += "null";
  }

  template <class Items, class Write>
  void sequence_of(char open, char close, const Items& items, Write&& write) {
    out_ += open;
    depth_ += 2;
    for (const auto& item : items) {
      if (&item != &items.front()) out_ += ',';
      line();
      write(item);
    }
    depth_ -= 2;
    if (!items.empty()) line();
    out_ += close;
  }

  void line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(depth_, ' ');
  }

  std::string& out_;
  bool pretty_;
  std::size_t depth_ = 0;
};

}  // namespace

void JsonObject::start(std::string_view key) {
  text_ += std::exchange(empty_, false) ? '{' : ',';
  Writer(text_, JsonStyle::compact).string(key);
  text_ += ':';
}

void JsonObject::add(std::string_view key, const Value& value) {
  start(key);
  Writer(text_, JsonStyle::compact).value(value);
}

void JsonObject::add_text(std::string_view key, std::string_view text) {
  start(key);
  Writer(text_, JsonStyle::compact).string(text);
}

void JsonObject::end() { text_ += empty_ ? "{}" : "}"; }

std::string write_json(const Value& value, JsonStyle style) {
  std::string out;
  Writer(out, style).value(value);
  if (style == JsonStyle::pretty) out += '\n';
  return out;
}

}  // namespace mini_container
