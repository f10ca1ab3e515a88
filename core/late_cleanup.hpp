// SPDX-License-Identifier: Apache-2.0
// The plugins' cleanup by a later process than the one that made the container.
#pragma once

#include <string>
#include <vector>

#include "core/record.hpp"

namespace mini_container {

/// Calls the cleanup hook of every plugin in `record`, in reverse order, each in a process of its
/// own: one that crashes, exits or hangs takes nobody along. Each failure is reported as a warning.
/// Gives whether there was none. Throws mc::Error where a plugin is not there any more.
/// `anew`: a command line that begins all of it again on copies of the memory; with it the
/// processes of plugins that allow it (MC_PLUGIN_SHARES_MEMORY) share ours, and the program
/// executes itself with that line when one of them breaks. Empty: each works on a copy.
bool clean_up_later(const ContainerState& state, const ContainerRecord& record,
                    const std::string& state_root, pid_t container_pid, Catalog& catalog,
                    const std::vector<std::string>& anew);

}  // namespace mini_container
