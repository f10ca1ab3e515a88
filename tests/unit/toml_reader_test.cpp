// SPDX-License-Identifier: Apache-2.0
#include "core/toml_reader.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "mini_container/error.hpp"

namespace mini_container {

namespace {

/// A directory that is gone when the test is.
class Files {
 public:
  Files() {
    char name[] = "/tmp/toml_reader_test.XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~Files() { std::filesystem::remove_all(path_); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

  /// The error for a file of this text, without the directory.
  [[nodiscard]] std::string refusal(std::string_view text) const {
    return refusal_of(write("a.toml", text));
  }
  [[nodiscard]] std::string refusal_of(const std::string& file) const {
    try {
      read_launch_file(file);
    } catch (const mc::Error& error) {
      std::string out = error.attempt();
      for (std::size_t at = 0; (at = out.find(path_ + "/")) != out.npos;)
        out.erase(at, path_.size() + 1);
      return out;
    }
    return "accepted";
  }

 private:
  std::string path_;
};

const Value& at(const Value& tree, std::string_view table, std::string_view key) {
  const Value* found = tree.find(table);
  REQUIRE(found != nullptr);
  found = found->find(key);
  REQUIRE(found != nullptr);
  return *found;
}

}  // namespace

TEST_CASE("a launch file becomes a tree in the order of the file, with places") {
  const Files files;
  const std::string file = files.write("a.toml",
                                       "[uts]\nhostname = \"box\"\n\n[container]\n"
                                       "command = [\"/bin/sh\", \"-c\"]\numask = 0o022\n"
                                       "terminal = true\n[pid]\nratio = 1.5\n");
  const Value tree = read_launch_file(file);
  const auto& tables = *tree.as<Table>();
  REQUIRE(tables.size() == 3);
  CHECK(tables[0].first == "uts");
  CHECK(tables[1].first == "container");
  CHECK(*at(tree, "uts", "hostname").as<std::string>() == "box");
  CHECK(at(tree, "uts", "hostname").place().text() == file + ":2:1");
  CHECK(*at(tree, "container", "umask").as<std::int64_t>() == 022);
  CHECK(*at(tree, "container", "terminal").as<bool>());
  CHECK(*at(tree, "pid", "ratio").as<double>() == 1.5);
  CHECK(at(tree, "container", "command").as<List>()->at(1).place().text() == file + ":5:23");
}

TEST_CASE("extends lays one file over another, key by key") {
  const Files files;
  files.write(
      "base.toml",
      "[uts]\nhostname = \"base\"\ndomain = \"d\"\n[container]\ncommand = [\"a\", \"b\"]\n");
  files.write("more.toml", "[uts]\nhostname = \"more\"\n[pid]\n");
  const std::string file = files.write("top.toml",
                                       "extends = [\"base.toml\", \"more.toml\"]\n[container]\n"
                                       "command = [\"c\"]\n");
  const Value tree = read_launch_file(file);
  CHECK(*at(tree, "uts", "hostname").as<std::string>() == "more");
  CHECK(at(tree, "uts", "hostname").place().text() == files.path("more.toml") + ":2:1");
  CHECK(*at(tree, "uts", "domain").as<std::string>() == "d");
  CHECK(at(tree, "container", "command").as<List>()->size() == 1);
  CHECK(tree.find("pid") != nullptr);
  CHECK(tree.find("extends") == nullptr);
}

TEST_CASE("extends that cannot be followed is refused with its place") {
  const Files files;
  CHECK(files.refusal("extends = \"a.toml\"\n") == "a.toml:1:1: extends: 'a.toml' extends itself");
  CHECK(files.refusal("extends = \"none.toml\"\n") ==
        "a.toml:1:1: extends: open the launch file 'none.toml'");
  CHECK(files.refusal("extends = 5\n").find("expected a file's name") != std::string::npos);
  CHECK(files.refusal("extends = [5]\n").find("expected a file's name") != std::string::npos);
}

TEST_CASE("a file that is missing, or a directory, is named") {
  const Files files;
  try {
    read_launch_file(files.path("none.toml"));
    FAIL("read a file that is not there");
  } catch (const mc::Error& error) {
    CHECK(error.error_number() == ENOENT);
    CHECK(error.attempt() == "open the launch file '" + files.path("none.toml") + "'");
  }
  CHECK(files.refusal_of(files.path("")).find("read the launch file") != std::string::npos);
}

TEST_CASE("malformed text is refused with line and column") {
  const Files files;
  CHECK(files.refusal("[uts]\nhostname = \n").starts_with("a.toml:2:"));
  CHECK(files.refusal("[uts\n").starts_with("a.toml:1:"));
  CHECK(files.refusal("x = 2020-01-01\n").find("dates") != std::string::npos);
  CHECK(files.refusal("x = \"\xff\xfe\"\n").starts_with("a.toml:1:"));
}

TEST_CASE("a key or a table that is there twice is refused") {
  const Files files;
  CHECK(files.refusal("[uts]\nhostname = \"a\"\nhostname = \"b\"\n").starts_with("a.toml:3:"));
  CHECK(files.refusal("[uts]\n[pid]\n[uts]\n").starts_with("a.toml:3:"));
}

TEST_CASE("a NUL byte is refused with its place") {
  const Files files;
  CHECK(files.refusal(std::string_view("[uts]\nx = \"a\0b\"\n", 15)) == "a.toml:2:7: a NUL byte");
}

TEST_CASE("a file of 10 MB is refused") {
  const Files files;
  CHECK(files.refusal(std::string(10 << 20, '#')) ==
        "the launch file 'a.toml' is larger than 1 MiB");
  CHECK(files.refusal(std::string(1 << 20, '#')) == "accepted");
}

TEST_CASE("10,000 levels are refused, however they are written") {
  const Files files;
  const auto repeat = [](std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  const auto deep = [&](const std::string& text) {
    return files.refusal(text).find("nested deeper than 64 levels") != std::string::npos;
  };
  CHECK(deep("x = " + repeat("[", 10000) + repeat("]", 10000)));
  CHECK(deep("x = " + repeat("{a=", 10000) + "1" + repeat("}", 10000)));
  CHECK(deep("a" + repeat(".a", 10000) + " = 1"));
  CHECK(deep("[a" + repeat(".a", 10000) + "]"));
  CHECK(deep("\"=\"" + repeat(" . '\\'", 10000) + " = 1"));
  CHECK(deep("x = [\n" + repeat("[\n", 10000)));
  CHECK(files.refusal("x = \"" + repeat(".[", 10000) + "\" # " + repeat("[.", 1000)) == "accepted");
  CHECK(files.refusal("x = '''" + repeat(".[\"\n", 10000) + "'''") == "accepted");
}

TEST_CASE("--set takes a TOML value, or the text as it stands") {
  const Place place{"--set"};
  CHECK(*read_toml_value("5", place).as<std::int64_t>() == 5);
  CHECK(*read_toml_value("true", place).as<bool>());
  CHECK(*read_toml_value("\"true\"", place).as<std::string>() == "true");
  CHECK(*read_toml_value("box", place).as<std::string>() == "box");
  CHECK(read_toml_value("", place).as<std::string>()->empty());
  CHECK(*read_toml_value("1\nb = 2", place).as<std::string>() == "1\nb = 2");
  CHECK(*read_toml_value("2020-01-01", place).as<std::string>() == "2020-01-01");
  const Value list = read_toml_value("[1, [2]]", place);
  REQUIRE(list.as<List>()->size() == 2);
  CHECK(list.as<List>()->at(1).as<List>()->at(0).place().text() == "--set");
}

}  // namespace mini_container
