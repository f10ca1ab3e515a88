// SPDX-License-Identifier: Apache-2.0
// A place to try a plugin in: namespaces around the whole runtime, so that nothing that a plugin
// does to mounts, names, IPC, processes or the network outlives the trial.
#pragma once

#include <functional>
#include <string>

namespace mini_container {

/// Runs `body` in a process there, with the path of an empty state root, and gives its exit
/// code: 128 and the signal where one ended it; 125, with the reason on standard error, where the
/// namespaces cannot be made.
int in_throwaway_host(const std::function<int(const std::string& state_root)>& body);

}  // namespace mini_container
