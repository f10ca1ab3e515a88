// SPDX-License-Identifier: Apache-2.0
#include "core/toml_reader.hpp"

#define TOML_ENABLE_FORMATTERS 0
// Its parser's own, of which one is wrong: "[../x]" is an error that it reports all the same.
#define TOML_ASSERT(condition) static_cast<void>(0)
#include <sys/stat.h>
#include <toml++/toml.h>

#include <algorithm>

#include "core/toml_limits.hpp"
#include "mini_container/error.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

namespace {

constexpr std::size_t largest = 1 << 20;
constexpr std::size_t longest_chain = 16;

Place place_of(const toml::source_region& region, const char* source) {
  return {source, region.begin.line, region.begin.column};
}

/// The parser keeps a table's members sorted by name; we want the order of the file.
void sort_as_written(Table& members) {
  std::ranges::sort(members, [](const Member& a, const Member& b) {
    const Place& left = a.second.place();
    const Place& right = b.second.place();
    return left.line != right.line ? left.line < right.line : left.column < right.column;
  });
}

Value convert(const toml::node& node, Place place) {
  switch (node.type()) {
    case toml::node_type::table: {
      Table members;
      members.reserve(node.as_table()->size());
      for (const auto& [key, member] : *node.as_table())
        members.emplace_back(std::string(key.str()),
                             convert(member, place_of(key.source(), place.source)));
      sort_as_written(members);
      return Value(std::move(members), place);
    }
    case toml::node_type::array: {
      List items;
      items.reserve(node.as_array()->size());
      for (const toml::node& item : *node.as_array())
        items.push_back(convert(item, place_of(item.source(), place.source)));
      return Value(std::move(items), place);
    }
    case toml::node_type::string:
      return Value(node.as_string()->get(), place);
    case toml::node_type::integer:
      return Value(node.as_integer()->get(), place);
    case toml::node_type::floating_point:
      return Value(node.as_floating_point()->get(), place);
    case toml::node_type::boolean:
      return Value(node.as_boolean()->get(), place);
    default:
      mc::fail(place.text(), ": dates and times have no meaning in a launch",
               mc::Hint{"write text in quotes"});
  }
}

[[noreturn]] void refuse(const toml::parse_error& error, const char* source) {
  std::string_view text = error.description();
  const std::size_t colon = text.find(": ");
  if (text.starts_with("Error while parsing") && colon != text.npos) text.remove_prefix(colon + 2);
  const bool twice = text.starts_with("cannot redefine");
  mc::fail(place_of(error.source(), source).text(), ": ", text,
           mc::Hint{twice ? "every key and every table is written once" : ""});
}

struct FileId {
  dev_t device;
  ino_t inode;
  bool operator==(const FileId&) const = default;
};

/// Reads a file and, first, those that it extends. `asked` is the `extends` that names it, if any;
/// `chain` holds the files that are being read.
class LaunchFile {
 public:
  Value read(const std::string& path, const Value* asked) {
    const std::string prefix = asked != nullptr ? asked->place().text() + ": extends: " : "";
    // A FIFO that nobody writes to would keep a blocking open for ever.
    const mc::Fd file(mc::check(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK),
                                prefix, "open the launch file '", path, "'",
                                mc::Hint{"see mini_container --help"}));
    struct stat status {};
    mc::check(mc::stat_of(file.get(), &status), prefix, "fstat '", path, "'");
    if (S_ISDIR(status.st_mode))
      mc::fail_with(EISDIR, prefix, "read the launch file '", path, "'",
                    mc::Hint{"name the TOML file in it"});
    if (!S_ISREG(status.st_mode))
      mc::fail(prefix, "the launch file '", path, "' is no regular file",
               mc::Hint{"write the launch to a file"});
    const FileId id{status.st_dev, status.st_ino};
    if (std::ranges::find(chain_, id) != chain_.end())
      mc::fail(prefix, "'", path, "' extends itself", mc::Hint{"break the circle"});
    if (chain_.size() >= longest_chain)
      mc::fail(prefix, "more than ", longest_chain, " files extend each other",
               mc::Hint{"put some of them together"});
    chain_.push_back(id);
    Value tree = read_toml(content(file.get(), path, status.st_size), path);
    Value out = extend(path, tree);
    chain_.pop_back();
    return out;
  }

 private:
  static std::string content(int fd, const std::string& path, off_t expected) {
    std::string text;
    // One byte more than the file says, to meet its end without a second round.
    const auto guess = expected > 0 ? static_cast<std::size_t>(expected) : 4096;
    text.resize(std::min(guess, largest) + 1);
    std::size_t used = 0;
    for (;;) {
      const ssize_t got = ::read(fd, text.data() + used, text.size() - used);
      if (got < 0 && errno == EINTR) continue;
      mc::check(got, "read the launch file '", path, "'");
      if (got == 0) break;
      used += static_cast<std::size_t>(got);
      if (used > largest)
        mc::fail("the launch file '", path, "' is larger than 1 MiB",
                 mc::Hint{"a launch is a few lines; is this the right file?"});
      if (used == text.size()) text.resize(std::min(used * 2, largest + 1));
    }
    text.resize(used);
    return text;
  }

  Value extend(const std::string& path, Value& tree) {
    auto& members = *tree.as<Table>();
    const auto found = std::ranges::find(members, "extends", &Member::first);
    if (found == members.end()) return std::move(tree);
    const Value extends = std::move(found->second);
    members.erase(found);
    Value base;
    if (extends.as<std::string>() != nullptr) {
      read_base(base, path, extends);
    } else if (const auto* items = extends.as<List>(); items != nullptr && !items->empty()) {
      for (const Value& item : *items) read_base(base, path, item);
    } else {
      mc::fail(extends.place().text(), ": extends: expected a file's name or a list of them, not ",
               extends.type_name());
    }
    overlay(base, std::move(tree));
    return base;
  }

  void read_base(Value& base, const std::string& path, const Value& name) {
    const auto* text = name.as<std::string>();
    if (text == nullptr)
      mc::fail(name.place().text(), ": extends: expected a file's name, not ", name.type_name());
    if (text->empty() || text->find('\0') != text->npos)
      mc::fail(name.place().text(), ": extends: the file's name is empty or contains a NUL byte");
    const std::size_t slash = text->starts_with('/') ? path.npos : path.rfind('/');
    const std::string directory = slash == path.npos ? "" : path.substr(0, slash + 1);
    overlay(base, read(directory + *text, &name));
  }

  std::vector<FileId> chain_;
};

void set_places(Value& value, Place place) {
  value.set_place(place);
  if (auto* items = value.as<List>())
    for (Value& item : *items) set_places(item, place);
  if (auto* members = value.as<Table>())
    for (auto& [key, member] : *members) set_places(member, place);
}

}  // namespace

Value read_toml(std::string_view text, std::string_view source_name) {
  const char* source = intern(source_name);
  check_toml_limits(text, source);
  try {
    return convert(toml::parse(text), Place{source, 1, 1});
  } catch (const toml::parse_error& error) {
    refuse(error, source);
  }
}

Value read_launch_file(const std::string& path) { return LaunchFile().read(path, nullptr); }

Value read_toml_value(std::string_view text, Place place) {
  check_toml_limits(text, place.source);
  try {
    const toml::table line = toml::parse(mc::concat("value = ", text));
    const toml::node* node = line.get("value");
    if (line.size() == 1 && node != nullptr && !node->is_date() && !node->is_time() &&
        !node->is_date_time()) {
      Value out = convert(*node, place);
      set_places(out, place);
      return out;
    }
  } catch (const toml::parse_error&) {
    // No TOML value: the text itself is meant, as in --set uts.hostname=box.
  }
  return Value(std::string(text), place);
}

}  // namespace mini_container
