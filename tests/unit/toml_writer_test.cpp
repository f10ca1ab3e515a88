// SPDX-License-Identifier: Apache-2.0
// What is written as TOML reads as the same tree.
#include "core/toml_writer.hpp"

#include <doctest/doctest.h>

#include "core/json.hpp"
#include "core/toml_reader.hpp"
#include "mini_container/error.hpp"

namespace {

using namespace mini_container;

std::string there_and_back(std::string_view json) {
  return write_json(read_toml(write_toml(parse_json(json, "tree")), "text"));
}

}  // namespace

TEST_CASE("a tree comes back as it was") {
  for (
      const char* json : {
          R"({"a":{}})",
          R"({"a":{"flag":true,"number":-9223372036854775808,"real":1.0,"text":""}})",
          R"({"a":{"list":[1,2,[]],"empty":[],"mixed":[{"x":1},"y"]}})",
          R"({"a":{"b":{"c":{"d":"e"}}},"f":{"g":[{"h":1,"i":[{"j":2},{}]},{}]}})",
          R"({"odd name":{"with.dot":1,"":2,"\u00e9":3,"a\"b\\c":4}})",
          R"({"a":{"text":"quote \" back \\ tab \t line \n bell \u0007 del \u007f é # [x] = 'y'"}})",
      })
    CHECK(there_and_back(json) == write_json(parse_json(json, "tree")));
}

TEST_CASE("what is too long for a line gets a section or several lines, and reads the same") {
  const std::string word(60, 'w');
  const std::string json = R"({"a":{"long":[")" + word + R"(",")" + word + R"("],"maps":[{"k":")" +
                           word + R"(","l":")" + word + R"("}],"last":{"k":")" + word +
                           R"(","m":")" + word + R"("}}})";
  CHECK(there_and_back(json) == write_json(parse_json(json, "tree")));
  const auto text = write_toml(parse_json(json, "tree"));
  CHECK(text.find("\n[[a.maps]]\n") != text.npos);
  CHECK(text.find("\n[a.last]\n") != text.npos);
}

TEST_CASE("a line that is short stays one") {
  CHECK(
      write_toml(parse_json(R"({"user":{"uid_map":[{"container":0,"host":1}]},"pid":{}})", "t")) ==
      "[user]\nuid_map = [{ container = 0, host = 1 }]\n\n[pid]\n");
}

TEST_CASE("null has no text in TOML") {
  CHECK_THROWS_AS(write_toml(parse_json(R"({"a":{"b":null}})", "t")), mc::Error);
}
