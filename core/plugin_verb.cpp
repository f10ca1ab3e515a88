// SPDX-License-Identifier: Apache-2.0
// plugin list, plugin info, plugin check.
#include <algorithm>
#include <cstdio>

#include "core/failure.hpp"
#include "core/json.hpp"
#include "core/plugin_check.hpp"
#include "core/plugin_file.hpp"
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

// A plugin that cannot be read has its row, with the reason.
int list_plugins(VerbContext& context, Arguments arguments) {
  const bool json = take_json(arguments);
  if (!arguments.empty())
    mc::fail("plugin list: '", arguments.front(), "' is one argument too many", mc::Hint{usage});
  List values;
  std::string text;
  int exit_code = 0;
  for (const auto& name : context.catalog.names()) {
    char head[64];
    try {
      const Plugin* plugin = context.catalog.find(name);
      if (plugin == nullptr) continue;
      values.push_back(plugin_summary_value(*plugin));
      std::snprintf(head, sizeof head, "%-14s %-8s ", name.c_str(), plugin->data.version);
      mc::detail::append(text, mc::concat(head, plugin->data.summary, "  (", plugin->path, ")\n"));
    } catch (const mc::Error& error) {
      exit_code = exit_runtime_failed;
      Value broken(Table{});
      broken.set("name", Value(name));
      broken.set("error", Value(describe(error)));
      values.push_back(std::move(broken));
      std::snprintf(head, sizeof head, "%-14s %-8s ", name.c_str(), "broken");
      mc::detail::append(text, mc::concat(head, describe(error), '\n'));
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
