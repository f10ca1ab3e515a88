// SPDX-License-Identifier: Apache-2.0
// A place to try a plugin in: namespaces around the whole runtime, so that nothing that a plugin
// does to mounts, names, IPC, processes or the network outlives the trial.
#pragma once

#include <functional>
#include <string>

namespace mini_container {

/// In a process of its own: calls `before`, makes the namespaces, and there calls `body` with the
/// path of an empty state root. What an ordinary user's namespace would make a stranger's (files of
/// root) is for `before`. Gives the body's exit code; 1 where `before` gave false; 128 and the
/// signal where one ended it; 125, with the reason on standard error, where the namespaces cannot
/// be made.
int in_throwaway_host(const std::function<bool()>& before,
                      const std::function<int(const std::string& state_root)>& body);

}  // namespace mini_container
