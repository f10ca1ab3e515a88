// SPDX-License-Identifier: Apache-2.0
#include "core/catalog.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "core/builtin_plugins.hpp"
#include "core/flags.hpp"
#include "core/nearest.hpp"
#include "core/plugin_place.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

constexpr std::string_view suffix = ".so";

// What is recorded of a container's plugins is looked for from other working directories.
std::string made_absolute(const std::string& directory) {
  const bool as_it_is = directory.starts_with('/') || ::access(directory.c_str(), F_OK) != 0;
  return as_it_is ? directory : absolute_path(directory);
}

}  // namespace

// Built in means closed: nothing is loaded from disk.
Catalog::Catalog() {
  if (*builtin_plugins != nullptr) return;
  constexpr const char* variable = "MINI_CONTAINER_PLUGIN_DIR";
  const char* const asked = ::secure_getenv(variable);
  if (asked != nullptr && *asked != '\0') directories_.push_back({made_absolute(asked), variable});
  for (auto& directory : own_plugin_directories()) directories_.push_back({std::move(directory)});
}
Catalog::~Catalog() = default;

bool Catalog::look_at(const Directory& directory) {
  const bool there = check_plugin_directory(directory.path);
  if (directory.given_by == nullptr) return there;
  if (!there)
    mc::fail(directory.given_by, " '", directory.path, "' is not a directory",
             mc::Hint{"name the one that holds the plugins' NAME.so"});
  check_way_to(directory.path);
  return true;
}

void Catalog::add_directory(const std::string& given) {
  Directory directory{made_absolute(given), "--plugin-dir"};
  const auto known = std::ranges::find(directories_, directory.path, &Directory::path);
  if (known != directories_.end()) return;
  directory.usable = look_at(directory);
  directories_.insert(directories_.begin(), std::move(directory));
}

const Plugin* Catalog::find(const std::string& name) {
  const auto found = std::ranges::find(loaded_, name, [](const auto& p) { return p->name; });
  if (found != loaded_.end()) return found->get();
  for (const auto* const* entry = builtin_plugins; *entry != nullptr; ++entry)
    if ((*entry)->name == name) {
      loaded_.push_back(std::make_unique<Plugin>(read_descriptor(*entry, "built in")));
      check_declared_flags(*loaded_.back());
      return loaded_.back().get();
    }
  // The name becomes part of a path.
  if (name.empty() || name.find('/') != std::string::npos || name.front() == '.') return nullptr;
  for (auto& directory : directories_) {
    // Looked at once: who may change it later could change what was seen before as well.
    if (!directory.usable) directory.usable = look_at(directory);
    if (!*directory.usable) continue;
    const std::string path = mc::concat(directory.path, '/', name, suffix);
    const Plugin* plugin = find_file(path, check_declared_flags);
    if (plugin == nullptr) continue;
    if (plugin->name == name) return plugin;
    // Else it would be what is found by that name from now on.
    const auto entry = std::ranges::find(loaded_, plugin, [](const auto& p) { return p.get(); });
    misnamed_.push_back(std::move(*entry));
    loaded_.erase(entry);
    mc::fail("plugin '", path, "' calls itself '", plugin->name, "'",
             mc::Hint{"a plugin's file is named NAME.so"});
  }
  return nullptr;
}

const Plugin* Catalog::find_file(const std::string& path, PluginCheck* check) {
  const auto there = std::ranges::find(loaded_, path, [](const auto& p) { return p->path; });
  if (there != loaded_.end()) return there->get();
  if (*builtin_plugins != nullptr) {
    if (::access(path.c_str(), F_OK) != 0) return nullptr;
    mc::fail("load plugin '", path,
             "': this mini_container loads no files: its plugins are linked in",
             mc::Hint{"use one that is built without MINI_CONTAINER_BUILTIN"});
  }
  auto plugin = load_plugin_file(path, check);
  if (plugin == nullptr) return nullptr;
  loaded_.push_back(std::move(plugin));
  return loaded_.back().get();
}

const Plugin& Catalog::load_file(const std::string& path) {
  if (const Plugin* plugin = find_file(path, nullptr)) return *plugin;
  check_plugin_file(path);  // says why
  mc::fail("plugin '", path, "' has only just appeared", mc::Hint{"try again"});
}

const Plugin& Catalog::get(const std::string& name, const std::string& asked_at) {
  if (const Plugin* plugin = find(name)) return *plugin;
  refuse_missing(name, asked_at);
}

void Catalog::refuse_missing(const std::string& name, const std::string& asked_at,
                             std::string_view also) const {
  const auto there = names();
  std::string list;
  for (const auto& each : there) mc::detail::append(list, list.empty() ? each : ", " + each);
  std::string from;
  for (const auto& directory : directories_)
    from += mc::concat(from.empty() ? "'" : ", '", directory.path, "'");
  auto candidates = there;
  if (!also.empty()) candidates.emplace_back(also);
  const auto near = nearest(name, candidates);
  mc::fail(asked_at, ": there is no plugin '", name, "'",
           near.empty() ? "" : "; did you mean '" + near + "'?",
           "; there are: ", list.empty() ? "none" : list,
           !from.empty()                 ? " (from " + from + ")"
           : *builtin_plugins != nullptr ? " (built in)"
                                         : "");
}

std::vector<std::string> Catalog::names() const {
  std::set<std::string> out;
  for (const auto* const* entry = builtin_plugins; *entry != nullptr; ++entry)
    out.emplace((*entry)->name);
  for (const auto& directory : directories_) {
    if (!look_at(directory)) continue;
    DIR* stream = ::opendir(directory.path.c_str());
    if (stream == nullptr) continue;
    while (const dirent* entry = ::readdir(stream)) {
      const std::string_view file = entry->d_name;
      if (file.size() > suffix.size() && file.ends_with(suffix) && file.front() != '.')
        out.emplace(file.substr(0, file.size() - suffix.size()));
    }
    ::closedir(stream);
  }
  return {out.begin(), out.end()};
}

}  // namespace mini_container
