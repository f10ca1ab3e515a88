// SPDX-License-Identifier: Apache-2.0
// JSON text to and from the launch tree's values. The only file that knows the JSON library.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/value.hpp"

namespace mini_container {

struct JsonLimits {
  std::size_t bytes = 4 << 20;
  std::size_t depth = 128;
};

/// Reads JSON (RFC 8259). Every member knows the place of its key, every element that of its end.
/// Integers beyond 64 bits signed become doubles; null becomes an empty Value. Throws mc::Error,
/// whose text starts with "SOURCE:LINE:COL: ", for malformed text, text that is not UTF-8, an
/// object with a key twice, a NUL in a string, and for a limit that is passed.
Value parse_json(std::string_view text, std::string_view source, const JsonLimits& limits = {});

enum class JsonStyle { compact, pretty };

/// Writes JSON; pretty: two spaces a level and a final newline. Bytes that are not UTF-8 become
/// U+FFFD; numbers that JSON does not have (nan, inf) become null.
std::string write_json(const Value& value, JsonStyle style = JsonStyle::compact);

/// A compact object, written member by member to the end of a text: no tree is made of what is
/// there already.
class JsonObject {
 public:
  explicit JsonObject(std::string& text) : text_(text) {}

  void add(std::string_view key, const Value& value);
  void add_text(std::string_view key, std::string_view text);
  /// The caller writes the value.
  void start(std::string_view key);
  void end();

 private:
  std::string& text_;
  bool empty_ = true;
};

}  // namespace mini_container
