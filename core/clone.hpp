// SPDX-License-Identifier: Apache-2.0
// The one clone of a launch.
#pragma once

#include <sys/types.h>

#include "core/plan.hpp"

namespace mini_container {

/// The way out where a new namespace is not permitted.
inline constexpr const char* sys_admin_is_missing =
    "CAP_SYS_ADMIN is missing; run as root, or enable the plugin 'user' (--user.mode auto), which "
    "gives it inside";

struct Cloned {
  pid_t pid = -1;  // 0: this is the child
  mc::Fd pidfd;
};

/// [agent] Clones into the plan's new namespaces and cgroup, and into the pid and user namespaces
/// that it joins; returns in both processes. Throws mc::Error, in the agent, naming the right or
/// the limit that stood in the way. `is_reached`: the agent will look for the child in /proc,
/// before its execve.
Cloned clone_container(const Plan& plan, bool is_reached);

/// Whether clone_sharing_memory can put the child into a cgroup: not on every processor.
bool may_share_memory_in_cgroup();

/// Clones into new `namespaces` (CLONE_NEW* bits), and into `cgroup` where it is open; `body` runs
/// with `argument` in the caller's memory, further down on its stack, and never returns. The caller
/// goes on when the child has executed a program or ended: CLONE_VM and CLONE_VFORK of clone(2).
/// Throws mc::Error as above.
Cloned clone_sharing_memory(std::uint64_t namespaces, const mc::Fd& cgroup, int (*body)(void*),
                            void* argument);

}  // namespace mini_container
