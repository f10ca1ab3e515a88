// SPDX-License-Identifier: Apache-2.0
// A plugin's file: looked over, and loaded. The only file that knows Boost.DLL.
#pragma once

#include <memory>
#include <string>

#include "core/plugin.hpp"

namespace mini_container {

/// Refuses a plugin's file as check_plugin_directory does a directory; it has to be a regular file,
/// and whole.
void check_plugin_file(const std::string& path);

/// Throws mc::Error for what it refuses.
using PluginCheck = void(const Plugin& plugin);

/// Checks the file so, loads it (RTLD_NOW | RTLD_LOCAL, never unloaded), reads its mc_plugin_v1 and
/// has `check`, if any, look at it while a pointer that leads nowhere is still the file's fault;
/// nullptr where there is no such file. Throws mc::Error for one that is no plugin.
std::unique_ptr<Plugin> load_plugin_file(const std::string& path, PluginCheck* check);

}  // namespace mini_container
