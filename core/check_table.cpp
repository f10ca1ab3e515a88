// SPDX-License-Identifier: Apache-2.0
// A launch's values against the options that are declared for them.
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <string>

#include "core/nearest.hpp"
#include "core/option_text.hpp"
#include "core/options.hpp"
#include "core/quantity.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

const char* wanted(std::uint32_t type) {
  switch (type) {
    case MC_BOOL:
      return "true or false";
    case MC_INT:
      return "an integer";
    case MC_FLOAT:
      return "a number";
    case MC_STRING:
      return "a string";
    case MC_PATH:
      return "a path, as a string";
    case MC_SIZE:
      return "a size in bytes, such as 4096 or \"64M\"";
    case MC_DURATION:
      return "a duration, such as \"250ms\" or \"1.5s\"";
    case MC_CHOICE:
      return "one of the words";
    case MC_LIST:
      return "a list";
    case MC_MAP:
    case MC_TABLE:
      return "a table";
    default:
      return "something else";
  }
}

/// The value as a message shows it: its text where it is short, else its type.
std::string shown(const Value& value) {
  if (const auto* text = value.as<std::string>())
    return text->size() <= 60 ? mc::concat("\"", *text, "\"") : "a longer string";
  if (const auto* number = value.as<std::int64_t>()) return std::to_string(*number);
  if (const auto* flag = value.as<bool>()) return *flag ? "true" : "false";
  const std::string_view type = value.type_name();
  return mc::concat(type.starts_with('i') ? "an " : "a ", type);
}

/// "027", as the shell's umask and chmod take it.
bool is_bare_octal(std::string_view text) {
  return text.size() > 1 && text.front() == '0' &&
         text.find_first_not_of("01234567") == std::string_view::npos;
}

bool among(const char* const* words, std::string_view word) {
  for (; words != nullptr && *words != nullptr; ++words)
    if (word == *words) return true;
  return false;
}

/// The directory of the file that `place` is in, or the working directory; with a final slash.
std::string directory_of(const Place& place) {
  std::string directory;
  if (place.line != 0) {
    const std::string_view source = place.source;
    const std::size_t slash = source.rfind('/');
    if (slash != source.npos) directory = source.substr(0, slash + 1);
  }
  if (directory.starts_with('/')) return directory;
  char here[PATH_MAX];
  if (::getcwd(here, sizeof here) == nullptr)
    mc::fail_with(errno, "getcwd, to resolve the relative path at ", place.text(),
                  mc::Hint{"change to a directory that is there, or give an absolute path"});
  while (directory.starts_with("./")) directory.erase(0, 2);
  const std::string_view base = here;
  return mc::concat(base, base == "/" ? "" : "/", directory);
}

class Check {
 public:
  /// `name` is the table's, and the beginning of every value's in messages: "rootfs.mounts[2]".
  explicit Check(std::string_view name) : name_(name) {}

  void table(Value& value, Options options) {
    const auto* members = value.as<Table>();
    if (members == nullptr) wrong_type(value, MC_TABLE);
    for (const auto& [key, member] : *members)
      if (find_option(options, key) == nullptr) unknown(key, member, options);
    const auto defaults = std::ranges::count_if(
        options, [](const mc_option& option) { return option.default_text != nullptr; });
    Table out;
    out.reserve(members->size() + static_cast<std::size_t>(defaults));
    for (const mc_option& option : options) {
      const Scope scope(*this, option.key);
      if (Value* given = value.find(option.key))
        out.emplace_back(option.key, std::move(*given));
      else if (option.default_text != nullptr)
        out.emplace_back(option.key, default_of(option));
      else if ((option.flags & MC_OPTION_REQUIRED) != 0)
        mc::fail(value.place().text(), ": ", path(), ": it is required and not given");
      else
        continue;
      this->value(option, out.back().second);
    }
    value.content() = std::move(out);
  }

 private:
  /// Says where in the table we are while it lives; put together only for a refusal.
  class Scope {
   public:
    Scope(Check& check, std::string_view key) : check_(check), outer_(check.scope_), key_(key) {
      check_.scope_ = this;
    }
    Scope(Check& check, std::size_t index) : Scope(check, std::string_view()) { index_ = index; }
    ~Scope() { check_.scope_ = outer_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    [[nodiscard]] std::string path() const {
      const std::string before = outer_ != nullptr ? outer_->path() : std::string(check_.name_);
      return key_.data() != nullptr ? mc::concat(before, ".", key_)
                                    : mc::concat(before, "[", index_, "]");
    }

   private:
    Check& check_;
    const Scope* outer_;
    std::string_view key_;  // of a table's member; none: an element
    std::size_t index_ = 0;
  };

  [[nodiscard]] std::string path() const {
    return scope_ != nullptr ? scope_->path() : std::string(name_);
  }

  [[nodiscard]] Value default_of(const mc_option& option) const {
    try {
      return parse_option_text(option, option.default_text, Place{});
    } catch (const mc::Error& error) {
      mc::fail(path(), ": ", error.attempt(), mc::Hint{error.hint()});
    }
  }

  template <class... Parts>
  [[noreturn]] void refuse(const Value& value, const Parts&... parts) const {
    mc::fail(value.place().text(), ": ", path(), ": ", parts...);
  }

  [[noreturn]] void wrong_type(const Value& value, std::uint32_t type) const {
    refuse(value, "expected ", wanted(type), ", not ", shown(value));
  }

  [[noreturn]] void unknown(const std::string& key, const Value& member, Options options) {
    std::vector<std::string> keys;
    for (const mc_option& option : options) keys.emplace_back(option.key);
    const std::string near = nearest(key, keys);
    std::string hint = near.empty() ? "there are: " : mc::concat("did you mean '", near, "'?");
    if (near.empty())
      for (const std::string& each : keys) hint += (&each == &keys[0] ? "" : ", ") + each;
    if (keys.empty()) hint = "it has no options";
    const Scope scope(*this, key.size() <= 60 ? std::string_view(key) : "(a long key)");
    refuse(member, "unknown option", mc::Hint{hint});
  }

  void value(const mc_option& option, Value& given) {
    switch (option.type) {
      case MC_LIST:
        return list(option, given);
      case MC_MAP:
        return map(option, given);
      case MC_TABLE:
        return table(given, fields_of(option));
      default:
        return scalar(option, option.type, given, true);
    }
  }

  void element(const mc_option& option, Value& given) {
    if (option.element == MC_TABLE) return table(given, fields_of(option));
    scalar(option, option.element, given, false);
  }

  void list(const mc_option& option, Value& given) {
    auto* items = given.as<List>();
    if (items == nullptr)
      refuse(given, "expected a list, not ", shown(given), mc::Hint{"write it in brackets: [...]"});
    count(option, given, items->size(), "elements");
    for (std::size_t i = 0; i < items->size(); ++i) {
      const Scope scope(*this, i);
      element(option, (*items)[i]);
    }
  }

  void map(const mc_option& option, Value& given) {
    auto* members = given.as<Table>();
    if (members == nullptr) wrong_type(given, MC_MAP);
    count(option, given, members->size(), "entries");
    for (auto& [key, member] : *members) {
      if (key.find('\0') != key.npos) refuse(member, "a key contains a NUL byte");
      const Scope scope(*this, std::string_view(key));
      element(option, member);
    }
  }

  void scalar(const mc_option& option, std::uint32_t type, Value& given, bool bounded) {
    const auto* text = given.as<std::string>();
    if (text != nullptr && text->find('\0') != text->npos)
      refuse(given, "the text contains a NUL byte");
    switch (type) {
      case MC_BOOL:
        if (given.as<bool>() == nullptr)
          refuse(given, "expected true or false, not ", shown(given),
                 mc::Hint{text != nullptr && (*text == "true" || *text == "false")
                              ? "write it without quotes"
                              : ""});
        return;
      case MC_FLOAT: {
        const auto* integer = given.as<std::int64_t>();
        const auto* number = given.as<double>();
        if (number == nullptr && integer == nullptr) wrong_type(given, type);
        const double content = number != nullptr ? *number : static_cast<double>(*integer);
        // Written so that "nan" is in no range.
        if (bounded && has_minimum(option) && !(content >= static_cast<double>(option.minimum)))
          out_of_range(option, type, given);
        if (bounded && has_maximum(option) && !(content <= static_cast<double>(option.maximum)))
          out_of_range(option, type, given);
        given.content() = content;
        return;
      }
      case MC_STRING:
      case MC_PATH:
        if (text == nullptr)
          refuse(given, "expected ", wanted(type), ", not ", shown(given),
                 mc::Hint{"write it in quotes"});
        if (bounded) count(option, given, text->size(), "bytes");
        if (type == MC_STRING || text->starts_with('/')) return;
        if (text->empty()) refuse(given, "the path is empty");
        given.content() = directory_of(given.place()) + *text;
        return;
      case MC_CHOICE:
        if (text == nullptr || !among(option.choices, *text))
          refuse(given, "expected one of ", join(option.choices), "; not ", shown(given),
                 mc::Hint{near_choice(option, text)});
        return;
      default:
        return number(option, type, given, bounded);
    }
  }

  void number(const mc_option& option, std::uint32_t type, Value& given, bool bounded) {
    const auto* text = given.as<std::string>();
    if (text != nullptr && among(option.choices, *text)) return;
    std::optional<std::int64_t> content;
    if (const auto* integer = given.as<std::int64_t>()) content = *integer;
    if (type == MC_DURATION && content) {
      std::int64_t scaled = 0;
      const bool overflow = __builtin_mul_overflow(*content, std::int64_t{1'000'000}, &scaled);
      if (overflow || scaled < 0) out_of_range(option, type, given);
      content = scaled;
    }
    if (const auto* seconds = given.as<double>(); type == MC_DURATION && seconds != nullptr)
      if (*seconds >= 0 && *seconds < 9e12) content = static_cast<std::int64_t>(*seconds * 1e6);
    if (type == MC_SIZE && content && *content < 0) refuse(given, "a size is not negative");
    if (text != nullptr && type == MC_SIZE) content = parse_size(*text);
    // Only a config.json has them, for a plugin that reads them without sign.
    if (const auto* large = given.as<std::uint64_t>(); type == MC_SIZE && large != nullptr)
      content = static_cast<std::int64_t>(*large);
    if (text != nullptr && type == MC_DURATION) content = parse_duration(*text);
    if (!content && option.choices != nullptr && bounded)
      refuse(given, "expected ", wanted(type), ", or one of ", join(option.choices), "; not ",
             shown(given));
    if (!content && text != nullptr && type == MC_INT && is_bare_octal(*text))
      refuse(
          given, "expected ", wanted(type), ", not ", shown(given),
          mc::Hint{mc::concat("write an octal number as 0o", std::string_view(*text).substr(1))});
    if (!content) wrong_type(given, type);
    if (bounded && ((has_minimum(option) && *content < option.minimum) ||
                    (has_maximum(option) && *content > option.maximum)))
      out_of_range(option, type, given);
    given.content() = *content;
  }

  static std::string near_choice(const mc_option& option, const std::string* text) {
    std::vector<std::string> choices;
    for (const auto* each = option.choices; *each != nullptr; ++each) choices.emplace_back(*each);
    const std::string near = text != nullptr ? nearest(*text, choices) : "";
    return near.empty() ? "" : mc::concat("did you mean '", near, "'?");
  }

  [[noreturn]] void out_of_range(const mc_option& option, std::uint32_t type,
                                 const Value& given) const {
    mc_option scalar = option;
    scalar.type = type;
    const std::string range = range_text(scalar);
    char number[32] = {};
    if (const auto* content = given.as<double>())
      std::snprintf(number, sizeof number, "%g", *content);
    const auto* integer = given.as<std::int64_t>();
    refuse(given, *number != '\0' ? number : shown(given), " is out of range; it may be ",
           !range.empty()                       ? range
           : integer != nullptr && *integer < 0 ? "0 or more"
                                                : "64 bits");
  }

  void count(const mc_option& option, const Value& given, std::size_t size,
             std::string_view unit) const {
    const auto number = static_cast<std::int64_t>(size);
    if ((has_minimum(option) && number < option.minimum) ||
        (has_maximum(option) && number > option.maximum))
      refuse(given, size == 0 ? "it is empty" : mc::concat("it has ", size, " ", unit),
             "; it may have ", range_text(option));
  }

  std::string_view name_;
  const Scope* scope_ = nullptr;
};

}  // namespace

Value check_table(std::string_view name, Value table, Options options) {
  Check(name).table(table, options);
  return table;
}

}  // namespace mini_container
