// SPDX-License-Identifier: Apache-2.0
// User-mode networking: pasta or slirp4netns carries the container's traffic as an ordinary
// process of the user.
#pragma once

#include <string>

#include "settings.hpp"

namespace net {

struct Helper {
  std::string path;
  bool pasta = false;
};

/// [agent] The program that the launch names, or the first one installed. Throws where there is
/// none.
Helper find_helper(const mc::Node& config);

/// The name server that the helper offers by itself; empty for pasta.
std::string helper_name_server(const Helper& helper);

/// [agent] Starts it for the network namespace of `pid` and waits until the interface is there. It
/// is noted in `state_fd` first. `outlives`: the agent will not stay with the container.
void start_helper(const Helper& helper, const Settings& settings, int pid, int pidfd,
                  int state_fd, bool outlives);

/// [agent] Ends it, from what `state_fd` holds; repeatable.
void stop_helper(int state_fd);

}  // namespace net
