// SPDX-License-Identifier: Apache-2.0
// How a container engine gets the container's terminal: over a Unix socket that it listens on.
#pragma once

#include <string>

namespace mini_container {

/// Sends the master of a pseudoterminal, with its name as the message (SCM_RIGHTS, unix(7)).
void send_terminal(const std::string& socket_path, int master);

}  // namespace mini_container
