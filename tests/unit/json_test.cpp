// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "mini_container/error.hpp"

namespace mini_container {

namespace {

std::string refusal(std::string_view text, const JsonLimits& limits = {}) {
  try {
    parse_json(text, "config.json", limits);
  } catch (const mc::Error& error) {
    return error.attempt();
  }
  return "accepted";
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("JSON becomes values in the order of the text, with places") {
  const Value tree = parse_json(
      "{\"b\": 1,\n  \"a\\\"\": [true, null, -2, 1.5, \"x\\u00e9\"],\n  \"c\": {\"d\": {}}}",
      "c.json");
  const auto& members = *tree.as<Table>();
  REQUIRE(members.size() == 3);
  CHECK(members[0].first == "b");
  CHECK(*members[0].second.as<std::int64_t>() == 1);
  CHECK(members[0].second.place().text() == "c.json:1:2");
  CHECK(members[1].first == "a\"");
  CHECK(members[1].second.place().text() == "c.json:2:3");
  const auto& items = *members[1].second.as<List>();
  REQUIRE(items.size() == 5);
  CHECK(*items[0].as<bool>());
  CHECK(items[1].empty());
  CHECK(*items[2].as<std::int64_t>() == -2);
  CHECK(*items[3].as<double>() == 1.5);
  CHECK(*items[4].as<std::string>() == "x\xC3\xA9");
  CHECK(items[4].place().line == 2);
  CHECK(members[2].second.place().text() == "c.json:3:3");
  CHECK(members[2].second.find("d")->place().text() == "c.json:3:9");
}

TEST_CASE("numbers keep 64 bits, with and without a sign; larger ones become doubles") {
  CHECK(*parse_json("9223372036854775807", "x").as<std::int64_t>() == INT64_MAX);
  CHECK(*parse_json("-9223372036854775808", "x").as<std::int64_t>() == INT64_MIN);
  CHECK(*parse_json("9223372036854775809", "x").as<std::uint64_t>() == 9223372036854775809U);
  CHECK(*parse_json("18446744073709551615", "x").as<std::uint64_t>() == UINT64_MAX);
  CHECK(*parse_json("18446744073709551616", "x").as<double>() == 18446744073709551616.0);
}

TEST_CASE("malformed JSON is refused with its place") {
  CHECK(refusal("{\"a\": 1,\n  \"b\": }").starts_with("config.json:2:"));
  CHECK(refusal("").starts_with("config.json:1:1: "));
  CHECK(refusal("{\"a\": 1").starts_with("config.json:1:"));
  CHECK(refusal("{} x").starts_with("config.json:1:"));
  CHECK(refusal("{\"a\": \"\xff\"}").starts_with("config.json:1:"));
  CHECK(refusal("{\"a\": 01}").starts_with("config.json:1:"));
  CHECK(refusal("{'a': 1}").starts_with("config.json:1:"));
}

TEST_CASE("a key that is there twice is refused, in small objects and in large ones") {
  CHECK(refusal("{\"a\": 1,\n \"b\": 2, \"a\": 3}") ==
        "config.json:2:10: the key 'a' is there twice");
  std::string large = "{";
  for (int i = 0; i < 50000; ++i) large += "\"k" + std::to_string(i) + "\":0,";
  CHECK(refusal(large + "\"z\":0}") == "accepted");
  CHECK(holds(refusal(large + "\"k7\":0}"), "the key 'k7' is there twice"));
}

TEST_CASE("NUL, depth and size have limits") {
  CHECK(holds(refusal("{\"a\": \"x\\u0000y\"}"), "NUL"));
  CHECK(holds(refusal("{\"a\\u0000\": 1}"), "NUL"));
  CHECK(holds(refusal(std::string(10000, '[')), "nested deeper than 128 levels"));
  std::string objects;
  for (int i = 0; i < 10000; ++i) objects += "{\"a\":";
  CHECK(holds(refusal(objects), "nested deeper than 128 levels"));
  CHECK(holds(refusal(std::string(10 << 20, ' ')), "bytes are more than"));
}

TEST_CASE("what is written is read back the same") {
  Value tree(Table{});
  tree.set("text", Value(std::string("a\"b\\c\n\t\x01\x7f\xC3\xA9")));
  tree.set("list", Value(List{Value(std::int64_t{-1}), Value(true), Value(), Value(0.1)}));
  tree.set("none", Value(List{}));
  tree.set("table", Value(Table{{"x", Value(Table{})}}));
  const std::string compact = write_json(tree);
  CHECK(compact ==
        "{\"text\":\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\xC3\xA9\",\"list\":[-1,true,null,0.1],"
        "\"none\":[],\"table\":{\"x\":{}}}");
  CHECK(write_json(parse_json(compact, "x")) == compact);
  const std::string pretty = write_json(tree, JsonStyle::pretty);
  CHECK(holds(pretty, "\n  \"list\": [\n    -1,"));
  CHECK(write_json(parse_json(pretty, "x")) == compact);
}

TEST_CASE("bytes that are not UTF-8, and numbers that JSON lacks, are replaced") {
  CHECK(write_json(Value(std::string("a\xff\xC3"))) == "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(write_json(Value(std::string("\xED\xA0\x80\xF4\x90\x80\x80"))).find("\xED") ==
        std::string::npos);
  CHECK(write_json(Value(std::numeric_limits<double>::infinity())) == "null");
  for (const char* large : {"18446744073709551615", "9223372036854775809"})
    CHECK(write_json(parse_json(large, "x")) == large);
}

}  // namespace mini_container
