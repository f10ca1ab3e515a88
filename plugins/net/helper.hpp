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

/// The name server that the helper offers by itself; empty for pasta, and without a helper.
std::string helper_name_server(const Helper& helper);

/// The container that it works for.
struct HelperTarget {
  int pid = -1;
  int pidfd = -1;
  bool own_users = false;  // it has a user namespace of its own
  bool outlives = false;   // the agent will not stay with it
};

/// [agent] Starts it and waits until the interface is there. It is noted in `state_fd` first.
void start_helper(const Helper& helper, const Settings& settings, const HelperTarget& target,
                  int state_fd);

/// [agent] Ends it, from what `state_fd` holds; repeatable.
void stop_helper(int state_fd);

}  // namespace net
