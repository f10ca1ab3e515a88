// SPDX-License-Identifier: Apache-2.0
// Annotations mini_container.TABLE.KEY: isolation that the specification does not know.
#include "core/oci/annotations.hpp"

#include <algorithm>

#include "core/nearest.hpp"

namespace mini_container::oci {

namespace {

const mc_option& need_option(const Plugin& plugin, std::string_view key,
                             const Property& annotation) {
  if (const mc_option* found = find_option(plugin.options, key)) return *found;
  std::vector<std::string> keys;
  for (const mc_option& option : plugin.options) keys.emplace_back(option.key);
  const auto near = nearest(std::string(key), keys);
  annotation.refuse("plugin '", plugin.name, "' has no option '", key.substr(0, 60), "'",
                    mc::Hint{near.empty() ? "" : mc::concat("did you mean '", near, "'?")});
}

void apply(std::string_view name, const Property& annotation, const Settings& settings,
           Catalog& catalog, Value& tree) {
  const std::size_t dot = name.find('.');
  const std::string table(name.substr(0, dot));
  const std::string_view key = dot == name.npos ? std::string_view() : name.substr(dot + 1);
  if (!settings.allows_annotation(table, key))
    annotation.refuse("it is not allowed on this machine",
                      mc::Hint{mc::concat("its administrator can list \"", table.substr(0, 60),
                                          "\" as annotations.allow in ", settings_path)});
  const std::string text = annotation.text();
  const Plugin& plugin =
      catalog.get(table, mc::concat(annotation.place().text(), ": ", annotation.path()));
  if (key.empty()) {
    if (text != "true") annotation.refuse("it enables a plugin, and may be \"true\" alone");
    table_of(tree, table, annotation.place());
    return;
  }
  const mc_option& option = need_option(plugin, key, annotation);
  table_of(tree, table, annotation.place())
      .set(key, parse_option_text(option, text, annotation.place()));
}

}  // namespace

void apply_annotations(const Property& annotations, const SettingsSource& settings,
                       Catalog& catalog, Value& tree) {
  std::optional<Settings> read;
  for (const auto& [name, annotation] : annotations.members()) {
    if (!name.starts_with(annotation_prefix)) continue;
    if (!read) read = settings();
    apply(std::string_view(name).substr(annotation_prefix.size()), annotation, *read, catalog,
          tree);
  }
}

}  // namespace mini_container::oci
