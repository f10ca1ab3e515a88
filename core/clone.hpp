// SPDX-License-Identifier: Apache-2.0
// The one clone3 of a launch.
#pragma once

#include <sys/types.h>

#include "core/plan.hpp"

namespace mini_container {

struct Cloned {
  pid_t pid = -1;  // 0: this is the child
  mc::Fd pidfd;
};

/// [agent] Clones into the plan's new namespaces and cgroup, and into the pid and user namespaces
/// that it joins; returns in both processes. Throws mc::Error, in the agent, naming the right or
/// the limit that stood in the way.
Cloned clone_container(const Plan& plan);

}  // namespace mini_container
