// SPDX-License-Identifier: Apache-2.0
#include "core/help.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "core/manual.hpp"
#include "mini_container/plugin.hpp"

namespace mini_container {

namespace {

constexpr const char* modes[] = {"private", "shared", nullptr};
constexpr mc_option declared[] = {
    mc::option({.type = MC_PATH,
                .key = "path",
                .help = "The directory that becomes the root",
                .long_flag = "box",
                .short_flag = 'b'}),
    mc::option({.type = MC_SIZE,
                .key = "memory",
                .help = "How much memory",
                .default_text = "64M",
                .minimum = 4096,
                .maximum = 1 << 30}),
    mc::option({.type = MC_CHOICE,
                .key = "mode",
                .help = "Who sees it, in a sentence that is "
                        "longer than one line of eighty columns is",
                .choices = modes}),
};

}  // namespace

TEST_CASE("help groups the flags by plugin, within 80 columns") {
  Plugin plugin;
  plugin.name = "box";
  plugin.data.summary = "A box of its own";
  plugin.options = read_options(declared, std::size(declared), sizeof(mc_option));
  const Plugin* const plugins[] = {&plugin};
  const std::string text = help_text(plugins);
  const auto holds = [&](std::string_view part) { return text.find(part) != text.npos; };
  CHECK(holds("\nbox: A box of its own\n"));
  CHECK(holds("\n  -b, --box PATH              The directory that becomes the root\n"));
  CHECK(holds("      --box.memory SIZE       How much memory (4K to 1G; default 64M)\n"));
  CHECK(holds("      --box.mode private|shared\n"));
  CHECK(holds("  -v, --verbose"));
  CHECK(holds("  -e, --env NAME=VALUE"));
  CHECK_FALSE(holds("Enables it"));  // --box is the path
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK_MESSAGE(line.size() <= 80, line);
}

TEST_CASE("a flag that is another's does not stand as the one that enables a plugin") {
  Plugin plugin;
  plugin.name = "user";
  plugin.data.summary = "Ids of its own";
  const Plugin* const plugins[] = {&plugin};
  const std::string text = help_text(plugins);
  CHECK(text.find("-u, --user USER[:GROUP]") != text.npos);
  CHECK(text.find("Enables it") == text.npos);
  const std::string page = manual_page("1", plugins);
  CHECK(page.find("Enables the plugin") == page.npos);
  CHECK(page.find("\nLeaves the plugin out although the launch file names it.\n") != page.npos);
  plugin.name = "other";
  CHECK(help_text(plugins).find("      --other                 Enables it\n") != text.npos);
}

TEST_CASE("a verb says how it is called") {
  for (const VerbText& verb : verb_texts()) {
    const auto text = verb_help_text(verb.name);
    CHECK(text.starts_with(std::string("Usage: mini_container ") + verb.name));
    CHECK(text.find(verb.summary) != text.npos);
  }
  CHECK(verb_help_text("nosuch").empty());
}

}  // namespace mini_container
