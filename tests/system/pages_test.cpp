// SPDX-License-Identifier: Apache-2.0
// The page in each plugin's folder: its launches run as they stand there, and it names every
// option. ctest: RESOURCE_LOCK cgroups
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <sstream>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> plugins() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(std::string(TEST_SOURCE_DIR) + "/plugins"))
    if (fs::exists(entry.path() / "CMakeLists.txt")) out.push_back(entry.path().filename());
  std::sort(out.begin(), out.end());
  return out;
}

std::string page(const std::string& plugin) {
  return read_file(std::string(TEST_SOURCE_DIR) + "/plugins/" + plugin + "/README.md");
}

/// What stands between ```toml and ```.
std::vector<std::string> launches(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream lines(text);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "```") inside = false;
    if (inside) out.back() += line + "\n";
    if (line == "```toml") {
      inside = true;
      out.emplace_back();
    }
  }
  return out;
}

bool has_table(const std::string& launch, const std::string& name) {
  return std::regex_search(launch, std::regex("(^|\n)\\[\\[?" + name + "[\\].]"));
}

/// As a file beside its root, as the pages have it. What is no launch by itself is made one.
std::string launch_beside_root(std::string text) {
  const std::string root = fresh_root();
  const std::string directory = fresh_directory();
  fs::rename(root, directory + "/rootfs");
  if (!has_table(text, "rootfs")) text += "\n[rootfs]\npath = \"rootfs\"\n";
  if (!has_table(text, "container")) text += "\n[container]\ncommand = [\"true\"]\n";
  return write_file("launch.toml", text, directory);
}

/// The keys of the options, those of nested tables too, from `plugin info`.
std::vector<std::string> option_keys(const std::string& plugin) {
  const auto info = run({"plugin", "info", plugin});
  REQUIRE_MESSAGE(info.exit_code == 0, info);
  const auto start = info.out.find("\nOptions:");
  std::vector<std::string> out;
  if (start == std::string::npos) return out;
  const std::string options = info.out.substr(start);
  const std::regex line("\n +([a-z][a-z0-9_]*) \\(");
  for (auto at = std::sregex_iterator(options.begin(), options.end(), line);
       at != std::sregex_iterator(); ++at)
    out.push_back((*at)[1]);
  return out;
}

bool names(const std::string& text, const std::string& key) {
  return std::regex_search(text, std::regex("(^|[^a-z0-9_])" + key + "([^a-z0-9_]|$)"));
}

}  // namespace

TEST_CASE("the launches on each plugin's page run") {
  for (const auto& plugin : plugins()) {
    CAPTURE(plugin);
    const auto found = launches(page(plugin));
    REQUIRE(!found.empty());
    CHECK(has_table(found.front(), "container"));
    CHECK(has_table(found.front(), plugin));
    for (const auto& text : found) {
      CAPTURE(text);
      const auto file = launch_beside_root(text);
      CHECK_MESSAGE(run({"validate", file}).exit_code == 0, run({"validate", file}));
      const HostUnchanged unchanged;
      const auto result = run({"run", "--config", file});
      CHECK_MESSAGE(result.exit_code == 0, result);
    }
  }
}

TEST_CASE("each plugin's page names every option that it has") {
  for (const auto& plugin : plugins()) {
    CAPTURE(plugin);
    const auto text = page(plugin);
    for (const auto& key : option_keys(plugin)) CHECK_MESSAGE(names(text, key), key);
  }
}
