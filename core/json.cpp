// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "mini_container/error.hpp"

namespace mini_container {

namespace {

using Json = nlohmann::json;

/// An iterator over the text that tells, through `at`, how far the parser has read.
class Cursor {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor(const char* here, const char** at) : here_(here), at_(at) {}
  reference operator*() const { return *here_; }
  Cursor& operator++() {
    *at_ = ++here_;
    return *this;
  }
  Cursor operator++(int) {
    const Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return here_ == other.here_; }
  bool operator!=(const Cursor& other) const { return here_ != other.here_; }

 private:
  const char* here_;
  const char** at_;
};

/// Builds the tree from the parser's events, which come in the order of the text.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, const char* source, const JsonLimits& limits, const char** at)
      : source_(source), limits_(limits), at_(at), counted_(text.data()), begin_(text.data()) {}

  Value take() { return std::move(root_); }

  bool null() override { return add({}); }
  bool boolean(bool content) override { return add(content); }
  bool number_integer(std::int64_t content) override { return add(content); }
  bool number_unsigned(std::uint64_t content) override {
    if (content > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return add(content);
    return add(static_cast<std::int64_t>(content));
  }
  bool number_float(double content, const std::string&) override { return add(content); }
  bool string(std::string& content) override {
    refuse_nul(content);
    return add(std::move(content));
  }
  bool binary(Json::binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(Table{}); }
  bool start_array(std::size_t) override { return open(List{}); }
  bool key(std::string& content) override {
    refuse_nul(content);
    key_ = std::move(content);
    key_place_ = key_place();
    return true;
  }
  bool end_object() override {
    refuse_twice(std::get<Table>(open_.back().value.content()));
    return close();
  }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ..."
    std::string_view text = error.what();
    const std::size_t colon = text.find(": ");
    if (colon != text.npos) text.remove_prefix(colon + 2);
    mc::fail(place(*at_ > begin_ ? *at_ - 1 : begin_).text(), ": ", text);
  }

 private:
  struct Open {
    Value value;
    std::string key;  // under which it goes into its own parent
  };

  bool add(Value::Content content) {
    if (open_.empty()) {
      root_ = Value(std::move(content), Place{source_, 1, 1});
    } else if (auto* members = open_.back().value.as<Table>()) {
      if (members->empty()) members->reserve(usual_members);
      members->emplace_back(std::move(key_), Value(std::move(content), key_place_));
    } else {
      open_.back().value.as<List>()->emplace_back(std::move(content), place(*at_ - 1));
    }
    return true;
  }

  bool open(Value::Content content) {
    const bool in_object = !open_.empty() && open_.back().value.as<Table>() != nullptr;
    const Place here = in_object ? key_place_ : place(*at_ - 1);
    if (open_.size() >= limits_.depth)
      mc::fail(here.text(), ": nested deeper than ", limits_.depth, " levels");
    open_.push_back({Value(std::move(content), here), std::move(key_)});
    return true;
  }

  bool close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    key_ = std::move(done.key);
    key_place_ = done.value.place();
    if (!open_.empty() && open_.back().value.as<List>() != nullptr)
      open_.back().value.as<List>()->push_back(std::move(done.value));
    else
      add(std::move(done.value.content()));
    return true;
  }

  /// Line and column of a byte; bytes are asked for in rising order, give or take a token.
  Place place(const char* byte) {
    for (; counted_ < byte; ++counted_)
      if (*counted_ == '\n') {
        ++line_;
        line_start_ = counted_ + 1;
      }
    const auto column = byte >= line_start_ ? byte - line_start_ + 1 : 1;
    return {source_, line_, static_cast<std::uint32_t>(column)};
  }

  /// The opening quote of the key that has just been read: back from its closing one.
  Place key_place() {
    const char* quote = *at_ - 2;
    const auto escaped = [&] {
      const char* before = quote;
      while (before > begin_ && before[-1] == '\\') --before;
      return (quote - before) % 2 != 0;
    };
    while (quote > begin_ && (*quote != '"' || escaped())) --quote;
    return place(quote);
  }

  void refuse_nul(const std::string& content) {
    if (content.find('\0') != content.npos) mc::fail(place(*at_ - 1).text(), ": a NUL in a string");
  }

  static void refuse_twice(const Table& members) {
    if (members.size() <= usual_members) {
      for (auto late = members.begin(); late != members.end(); ++late)
        if (std::any_of(members.begin(), late,
                        [&](const Member& early) { return early.first == late->first; }))
          refuse_key(*late);
      return;
    }
    std::vector<const Member*> sorted;
    sorted.reserve(members.size());
    for (const Member& member : members) sorted.push_back(&member);
    std::ranges::stable_sort(sorted, {},
                             [](const Member* m) -> std::string_view { return m->first; });
    const auto twice = std::ranges::adjacent_find(
        sorted, [](const Member* a, const Member* b) { return a->first == b->first; });
    if (twice != sorted.end()) refuse_key(*twice[1]);
  }

  [[noreturn]] static void refuse_key(const Member& twice) {
    mc::fail(twice.second.place().text(), ": the key '",
             std::string_view(twice.first).substr(0, 60), "' is there twice");
  }

  static constexpr std::size_t usual_members = 8;

  const char* source_;
  const JsonLimits& limits_;
  const char** at_;
  const char* counted_;
  const char* begin_;
  const char* line_start_ = begin_;
  std::uint32_t line_ = 1;
  std::vector<Open> open_;
  std::string key_;
  Place key_place_;
  Value root_;
};

}  // namespace

Value parse_json(std::string_view text, std::string_view source, const JsonLimits& limits) {
  if (text.size() > limits.bytes)
    mc::fail(source, ": ", text.size(), " bytes are more than the ", limits.bytes,
             " that are read");
  const char* at = text.data();
  Builder builder(text, intern(source), limits, &at);
  Json::sax_parse(Cursor(text.data(), &at), Cursor(text.data() + text.size(), &at), &builder);
  return builder.take();
}

}  // namespace mini_container
