// SPDX-License-Identifier: Apache-2.0
// How a process enters a cgroup by itself.
#pragma once

#include <sched.h>
#include <unistd.h>

#include <string_view>

#include "mini_container/error.hpp"

namespace mc {

/// Moves the calling thread, the only one of its process, into the cgroup whose `tasks`,
/// cgroup.threads or cgroup.procs is open for writing as `entry`: cgroups(7). Throws with `what`.
inline void enter_cgroup(int entry, std::string_view what) {
  if (::write(entry, "0", 1) == 1) return;
  const int failed = errno;
  const int policy = ::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
  // A kernel with CONFIG_RT_GROUP_SCHED, and a cgroup of the controller cpu.
  if (failed == EINVAL && (policy == SCHED_FIFO || policy == SCHED_RR))
    fail_with(
        failed, what, ": it has no real-time budget, and this process a real-time policy",
        Hint{"launch without one (chrt --other 0), or set cgroup.cpu_rt_runtime, which the parent "
             "cgroup must have as well"});
  fail_with(failed, what);
}

}  // namespace mc
