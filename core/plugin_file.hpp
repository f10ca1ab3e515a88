// SPDX-License-Identifier: Apache-2.0
// A plugin is trusted code: where its file may come from. The only file that knows Boost.DLL.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/plugin.hpp"

namespace mini_container {

/// `path` from the working directory, without links. Throws mc::Error where there is nothing.
std::string absolute_path(const std::string& path);

/// Where plugins came with this very binary: `plugins.d` beside it where that exists (a build
/// tree), and where `install` puts them.
std::vector<std::string> own_plugin_directories();

/// Refuses a directory that is not owned by root or by the user who runs this, or that others may
/// write to. Throws mc::Error naming it and the way out. Gives false where it does not exist.
bool check_plugin_directory(const std::string& path);

/// The same for a plugin's file, which has to be a regular file, and whole.
void check_plugin_file(const std::string& path);

/// Throws mc::Error for what it refuses.
using PluginCheck = void(const Plugin& plugin);

/// Checks the file so, loads it (RTLD_NOW | RTLD_LOCAL, never unloaded), reads its mc_plugin_v1 and
/// has `check`, if any, look at it while a pointer that leads nowhere is still the file's fault;
/// nullptr where there is no such file. Throws mc::Error for one that is no plugin.
std::unique_ptr<Plugin> load_plugin_file(const std::string& path, PluginCheck* check);

}  // namespace mini_container
