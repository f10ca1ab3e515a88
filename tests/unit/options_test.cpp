// SPDX-License-Identifier: Apache-2.0
#include "core/options.hpp"
#include "core/container_options.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>

#include "mini_container/error.hpp"
#include "mini_container/plugin.hpp"

namespace mini_container {

namespace {

constexpr const char* modes[] = {"private", "shared", nullptr};
constexpr const char* unlimited[] = {"max", nullptr};
constexpr mc_option mount_list[] = {
    mc::option({.type = MC_PATH, .key = "source", .help = "h"}),
    mc::option({.type = MC_STRING, .flags = MC_OPTION_REQUIRED, .key = "destination", .help = "h"}),
    mc::option(
        {.type = MC_INT, .key = "mode", .help = "h", .default_text = "0o755", .maximum = 07777})};
constexpr mc_option declared[] = {
    mc::option({.type = MC_STRING, .key = "hostname", .help = "h", .minimum = 1, .maximum = 64}),
    mc::option({.type = MC_BOOL, .key = "readonly", .help = "h", .default_text = "false"}),
    mc::option({.type = MC_INT, .key = "level", .help = "h", .minimum = -5, .maximum = 5}),
    mc::option({.type = MC_INT, .key = "pages", .help = "h", .maximum = INT64_MAX}),
    mc::option({.type = MC_FLOAT, .key = "ratio", .help = "h"}),
    mc::option({.type = MC_FLOAT, .key = "share", .help = "h", .minimum = -2, .maximum = 2}),
    mc::option({.type = MC_PATH, .key = "path", .help = "h"}),
    mc::option({.type = MC_SIZE,
                .key = "memory",
                .help = "h",
                .minimum = 4096,
                .maximum = 1 << 30,
                .choices = unlimited}),
    mc::option({.type = MC_DURATION, .key = "wait", .help = "h", .default_text = "1.5s"}),
    mc::option({.type = MC_CHOICE, .key = "mode", .help = "h", .choices = modes}),
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .key = "names",
                .help = "h",
                .default_text = "a,b\\,c",
                .minimum = 1,
                .maximum = 3}),
    mc::option({.type = MC_MAP, .element = MC_INT, .key = "limits", .help = "h"}),
    mc::option(
        {.type = MC_LIST, .element = MC_TABLE, .key = "mounts", .help = "h", .fields = mount_list}),
};

Options specs() { return read_options(declared, std::size(declared), sizeof(mc_option)); }

const Place here{"dir/shell.toml", 12, 1};

Value given(std::string_view key, Value::Content content) {
  Value table(Table{}, Place{"dir/shell.toml", 10, 1});
  table.set(key, Value(std::move(content), here));
  return table;
}

Value checked(std::string_view key, Value::Content content) {
  const Value out = check_table("box", given(key, std::move(content)), specs());
  return *out.find(key);
}

/// The error's text and hint, as they are shown.
std::string refusal(std::string_view key, Value::Content content) {
  try {
    checked(key, std::move(content));
  } catch (const mc::Error& error) {
    return error.hint().empty() ? error.attempt() : error.attempt() + "; " + error.hint();
  }
  return "accepted";
}

std::string text(const char* content) { return content; }

}  // namespace

TEST_CASE("a table gets its defaults, in the order of the declaration") {
  const Value out = check_table("box", Value(Table{}), specs());
  const auto& members = *out.as<Table>();
  REQUIRE(members.size() == 3);
  CHECK(members[0].first == "readonly");
  CHECK(*members[0].second.as<bool>() == false);
  CHECK(*members[1].second.as<std::int64_t>() == 1'500'000);
  const auto& names = *members[2].second.as<List>();
  REQUIRE(names.size() == 2);
  CHECK(*names[0].as<std::string>() == "a");
  CHECK(*names[1].as<std::string>() == "b,c");
  CHECK(members[2].second.place().text() == "default");
}

TEST_CASE("values become what their option's type says") {
  CHECK(*checked("memory", text("64M")).as<std::int64_t>() == 64 << 20);
  CHECK(*checked("memory", text("max")).as<std::string>() == "max");
  CHECK(*checked("wait", std::int64_t{2}).as<std::int64_t>() == 2'000'000);
  CHECK(*checked("wait", 0.5).as<std::int64_t>() == 500'000);
  CHECK(*checked("ratio", std::int64_t{2}).as<double>() == 2.0);
  CHECK(*checked("mode", text("shared")).as<std::string>() == "shared");
  CHECK(checked("mode", text("shared")).place().text() == "dir/shell.toml:12:1");
}

TEST_CASE("a relative path is taken from its file's directory, or from here for a flag") {
  char here_dir[4096];
  REQUIRE(::getcwd(here_dir, sizeof here_dir) != nullptr);
  CHECK(*checked("path", text("root")).as<std::string>() == std::string(here_dir) + "/dir/root");
  CHECK(*checked("path", text("/srv")).as<std::string>() == "/srv");
  Value flag(Table{});
  flag.set("path", Value(text("root"), Place{"--box.path/x"}));
  CHECK(*check_table("box", flag, specs()).find("path")->as<std::string>() ==
        std::string(here_dir) + "/root");
}

TEST_CASE("a key that is not there is refused with its place and its neighbour") {
  CHECK(refusal("hostnmae", text("x")) ==
        "dir/shell.toml:12:1: box.hostnmae: unknown option; did you mean 'hostname'?");
  CHECK(refusal("zzz", text("x")).find("; there are: hostname, readonly, level") !=
        std::string::npos);
}

TEST_CASE("a value of the wrong type is refused") {
  const auto at = [](const std::string& rest) { return "dir/shell.toml:12:1: box." + rest; };
  CHECK(refusal("hostname", std::int64_t{5}) ==
        at("hostname: expected a string, not 5; write it in quotes"));
  CHECK(refusal("readonly", text("true")) ==
        at("readonly: expected true or false, not \"true\"; write it without quotes"));
  CHECK(refusal("level", text("5")) == at("level: expected an integer, not \"5\""));
  CHECK(refusal("level", text("027")) ==
        at("level: expected an integer, not \"027\"; write an octal number as 0o27"));
  CHECK(refusal("level", text("00")) ==
        at("level: expected an integer, not \"00\"; write an octal number as 0o0"));
  CHECK(refusal("level", text("08")) == at("level: expected an integer, not \"08\""));
  CHECK(*checked("ratio", std::nan("")).as<double>() != 0);
  CHECK(refusal("share", std::nan("")) == at("share: nan is out of range; it may be -2 to 2"));
  CHECK(refusal("share", -2.5) == at("share: -2.5 is out of range; it may be -2 to 2"));
  CHECK(refusal("level", 1.5) == at("level: expected an integer, not a float"));
  CHECK(refusal("names", text("a")) ==
        at("names: expected a list, not \"a\"; write it in brackets: [...]"));
  CHECK(refusal("limits", List{}) == at("limits: expected a table, not a list"));
  CHECK(refusal("limits", Table{{"a", Value(text("x"), here)}}) ==
        at("limits.a: expected an integer, not \"x\""));
  CHECK(
      refusal("memory", text("64X")) ==
      at("memory: expected a size in bytes, such as 4096 or \"64M\", or one of max; not \"64X\""));
  CHECK(refusal("mode", text("shard")) ==
        at("mode: expected one of private, shared; not \"shard\"; did you mean 'shared'?"));
  CHECK(refusal("mounts", List{Value(Table{{"sorce", Value(text("x"), here)}}, here)}) ==
        at("mounts[0].sorce: unknown option; did you mean 'source'?"));
  CHECK(refusal("mounts", List{Value(Table{}, here)}) ==
        at("mounts[0].destination: it is required and not given"));
  CHECK_THROWS_AS(check_table("box", Value(true, here), specs()), mc::Error);
}

TEST_CASE("a value out of range is refused, and the range is named") {
  CHECK(refusal("level", std::int64_t{6}) ==
        "dir/shell.toml:12:1: box.level: 6 is out of range; it may be -5 to 5");
  CHECK(refusal("level", std::int64_t{-6}).find("out of range") != std::string::npos);
  CHECK(refusal("pages", std::int64_t{-1}) ==
        "dir/shell.toml:12:1: box.pages: -1 is out of range; it may be 0 or more");
  CHECK(refusal("memory", std::int64_t{-1}).find("a size is not negative") != std::string::npos);
  CHECK(refusal("memory", text("1K")).find("4K to 1G") != std::string::npos);
  CHECK(refusal("wait", std::int64_t{INT64_MAX}).find("out of range") != std::string::npos);
  CHECK(refusal("hostname", text("")) ==
        "dir/shell.toml:12:1: box.hostname: it is empty; it may have 1 to 64 bytes");
  CHECK(refusal("hostname", std::string(65, 'x')).find("it has 65 bytes") != std::string::npos);
  CHECK(refusal("names", List{}).find("1 to 3 elements") != std::string::npos);
}

TEST_CASE("a NUL byte is refused in values and in keys") {
  CHECK(refusal("hostname", std::string("a\0b", 3)).find("NUL") != std::string::npos);
  CHECK(refusal("path", std::string("a\0b", 3)).find("NUL") != std::string::npos);
  CHECK(refusal("limits", Table{{std::string("a\0b", 3), Value(std::int64_t{1}, here)}})
            .find("NUL") != std::string::npos);
}

TEST_CASE("text of the command line becomes lists, maps and tables") {
  const auto all = specs();
  const auto parse = [&](std::string_view key, std::string_view from) {
    for (const mc_option& option : all)
      if (key == option.key) return parse_option_text(option, from, Place{"--box.x"});
    return Value();
  };
  CHECK(parse("names", "a,b").as<List>()->size() == 2);
  CHECK(parse("names", "").as<List>()->empty());
  CHECK(*parse("limits", "a=1,b=2").find("b")->as<std::int64_t>() == 2);
  CHECK_THROWS_AS(parse("limits", "a"), mc::Error);
  CHECK_THROWS_AS(parse("limits", "a=1,a=2"), mc::Error);
  const Value mounts = parse("mounts", "source=/a,destination=/b\\,c,mode=0o700");
  REQUIRE(mounts.as<List>()->size() == 1);
  const Value& mount = mounts.as<List>()->front();
  CHECK(*mount.find("destination")->as<std::string>() == "/b,c");
  CHECK(*mount.find("mode")->as<std::int64_t>() == 0700);
}

TEST_CASE("an array of an older and of a newer plugin is read by its stride") {
  struct Newer {
    mc_option known;
    char more[16];
  };
  Newer newer[2]{};
  newer[0].known = declared[0];
  newer[1].known = declared[1];
  for (Newer& each : newer) each.known.size = sizeof(Newer);
  const auto read = read_options(&newer[0].known, 2, sizeof(Newer));
  REQUIRE(read.size() == 2);
  CHECK(read[1].key == std::string_view("readonly"));

  constexpr std::size_t old_size = offsetof(mc_option, minimum);
  alignas(mc_option) char older[2][old_size];
  for (int i = 0; i < 2; ++i) {
    std::memcpy(older[i], &declared[i], old_size);
    const std::uint32_t size = old_size;
    std::memcpy(older[i], &size, sizeof size);
  }
  const auto old_read = read_options(reinterpret_cast<const mc_option*>(older), 2, old_size);
  REQUIRE(old_read.size() == 2);
  CHECK(old_read[0].maximum == 0);
}

TEST_CASE("an array of this core's layout is taken as it lies, whatever its fields have") {
  CHECK(specs().data() == declared);
  struct Newer {
    mc_option known;
    char more[16];
  };
  static Newer newer[2]{};
  newer[0].known = mc::option({.type = MC_BOOL, .key = "one", .help = "h"});
  newer[1].known = mc::option({.type = MC_BOOL, .key = "two", .help = "h"});
  for (Newer& each : newer) each.known.size = sizeof(Newer);
  mc_option outer[] = {mc::option({.type = MC_BOOL, .key = "a", .help = "h"}),
                       mc::option({.type = MC_TABLE, .key = "b", .help = "h"})};
  outer[1].fields = &newer[0].known;
  outer[1].field_count = 2;
  outer[1].field_stride = sizeof(Newer);
  const Options read = read_options(outer, 2, sizeof(mc_option));
  REQUIRE(read.size() == 2);
  CHECK(fields_of(read[0]).empty());
  REQUIRE(fields_of(read[1]).size() == 2);
  CHECK(fields_of(read[1])[1].key == std::string_view("two"));
}

TEST_CASE("the core's own options are well formed") {
  const Options own = container_options();
  CHECK(
      read_options(own.data(), static_cast<std::uint32_t>(own.size()), sizeof(mc_option)).data() ==
      own.data());
}

TEST_CASE("a malformed array of options is refused") {
  const auto refused = [](mc_option option) {
    CHECK_THROWS_AS(read_options(&option, 1, sizeof option), mc::Error);
  };
  mc_option option = declared[0];
  option.key = "Upper";
  refused(option);
  option = declared[0];
  option.help = nullptr;
  refused(option);
  option = declared[0];
  option.type = 99;
  refused(option);
  option = declared[0];
  option.type = MC_CHOICE;
  refused(option);
  option = declared[0];
  option.size = 3;
  refused(option);
  const mc_option twice[] = {declared[0], declared[0]};
  CHECK_THROWS_AS(read_options(twice, 2, sizeof(mc_option)), mc::Error);
  mc_option endless = mc::option({.type = MC_TABLE, .key = "a", .help = "h"});
  endless.fields = &endless;
  endless.field_count = 1;
  refused(endless);
}

}  // namespace mini_container
