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

class Catalog {
 public:
  /// Looks for plugins in what MINI_CONTAINER_PLUGIN_DIR of the environment names (ignored where it
  /// is empty, and with AT_SECURE), in `plugins.d` beside the binary (a build tree), and in the
  /// installed directory, which is found from where the binary lies. Where plugins are built in, in
  /// none of them.
  Catalog();
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
    const char* given_by = nullptr;             // a flag or a variable: it has to be there
    std::optional<bool> usable = std::nullopt;  // not looked at yet
  };

  static bool look_at(const Directory& directory);  // false: there is none, and need not be

  const Plugin* find_file(const std::string& path, PluginCheck* check);  // nullptr: there is none

  std::vector<Directory> directories_;
  std::vector<std::unique_ptr<Plugin>> loaded_;
  std::vector<std::unique_ptr<Plugin>> misnamed_;  // refused
};

}  // namespace mini_container
