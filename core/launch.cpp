// SPDX-License-Identifier: Apache-2.0
#include "core/launch.hpp"

#include <algorithm>

#include "core/container_options.hpp"
#include "core/namespaces.hpp"
#include "core/nearest.hpp"
#include "core/plugin_order.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

constexpr std::string_view container_table = "container";

struct Named {
  const Plugin* plugin;
  Value table;

  [[nodiscard]] std::string where() const { return table.place().text(); }
};

[[noreturn]] void refuse_disabled(const DisabledPlugin& disabled, const Named& needing) {
  const auto flag = disabled.place.text();
  mc::fail(flag, ": '", needing.plugin->name, "' (", needing.where(), ") needs '", disabled.name,
           "'", mc::Hint{mc::concat("leave out ", flag, ", or add --no-", needing.plugin->name)});
}

// Those that are needed come in behind those that need them; the order is made later.
void add_needed(std::vector<Named>& named, Catalog& catalog,
                std::span<const DisabledPlugin> disabled) {
  for (std::size_t i = 0; i < named.size(); ++i) {
    const Plugin* needing = named[i].plugin;
    for (const auto& need : needing->needs) {
      const auto same = [&](const Named& each) { return each.plugin->name == need; };
      if (std::ranges::any_of(named, same)) continue;
      if (const auto out = std::ranges::find(disabled, need, &DisabledPlugin::name);
          out != disabled.end())
        refuse_disabled(*out, named[i]);
      const Place place{intern(mc::concat("needed by '", needing->name, "'"))};
      named.push_back({&catalog.get(need, place.source), Value(Table{}, place)});
    }
  }
}

void refuse_two_of_one_kind(const std::vector<Named>& named) {
  const Named* pivot_owner = nullptr;
  for (const auto& each : named) {
    if (each.plugin->data.pivot != nullptr) {
      if (pivot_owner != nullptr)
        mc::fail(each.where(), ": '", each.plugin->name, "' and '", pivot_owner->plugin->name,
                 "' (", pivot_owner->where(), ") both enter the new root; a launch has one at most",
                 mc::Hint{"leave one of them out"});
      pivot_owner = &each;
    }
    for (const auto& other : named) {
      if (&other == &each) break;
      const auto both = each.plugin->data.namespaces & other.plugin->data.namespaces;
      if (both != 0)
        mc::fail(each.where(), ": '", each.plugin->name, "' and '", other.plugin->name, "' (",
                 other.where(), ") both own ", namespace_names(both),
                 mc::Hint{"a namespace has one owner; leave one of them out"});
    }
  }
}

// environ(7): a name ends at the first '='.
void check_environment(const Value& container) {
  const Value* variables = container.find("env");
  if (variables == nullptr) return;
  for (const auto& [name, value] : *variables->as<Table>())
    if (name.empty() || name.find('=') != std::string::npos)
      mc::fail(value.place().text(), ": container.env: '", name, "' is no name of a variable",
               mc::Hint{"a name has at least one character and no '='"});
}

}  // namespace

Launch check_launch(Value tree, const std::string& directory, Catalog& catalog,
                    std::span<const DisabledPlugin> disabled) {
  Launch launch;
  launch.directory = directory;
  launch.container = Value(Table{});
  auto* tables = tree.as<Table>();
  if (tables == nullptr) mc::fail("the launch is not a table");
  std::vector<Named> named;
  named.reserve(tables->size());
  for (auto& [name, value] : *tables) {
    if (value.as<Table>() == nullptr) {
      const std::string keys[] = {"extends"};
      mc::fail(
          value.place().text(), ": ", name, ": a launch consists of tables, and this is a ",
          value.type_name(),
          mc::Hint{nearest(name, keys).empty() ? "write it inside [container] or a plugin's table"
                                               : "did you mean 'extends'?"});
    }
    if (name == container_table) {
      launch.container = std::move(value);
      continue;
    }
    const Plugin* plugin = catalog.find(name);
    if (plugin == nullptr)
      catalog.refuse_missing(name, mc::concat(value.place().text(), ": [", name, "]"),
                             container_table);
    named.push_back({plugin, std::move(value)});
  }
  launch.container = check_table(container_table, std::move(launch.container), container_options());
  check_environment(launch.container);
  add_needed(named, catalog, disabled);
  refuse_two_of_one_kind(named);

  std::vector<const Plugin*> order;
  order.reserve(named.size());
  for (const auto& each : named) order.push_back(each.plugin);
  launch.plugins.reserve(named.size());
  for (const Plugin* plugin : order_plugins(order)) {
    const auto found = std::ranges::find(named, plugin, &Named::plugin);
    launch.plugins.push_back(
        {plugin, check_table(plugin->name, std::move(found->table), plugin->options)});
  }
  return launch;
}

std::uint64_t hook_deadline_ns(const Launch& launch, const Plugin& plugin) {
  const auto own_ms = plugin.data.deadline_ms;
  if (own_ms == UINT32_MAX) return 0;
  if (own_ms != 0) return own_ms * 1'000'000ULL;
  const auto* timeout = launch.container.find("hook_timeout");
  return static_cast<std::uint64_t>(*timeout->as<std::int64_t>()) * 1000U;
}

}  // namespace mini_container
