// SPDX-License-Identifier: Apache-2.0
#include "core/oci/exec_options.hpp"

#include <algorithm>

#include "core/container_options.hpp"
#include "core/oci/bundle.hpp"
#include "core/plugin_order.hpp"

namespace mini_container::oci {

namespace {

// What a process object says as a whole: what it leaves out is not taken from the container.
constexpr const char* process_tables[] = {"capabilities", "rlimits", "no_new_privs", "lsm",
                                          "scheduling"};
constexpr const char* process_keys[] = {"command",  "cwd",      "terminal",     "user",
                                        "groups",   "umask",    "env",          "env_defaults",
                                        "env_home", "env_pass", "terminal_size"};

Value* find_table(Launch& launch, std::string_view plugin) {
  const auto found =
      std::ranges::find(launch.plugins, plugin,
                        [](const EnabledPlugin& e) -> std::string_view { return e.plugin->name; });
  return found != launch.plugins.end() ? &found->config : nullptr;
}

// Puts the checked table in the place of the one that is there, or the plugin into its order.
void set_table(Launch& launch, const std::string& name, const Value& table, Catalog& catalog) {
  const Plugin& plugin = catalog.get(name, table.place().text());
  Value checked = check_table(name, table, plugin.options);
  if (Value* there = find_table(launch, name)) {
    *there = std::move(checked);
    return;
  }
  launch.plugins.push_back({&plugin, std::move(checked)});
  std::vector<const Plugin*> order;
  for (const auto& each : launch.plugins) order.push_back(each.plugin);
  std::vector<EnabledPlugin> sorted;
  for (const Plugin* each : order_plugins(order))
    sorted.push_back(std::move(*std::ranges::find(launch.plugins, each, &EnabledPlugin::plugin)));
  launch.plugins = std::move(sorted);
}

void remove_table(Launch& launch, std::string_view name) {
  std::erase_if(launch.plugins, [&](const EnabledPlugin& e) { return e.plugin->name == name; });
}

void apply_process(Launch& launch, const std::string& file, Catalog& catalog) {
  const Value tree = translate_process_file(read_json_file(file), {});
  const Value container = check_table("process", *tree.find("container"), container_options());
  Table& members = *launch.container.as<Table>();
  for (const char* key : process_keys) {
    std::erase_if(members, [&](const Member& member) { return member.first == key; });
    if (const Value* value = container.find(key)) launch.container.set(key, *value);
  }
  for (const char* name : process_tables) {
    remove_table(launch, name);
    if (const Value* table = tree.find(name)) set_table(launch, name, *table, catalog);
  }
}

List text_list(const std::vector<std::string>& texts, const char* source) {
  List out;
  for (const auto& text : texts) out.emplace_back(text, Place{source});
  return out;
}

void add_environment(Launch& launch, const std::vector<std::string>& env) {
  if (env.empty()) return;
  const Value* there = launch.container.find("env");
  Value all = there != nullptr ? *there : Value(Table{});
  for (const auto& text : env) {
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string::npos)
      mc::fail("exec: --env '", text, "' is not NAME=VALUE");
    all.set(text.substr(0, equals), Value(text.substr(equals + 1)));
  }
  launch.container.set("env", std::move(all));
}

// Beside those that the container has.
void add_capabilities(Launch& launch, const std::vector<std::string>& names, Catalog& catalog) {
  if (names.empty()) return;
  if (find_table(launch, "capabilities") == nullptr)
    mc::fail("exec: --cap: the container's capabilities are not limited");
  Value table = *find_table(launch, "capabilities");
  for (const char* set : {"bounding", "permitted", "effective"}) {
    Value* list = table.find(set);
    if (list == nullptr)
      mc::fail("exec: --cap: the container's launch does not list its ", set, " capabilities");
    for (Value& name : text_list(names, "--cap")) list->as<List>()->push_back(std::move(name));
  }
  set_table(launch, "capabilities", table, catalog);
}

void add_labels(Launch& launch, const ExecRequest& request, Catalog& catalog) {
  if (request.apparmor.empty() && request.label.empty()) return;
  const Value* there = find_table(launch, "lsm");
  Value table = there != nullptr ? *there : Value(Table{});
  if (!request.apparmor.empty())
    table.set("apparmor", Value(request.apparmor, Place{"--apparmor"}));
  if (!request.label.empty()) table.set("selinux", Value(request.label, Place{"--process-label"}));
  set_table(launch, "lsm", table, catalog);
}

void add_scheduling(Launch& launch, const ExecRequest& request, Catalog& catalog) {
  if (request.scheduling == nullptr) return;
  const Value* there = find_table(launch, "scheduling");
  Value table = there != nullptr ? *there : Value(Table{});
  if (table.find("cpu_affinity") != nullptr || table.find("cpu_affinity_initial") != nullptr)
    return;
  for (const auto& [key, value] : *request.scheduling->as<Table>()) table.set(key, value);
  set_table(launch, "scheduling", table, catalog);
}

}  // namespace

void change_launch(Launch& launch, const ExecRequest& request, Catalog& catalog) {
  if (!request.process_file.empty()) apply_process(launch, request.process_file, catalog);
  if (!request.user.empty()) launch.container.set("user", Value(request.user, Place{"--user"}));
  if (!request.cwd.empty()) launch.container.set("cwd", Value(request.cwd, Place{"--cwd"}));
  if (request.terminal) launch.container.set("terminal", Value(true));
  if (!request.groups.empty())
    launch.container.set("groups", Value(text_list(request.groups, "--additional-gids")));
  if (!request.command.empty())
    launch.container.set("command", Value(text_list(request.command, "the command line")));
  add_environment(launch, request.env);
  add_capabilities(launch, request.capabilities, catalog);
  add_labels(launch, request, catalog);
  add_scheduling(launch, request, catalog);
  if (request.no_new_privs)
    set_table(launch, "no_new_privs", Value(Table{}, Place{"--no-new-privs"}), catalog);
  List kept;
  for (int fd = 3; fd < 3 + request.preserve_fds; ++fd)
    kept.emplace_back(std::int64_t{fd}, Place{"--preserve-fds"});
  launch.container.set("keep_fds", Value(std::move(kept)));
}

}  // namespace mini_container::oci
