// SPDX-License-Identifier: Apache-2.0
// A plugin's descriptor for people and for programs: `plugin list` and `plugin info`.
#pragma once

#include <string>
#include <vector>

#include "core/plugin.hpp"
#include "core/value.hpp"

namespace mini_container {

/// The names of the hooks that it has, in the order in which they run.
std::vector<std::string> hook_names(const Plugin& plugin);

/// Everything that it declares, on 80 columns.
std::string plugin_text(const Plugin& plugin);

/// Name, version, summary and path.
Value plugin_summary_value(const Plugin& plugin);
/// Everything that it declares.
Value plugin_value(const Plugin& plugin);

}  // namespace mini_container
