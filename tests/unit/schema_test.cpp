// SPDX-License-Identifier: Apache-2.0
#include "core/schema.hpp"

#include <doctest/doctest.h>

#include "core/json.hpp"
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

}  // namespace mini_container
