// SPDX-License-Identifier: Apache-2.0
// By hand: the library's formatter sorts the keys and chooses the lines itself.
#include "core/toml_writer.hpp"

#include <algorithm>
#include <charconv>

#include "mini_container/error.hpp"

namespace mini_container {

namespace {

constexpr std::size_t width = 100;

bool is_bare(std::string_view key) {
  return !key.empty() && key.find_first_not_of(
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789_-") == key.npos;
}

std::string quoted(std::string_view text) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7F)
      ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 15];
    else
      out += c;
  }
  return out + '"';
}

std::string key_text(std::string_view key) { return is_bare(key) ? std::string(key) : quoted(key); }

template <class Number>
std::string number_text(Number number) {
  char digits[32];
  std::string out(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  // A float of a whole number would be read as an integer.
  if (std::is_floating_point_v<Number> && out.find_first_of(".en") == out.npos) out += ".0";
  return out;
}

std::string inline_text(const Value& value);

template <class Items, class Text>
std::string joined(const Items& items, const Text& text) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + text(item);
  return out;
}

std::string inline_text(const Value& value) {
  if (const auto* flag = value.as<bool>()) return *flag ? "true" : "false";
  if (const auto* integer = value.as<std::int64_t>()) return number_text(*integer);
  if (const auto* real = value.as<double>()) return number_text(*real);
  if (const auto* text = value.as<std::string>()) return quoted(*text);
  if (const auto* items = value.as<List>()) return "[" + joined(*items, inline_text) + "]";
  if (const auto* members = value.as<Table>()) {
    if (members->empty()) return "{}";
    return "{ " +
           joined(*members,
                  [](const Member& member) {
                    return key_text(member.first) + " = " + inline_text(member.second);
                  }) +
           " }";
  }
  mc::fail(value.place().text(), ": an empty value has no text in TOML");
}

bool holds_tables(const Value& value) {
  const auto* items = value.as<List>();
  return items != nullptr && !items->empty() &&
         std::ranges::all_of(*items, [](const Value& item) { return item.as<Table>() != nullptr; });
}

/// Long lists get a line for as many elements as fit.
std::string list_text(const List& items) {
  std::string out = "[\n ", line;
  for (const Value& item : items) {
    const std::string text = " " + inline_text(item) + ",";
    if (!line.empty() && line.size() + text.size() > width - 1) {
      out += line + "\n ";
      line.clear();
    }
    line += text;
  }
  return out + line + "\n]";
}

class Writer {
 public:
  // What fits into lines comes first: a line below a [header] would belong to that.
  void table(const Table& members, const std::string& path) {
    for (const auto& [key, value] : members)
      if (!is_section(key, value)) line(key, value);
    for (const auto& [key, value] : members) {
      if (!is_section(key, value)) continue;
      const std::string below = path.empty() ? key_text(key) : path + "." + key_text(key);
      if (const auto* items = value.as<List>()) {
        for (const Value& item : *items) section("[[" + below + "]]", *item.as<Table>(), below);
      } else {
        section("[" + below + "]", *value.as<Table>(), below);
      }
    }
  }

  std::string take() { return std::move(out_); }

 private:
  bool is_section(const std::string& key, const Value& value) const {
    if (value.as<Table>() != nullptr && depth_ == 0) return true;
    if (value.as<Table>() == nullptr && !holds_tables(value)) return false;
    return key_text(key).size() + 3 + inline_text(value).size() > width;
  }

  void section(const std::string& header, const Table& members, const std::string& path) {
    if (!out_.empty()) out_ += '\n';
    out_ += header + '\n';
    ++depth_;
    table(members, path);
    --depth_;
  }

  void line(const std::string& key, const Value& value) {
    std::string text = key_text(key) + " = " + inline_text(value);
    const auto* items = value.as<List>();
    if (items != nullptr && text.size() > width) text = key_text(key) + " = " + list_text(*items);
    out_ += text + '\n';
  }

  std::string out_;
  int depth_ = 0;
};

}  // namespace

std::string write_toml(const Value& tree) {
  Writer writer;
  writer.table(*tree.as<Table>(), "");
  return writer.take();
}

}  // namespace mini_container
