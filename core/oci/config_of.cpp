// SPDX-License-Identifier: Apache-2.0
#include "core/oci/config_of.hpp"

#include <algorithm>

#include "core/container_options.hpp"
#include "core/json.hpp"
#include "core/oci/bundle.hpp"

namespace mini_container::oci {

namespace {

// What is written out and only repeats a default need not be said anew.
void mark_defaults(const Value& table, std::string_view name, Options options, Reading& reading) {
  for (const auto& [key, value] : *table.as<Table>()) {
    const mc_option* option = find_option(options, key);
    if (option == nullptr || option->default_text == nullptr) continue;
    const Value alone = check_table(name, Value(Table{}), {option, 1});
    if (write_json(*alone.find(key)) == write_json(value)) reading.mark_default(value);
  }
}

Value tree_of(const Launch& launch) {
  Value tree(Table{});
  tree.set("container", launch.container);
  for (const EnabledPlugin& enabled : launch.plugins)
    tree.set(enabled.plugin->name, enabled.config);
  return tree;
}

void mark_defaults(const Value& tree, const Launch& launch, Reading& reading) {
  mark_defaults(*tree.find("container"), "container", container_options(), reading);
  for (const EnabledPlugin& enabled : launch.plugins)
    mark_defaults(*tree.find(enabled.plugin->name), enabled.plugin->name, enabled.plugin->options,
                  reading);
}

// Of the plugins that the specification knows nothing like. A table may be empty, and enables.
void leave_out_plugins(const Property& launch) {
  static constexpr std::string_view known[] = {
      "container", "rootfs", "pid",        "uts",          "ipc",          "user",    "net",
      "cgroup",    "time",   "seccomp",    "capabilities", "no_new_privs", "rlimits", "lsm",
      "keyring",   "sysctl", "scheduling", "hooks",        "devices"};
  for (const auto& [name, table] : launch.members())
    if (std::ranges::find(known, std::string_view(name)) == std::end(known))
      table.leave_out("the specification knows nothing like it");
}

// A bundle has them in one place, for those who look and for hooks alike.
void add_annotations(const Property& shown, const Property& of_hooks, Value& config) {
  if (shown) config.set("annotations", shown.value());
  if (of_hooks.members().empty()) return;
  if (!shown)
    config.set("annotations", of_hooks.value());
  else if (write_json(shown.value()) != write_json(of_hooks.value()))
    of_hooks.leave_out("a bundle has annotations once, and container.annotations are written");
}

// Older runtimes refuse what says that it is written for a later version than theirs.
constexpr const char* first_version = "1.0.2";

// Of the properties that came after it.
bool needs_later_version(const Property& config) {
  const Property process = config["process"], linux = config["linux"];
  const Property cpu = linux["resources"]["cpu"];
  const Property processes = linux["resources"]["pids"]["limit"];
  for (const Property& mount : config["mounts"].items())
    if (mount["uidMappings"] || mount["gidMappings"]) return true;
  for (const Property& space : linux["namespaces"].items())
    if (space["type"].text() == "time") return true;
  if (processes && processes.integer(-1) == 0) return true;
  return config["domainname"] || process["scheduler"] || process["ioPriority"] ||
         linux["netDevices"] || linux["memoryPolicy"] || cpu["idle"] || cpu["burst"];
}

}  // namespace

Conversion config_of(const Launch& launch, const std::string& directory) {
  const Value tree = tree_of(launch);
  Reading reading;
  mark_defaults(tree, launch, reading);
  const Property tables(&tree, "", tree.place(), &reading);
  leave_out_plugins(tables);
  Conversion out;
  out.tree = Value(Table{});
  out.tree.set("ociVersion", Value(std::string(first_version)));
  add_process(tables, out.tree);
  add_root(tables, directory, out.tree);
  add_namespaces(tables, out.tree);
  if (const Property cgroup = tables["cgroup"]) add_resources(cgroup, out.tree);
  if (const Property seccomp = tables["seccomp"]) add_seccomp(seccomp, out.tree);
  if (const Property hooks = tables["hooks"]) add_hooks(hooks, out.tree);
  if (const Property devices = tables["devices"]) add_devices(devices, out.tree);
  add_annotations(tables["container"]["annotations"], tables["hooks"]["annotations"], out.tree);
  // A bundle gets a keyring unless the command line says otherwise.
  leave_out_if(tables["keyring"]["name"], "a bundle's keyring has no name");
  if (const Property optional = tables["keyring"]["optional"])
    static_cast<void>(optional.boolean());
  if (needs_later_version(Property(&out.tree, "", {})))
    out.tree.set("ociVersion", Value(std::string(spec_version)));
  out.left_out = reading.all_left_out(tree);
  return out;
}

std::string path_from(const std::string& directory, const std::string& path) {
  if (directory.empty() || !path.starts_with(directory + "/")) return path;
  return path.substr(directory.size() + 1);
}

std::string upper_word(std::string_view prefix, std::string word) {
  if (word.starts_with(prefix)) return word;
  std::ranges::transform(word, word.begin(), [](char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  return std::string(prefix) + word;
}

Value upper_words(std::string_view prefix, const Property& words) {
  List out;
  for (const Property& word : words.items())
    out.emplace_back(upper_word(prefix, word.text()), word.place());
  return Value(std::move(out), words.place());
}

Value large_value(std::uint64_t number, const Place& place) {
  if (number <= static_cast<std::uint64_t>(INT64_MAX))
    return Value(static_cast<std::int64_t>(number), place);
  return Value(number, place);
}

void leave_out_if(const Property& option, const char* why) {
  if (option && !option.is_default()) option.leave_out(why);
}

}  // namespace mini_container::oci
