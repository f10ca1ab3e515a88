// SPDX-License-Identifier: Apache-2.0
// The one way to report a failure in C++: throw Error with what was attempted on what.
#pragma once

#include <cerrno>
#include <charconv>
#include <concepts>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "mini_container/abi.h"

namespace mc {

/// The way out, as the last argument of fail() or check().
struct Hint {
  std::string_view text;
};

namespace detail {

/// A part of a message, not yet put together. One type for all, so that a message costs its caller
/// a few instructions and not a function of its own.
class Piece {
 public:
  Piece(std::string_view text) : text_(text) {}     // NOLINT: implicit, as are the others
  Piece(const char* text) : text_(text) {}          // NOLINT
  Piece(const std::string& text) : text_(text) {}   // NOLINT
  Piece(const char& letter) : text_(&letter, 1) {}  // NOLINT
  Piece(const Hint& hint) : text_(hint.text), kind_(Kind::hint) {}  // NOLINT
  template <std::integral Number>
  requires(!std::same_as<Number, char> && !std::same_as<Number, bool>)
      Piece(Number number)  // NOLINT
      : number_(static_cast<unsigned long long>(number)),
        kind_(std::is_signed_v<Number> ? Kind::signed_number : Kind::unsigned_number) {}

  void append_to(std::string& out) const {
    char digits[24];
    if (kind_ == Kind::text)
      out.append(text_);
    else if (kind_ == Kind::signed_number)
      out.append(
          digits,
          std::to_chars(digits, digits + sizeof digits, static_cast<long long>(number_)).ptr);
    else if (kind_ == Kind::unsigned_number)
      out.append(digits, std::to_chars(digits, digits + sizeof digits, number_).ptr);
  }
  [[nodiscard]] bool is_hint() const { return kind_ == Kind::hint; }
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  enum class Kind { text, signed_number, unsigned_number, hint };

  std::string_view text_;
  unsigned long long number_ = 0;
  Kind kind_ = Kind::text;
};

template <class Part>
void append(std::string& out, const Part& part) {
  Piece(part).append_to(out);
}

__attribute__((noinline)) inline std::string join(const Piece* first, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) first[i].append_to(out);
  return out;
}

}  // namespace detail

/// Joins text, characters and integers: concat("mount on '", path, "'").
template <class... Parts>
std::string concat(const Parts&... parts) {
  const detail::Piece pieces[] = {detail::Piece(parts)...};
  return detail::join(pieces, sizeof...(parts));
}

/// A failed attempt. `what()` is what was attempted on what, without the errno.
class Error : public std::exception {
 public:
  Error(int error_number, std::string attempt, std::string hint = {})
      : error_number_(error_number), attempt_(std::move(attempt)), hint_(std::move(hint)) {}

  [[nodiscard]] int error_number() const noexcept { return error_number_; }
  [[nodiscard]] const std::string& attempt() const noexcept { return attempt_; }
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }
  [[nodiscard]] const char* what() const noexcept override { return attempt_.c_str(); }

 private:
  int error_number_;
  std::string attempt_;
  std::string hint_;
};

namespace detail {

[[noreturn]] __attribute__((cold, noinline)) inline void raise_joined(int error_number,
                                                                      const Piece* first,
                                                                      std::size_t count) {
  std::string hint;
  for (std::size_t i = 0; i < count; ++i)
    if (first[i].is_hint()) hint.assign(first[i].text());
  throw Error(error_number, join(first, count), std::move(hint));
}

template <class... Parts>
[[noreturn]] __attribute__((cold, noinline)) void raise(int error_number, const Parts&... parts) {
  const Piece pieces[] = {Piece(parts)...};
  raise_joined(error_number, pieces, sizeof...(parts));
}

}  // namespace detail

/// Throws an Error without an errno: fail("hostname '", name, "' is longer than 64 bytes").
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  detail::raise(0, parts...);
}

/// Throws an Error with this errno.
template <class... Parts>
[[noreturn]] void fail_with(int error_number, const Parts&... parts) {
  detail::raise(error_number, parts...);
}

/// Gives back a system call's result, or throws with errno where it is negative. The text is
/// put together only then: check(::sethostname(...), "sethostname '", name, "'").
template <std::signed_integral Result, class... Parts>
Result check(Result result, const Parts&... parts) {
  if (result < 0) [[unlikely]]
    detail::raise(errno, parts...);
  return result;
}

namespace detail {

template <std::size_t Size>
void copy_text(char (&target)[Size], std::string_view source) {
  // A cut never leaves half a UTF-8 sequence behind.
  std::size_t length = source.size() < Size ? source.size() : Size - 1;
  if (length < source.size())
    while (length > 0 && (static_cast<unsigned char>(source[length]) & 0xC0U) == 0x80U) --length;
  std::memcpy(target, source.data(), length);
  target[length] = '\0';
}

}  // namespace detail

/// Writes an Error into the ABI's record; gives -1, to be returned by the hook.
inline int store(mc_error* out, int error_number, std::string_view attempt,
                 std::string_view hint = {}) noexcept {
  if (out != nullptr) {
    out->error_number = error_number;
    detail::copy_text(out->text, attempt);
    detail::copy_text(out->hint, hint);
  }
  return -1;
}

/// Runs `body` and turns whatever it throws into the ABI's record: the guard of every boundary.
template <class Body>
int guarded(mc_error* out, Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return 0;
  } catch (const Error& error) {
    return store(out, error.error_number(), error.attempt(), error.hint());
  } catch (const std::exception& error) {
    return store(out, 0, error.what());
  } catch (...) {
    return store(out, 0, "an exception of unknown type");
  }
}

/// An error that says nothing yet. The rest of its texts is left as it is: few calls fail.
inline mc_error no_error() {
  mc_error out;  // NOLINT: that is the point
  out.error_number = 0;
  out.text[0] = '\0';
  out.hint[0] = '\0';
  return out;
}

/// Throws what the ABI's record holds, where a call across the boundary gave -1.
inline void rethrow(int result, const mc_error& error) {
  if (result == 0) return;
  const bool is_silent = error.text[0] == '\0';
  throw Error(error.error_number, is_silent ? "failed and did not say why" : error.text,
              error.hint);
}

}  // namespace mc
