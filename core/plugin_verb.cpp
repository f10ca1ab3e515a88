// SPDX-License-Identifier: Apache-2.0
// plugin list, plugin info, plugin check.
#include <algorithm>
#include <string>

#include "core/failure.hpp"
#include "core/json.hpp"
#include "core/plugin_check.hpp"
#include "core/plugin_place.hpp"
#include "core/plugin_text.hpp"
#include "core/verbs.hpp"

namespace mini_container {

namespace {

constexpr const char* usage =
    "mini_container plugin list [--json] | info [--json] NAME | "
    "check FILE.so [OPTION]...";

/// Takes --json out of the arguments.
bool take_json(Arguments& arguments) {
  const auto rest = std::ranges::remove(arguments, "--json");
  const bool found = !rest.empty();
  arguments.erase(rest.begin(), rest.end());
  return found;
}

/// One line, whatever a file is named and its descriptor says.
std::string row(std::string name, std::string version, const std::string& rest) {
  if (name.size() < 14) name.resize(14, ' ');
  if (version.size() < 8) version.resize(8, ' ');
  return one_line(mc::concat(name, ' ', version, ' ', rest)) + '\n';
}

// A plugin that cannot be read has its row, with the reason.
int list_plugins(VerbContext& context, Arguments arguments) {
  const bool json = take_json(arguments);
  if (!arguments.empty())
    mc::fail("plugin list: '", arguments.front(), "' is one argument too many", mc::Hint{usage});
  List values;
  std::string text;
  int exit_code = 0;
  for (const auto& name : context.catalog.names()) {
    try {
      const Plugin* plugin = context.catalog.find(name);
      if (plugin == nullptr) continue;
      values.push_back(plugin_summary_value(*plugin));
      text += row(name, plugin->data.version,
                  mc::concat(plugin->data.summary, "  (", plugin->path, ")"));
    } catch (const mc::Error& error) {
      exit_code = exit_runtime_failed;
      Value broken(Table{});
      broken.set("name", Value(name));
      broken.set("error", Value(describe(error)));
      values.push_back(std::move(broken));
      text += row(name, "broken", describe(error));
    }
  }
  if (json)
    text = write_json(Value(std::move(values)), JsonStyle::pretty);
  else if (text.empty())
    text = "no plugins\n";
  print(text);
  return exit_code;
}

int inform(VerbContext& context, Arguments arguments) {
  const bool json = take_json(arguments);
  if (arguments.size() != 1) mc::fail("plugin info: takes one plugin's name", mc::Hint{usage});
  const auto& name = arguments.front();
  const Plugin& plugin = name.find('/') != std::string::npos
                             ? context.catalog.load_file(absolute_path(name))
                             : context.catalog.get(name, "plugin info");
  return print(json ? write_json(plugin_value(plugin), JsonStyle::pretty) : plugin_text(plugin));
}

}  // namespace

int plugin_verb(VerbContext& context, const Arguments& arguments) {
  if (arguments.empty()) mc::fail("plugin: say what to do", mc::Hint{usage});
  const Arguments rest(arguments.begin() + 1, arguments.end());
  if (arguments.front() == "list") return list_plugins(context, rest);
  if (arguments.front() == "info") return inform(context, rest);
  if (arguments.front() == "check") {
    if (rest.empty()) mc::fail("plugin check: takes a plugin's file", mc::Hint{usage});
    return check_plugin(context, rest.front(), {rest.begin() + 1, rest.end()}) ? 0 : 1;
  }
  mc::fail("plugin: there is no '", arguments.front(), "'", mc::Hint{usage});
}

}  // namespace mini_container
