// SPDX-License-Identifier: Apache-2.0
// The plugins that are there: built in, or as files in the plugin directories.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin.hpp"
#include "core/plugin_file.hpp"

namespace mini_container {

/// Where plugins are looked for after what --plugin-dir names: MINI_CONTAINER_PLUGIN_DIR of the
/// environment (ignored with AT_SECURE), `plugins.d` beside the binary (a build tree), and the
/// installed directory, which is found from where the binary lies. None where plugins are built in.
std::vector<std::string> default_plugin_directories();

class Catalog {
 public:
  /// `directories` in the order in which they are searched.
  explicit Catalog(std::vector<std::string> directories);
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  /// Searches `directory` too, before the others.
  void add_directory(const std::string& directory);

  /// Loads the plugin `name` (once); nullptr where there is none of that name. Throws mc::Error
  /// for a file that is refused or broken.
  const Plugin* find(const std::string& name);
  /// The same; throws where there is none, naming those that are there, and from where.
  const Plugin& get(const std::string& name, const std::string& asked_at);
  /// `also`: what may be meant beside a plugin, or empty.
  [[noreturn]] void refuse_missing(const std::string& name, const std::string& asked_at,
                                   std::string_view also = {}) const;
  /// Loads the plugin in this very file, wherever it is: what was launched by an earlier version is
  /// undone by it, whatever flags it declares.
  const Plugin& load_file(const std::string& path);

  /// The names of all that are there, sorted, none loaded.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct Directory {
    std::string path;
    std::optional<bool> usable = std::nullopt;  // not looked at yet
  };

  const Plugin* find_file(const std::string& path, PluginCheck* check);  // nullptr: there is none

  std::vector<Directory> directories_;
  std::vector<std::unique_ptr<Plugin>> loaded_;
  std::vector<std::unique_ptr<Plugin>> misnamed_;  // refused
};

}  // namespace mini_container
