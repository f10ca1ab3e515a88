// SPDX-License-Identifier: Apache-2.0
#include "core/schema.hpp"

#include <doctest/doctest.h>

#include <regex>

#include "core/json.hpp"
#include "core/quantity.hpp"
#include "mini_container/error.hpp"
#include "mini_container/plugin.hpp"

namespace mini_container {

namespace {

constexpr const char* modes[] = {"private", "shared", nullptr};
constexpr const char* unlimited[] = {"max", nullptr};
constexpr mc_option mount_fields[] = {
    mc::option({.type = MC_PATH, .flags = MC_OPTION_REQUIRED, .key = "source", .help = "h"})};
constexpr mc_option declared[] = {
    mc::option({.type = MC_STRING, .key = "name", .help = "The name", .minimum = 1, .maximum = 64}),
    mc::option({.type = MC_INT,
                .key = "level",
                .help = "h",
                .default_text = "3",
                .minimum = -5,
                .maximum = 5}),
    mc::option({.type = MC_SIZE,
                .key = "memory",
                .help = "h",
                .default_text = "64M",
                .choices = unlimited}),
    mc::option({.type = MC_DURATION, .key = "wait", .help = "h"}),
    mc::option({.type = MC_CHOICE, .key = "mode", .help = "h", .choices = modes}),
    mc::option({.type = MC_LIST,
                .element = MC_TABLE,
                .key = "mounts",
                .help = "h",
                .maximum = 9,
                .fields = mount_fields}),
    mc::option({.type = MC_MAP, .element = MC_BOOL, .key = "flags", .help = "h"}),
};

Value schema() {
  static Plugin plugin = [] {
    Plugin out;
    out.name = "box";
    out.data.summary = "A box";
    out.options = read_options(declared, std::size(declared), sizeof(mc_option));
    return out;
  }();
  const Plugin* const plugins[] = {&plugin};
  return launch_schema(plugins);
}

/// The part of the schema at "a/b/c", as JSON.
std::string at(std::string_view path) {
  const Value whole = schema();
  const Value* here = &whole;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    here = here->find(path.substr(0, slash));
    if (here == nullptr) return "(none)";
    path = slash == path.npos ? "" : path.substr(slash + 1);
  }
  return write_json(*here);
}

/// The pattern of the text that may stand for this option's number.
std::regex pattern_of(const char* key) {
  const Value whole = schema();
  const Value& option = *whole.find("properties")->find("box")->find("properties")->find(key);
  const Value& text = option.find("anyOf")->as<List>()->at(1);
  return std::regex(*text.find("pattern")->as<std::string>());
}

/// Calls `visit` with each text of at most `longest` of these characters.
template <class Visit>
void each_text(std::string_view characters, std::size_t longest, Visit&& visit,
               std::string text = {}) {
  visit(text);
  if (text.size() == longest) return;
  for (const char character : characters) each_text(characters, longest, visit, text + character);
}

}  // namespace

TEST_CASE("the schema is of the draft that editors know, and closed") {
  CHECK(at("$schema") == "\"https://json-schema.org/draft/2020-12/schema\"");
  CHECK(at("additionalProperties") == "false");
  CHECK(at("properties/box/additionalProperties") == "false");
  CHECK(at("properties/box/title") == "\"box\"");
  CHECK(at("properties/box/description") == "\"A box\"");
  CHECK(at("properties/extends/anyOf") != "(none)");
  CHECK(at("properties/container/properties/command/type") == "\"array\"");
}

TEST_CASE("each option has its type, bounds, choices, default and help") {
  const std::string options = "properties/box/properties/";
  CHECK(at(options + "name") ==
        "{\"type\":\"string\",\"maxLength\":64,\"minLength\":1,\"description\":\"The name\"}");
  CHECK(at(options + "level") ==
        "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":5,\"description\":\"h\",\"default\":3}");
  CHECK(at(options + "mode/enum") == "[\"private\",\"shared\"]");
  CHECK(at(options + "memory/default") == "\"64M\"");
  CHECK(at(options + "memory/anyOf").find("{\"enum\":[\"max\"]}") != std::string::npos);
  CHECK(at(options + "wait/anyOf").find("\"type\":\"number\"") != std::string::npos);
  CHECK(at(options + "mounts/items/required") == "[\"source\"]");
  CHECK(at(options + "mounts/items/additionalProperties") == "false");
  CHECK(at(options + "mounts/maxItems") == "9");
  CHECK(at(options + "flags/additionalProperties/type") == "\"boolean\"");
}

TEST_CASE("the patterns of sizes and durations take what the parser takes, and nothing else") {
  const std::regex size = pattern_of("memory");
  const auto check_size = [&](const std::string& text) {
    if (std::regex_match(text, size) != parse_size(text).has_value()) FAIL_CHECK(text);
  };
  each_text("01.kMiIbBxo_+-a ", 4, check_size);
  for (const char* text : {"10KiB", "10Kib", "1.5GiB", "0xffK", "0b11", "0o17", "0o8", "12.25MB",
                           "1MiBB", "0x1.8", "1e3", "64 M"})
    check_size(text);
  const std::regex duration = pattern_of("wait");
  each_text("02.umsinhd-", 5, [&](const std::string& text) {
    if (std::regex_match(text, duration) != parse_duration(text).has_value()) FAIL_CHECK(text);
  });
}

TEST_CASE("a default that is none is refused with its plugin and its option") {
  static constexpr mc_option fields[] = {mc::option(
      {.type = MC_MAP, .element = MC_INT, .key = "limits", .help = "h", .default_text = "x"})};
  static constexpr mc_option options[] = {mc::option(
      {.type = MC_LIST, .element = MC_TABLE, .key = "all", .help = "h", .fields = fields})};
  Plugin plugin;
  plugin.name = "db";
  plugin.options = read_options(options, std::size(options), sizeof(mc_option));
  const Plugin* const plugins[] = {&plugin};
  std::string said;
  try {
    launch_schema(plugins);
  } catch (const mc::Error& error) {
    said = error.attempt();
  }
  CHECK(said == "db.all.limits: default: 'x' has no '='");
}

}  // namespace mini_container
