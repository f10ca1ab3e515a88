// SPDX-License-Identifier: Apache-2.0
// The JSON that engines and this runtime write, without what a library spends on each byte: every
// verb reads some.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace mini_container {

/// Reads a text without escapes, bytes beyond ASCII, fractions and numbers beyond 64 bits. Of what
/// it does not know it says so, of what is wrong as well: then the library is to read it, and to
/// say what is wrong.
template <class Events>
class PlainJson {
 public:
  /// The events are those of nlohmann::json_sax, and have the same order. `at` is kept where the
  /// library would have it: behind the last byte that was looked at.
  PlainJson(std::string_view text, const char** at, Events& events)
      : here_(text.data()), end_(text.data() + text.size()), at_(at), events_(events) {}

  bool read() {
    if (!value()) return false;
    skip_blanks();
    return here_ == end_;
  }

 private:
  void skip_blanks() {
    while (here_ != end_ && (*here_ == ' ' || *here_ == '\n' || *here_ == '\t' || *here_ == '\r'))
      ++here_;
  }

  bool take(std::string_view word) {
    if (!std::string_view(here_, end_).starts_with(word)) return false;
    *at_ = here_ += word.size();
    return true;
  }

  // Bounded in depth by the events, of which start_object and start_array throw.
  bool value() {
    skip_blanks();
    if (here_ == end_) return false;
    switch (*here_) {
      case '{':
        return object();
      case '[':
        return array();
      case '"':
        return text() && events_.string(text_);
      case 't':
        return take("true") && events_.boolean(true);
      case 'f':
        return take("false") && events_.boolean(false);
      case 'n':
        return take("null") && events_.null();
      default:
        return number();
    }
  }

  bool object() {
    take("{");
    events_.start_object(0);
    skip_blanks();
    if (take("}")) return events_.end_object();
    for (;;) {
      skip_blanks();
      if (!text() || !events_.key(text_)) return false;
      skip_blanks();
      if (!take(":") || !value()) return false;
      skip_blanks();
      if (take("}")) return events_.end_object();
      if (!take(",")) return false;
    }
  }

  bool array() {
    take("[");
    events_.start_array(0);
    skip_blanks();
    if (take("]")) return events_.end_array();
    for (;;) {
      if (!value()) return false;
      skip_blanks();
      if (take("]")) return events_.end_array();
      if (!take(",")) return false;
    }
  }

  static bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= ' ' && byte < 0x80 && c != '"' && c != '\\';
  }

  bool text() {
    if (here_ == end_ || *here_ != '"') return false;
    const char* const begin = ++here_;
    while (here_ != end_ && is_plain(*here_)) ++here_;
    if (here_ == end_ || *here_ != '"') return false;
    text_.assign(begin, here_);
    *at_ = ++here_;
    return true;
  }

  bool number() {
    const char* const begin = here_;
    const bool negative = *here_ == '-';
    const char* const digits = begin + (negative ? 1 : 0);
    const char* stop = digits;
    while (stop != end_ && *stop >= '0' && *stop <= '9') ++stop;
    if (stop == digits || (*digits == '0' && stop != digits + 1)) return false;
    if (stop != end_ && (*stop == '.' || *stop == 'e' || *stop == 'E')) return false;
    here_ = stop;
    *at_ = stop == end_ ? stop : stop + 1;
    return negative ? integer<std::int64_t>(begin, &Events::number_integer)
                    : integer<std::uint64_t>(begin, &Events::number_unsigned);
  }

  template <class Number>
  bool integer(const char* begin, bool (Events::*event)(Number)) {
    Number value = 0;
    if (std::from_chars(begin, here_, value).ec != std::errc()) return false;
    return (events_.*event)(value);
  }

  const char* here_;
  const char* end_;
  const char** at_;
  Events& events_;
  std::string text_;
};

}  // namespace mini_container
