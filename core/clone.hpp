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

/// [agent] The same for a plan that joins no namespace and is born into no cgroup, but `body` runs
/// with `argument` in the agent's memory, on a stack of its own, and never returns; the agent goes
/// on when the child has executed its program or ended: CLONE_VM and CLONE_VFORK of clone(2).
/// Throws mc::Error as above.
Cloned clone_sharing_memory(const Plan& plan, int (*body)(void*), void* argument);

}  // namespace mini_container
