// SPDX-License-Identifier: Apache-2.0
// Hands the descriptor of the action `notify` to the program that answers for it, as the OCI
// specification says: config-linux.md, "The Container Process State".
#pragma once

#include <string>

#include "mini_container/plugin.hpp"

namespace seccomp {

/// [agent] A connection to the program that listens at `path`.
mc::Fd connect_listener(const std::string& path);

/// The container process state, as JSON.
std::string process_state(const mc::Call& call, const std::string& metadata);

/// [child] Sends `state` and the descriptor `fd` along with it.
void send_listener(int socket, const std::string& state, int fd);

}  // namespace seccomp
