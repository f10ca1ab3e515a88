// SPDX-License-Identifier: Apache-2.0
#include "core/joining.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <optional>

#include "core/clone.hpp"
#include "core/namespaces.hpp"
#include "core/progress.hpp"
#include "mini_container/enter_cgroup.hpp"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace mini_container {

// All at once, by the pidfd of the container's first process: setns(2).
void enter_container(const ExecTarget& target) {
  for (const auto& cgroup : target.cgroups)
    mc::enter_cgroup(cgroup.get(), "enter the container's cgroup");
  auto types = target.namespaces & ~static_cast<std::uint64_t>(CLONE_NEWPID);
  if (target.agent_joined_user) types &= ~static_cast<std::uint64_t>(CLONE_NEWUSER);
  std::optional<KeptClock> kept;
  if ((types & CLONE_NEWTIME) != 0) kept.emplace();
  if (types != 0)
    mc::check(::setns(target.pidfd.get(), static_cast<int>(types)), "join the namespaces ",
              namespace_names(types), " of the container");
  if (!target.root) return;
  mc::check(::fchdir(target.root.get()), "change to the container's root");
  mc::check(::chroot("."), "chroot to the container's root");
}

void join_planned_namespaces(const Plan& plan) {
  for (const auto& kind : namespace_kinds) {
    const auto* space = plan.find_namespace(kind.flag);
    const bool before = kind.flag == CLONE_NEWPID || kind.flag == CLONE_NEWUSER;
    if (space == nullptr || !space->joined || before) continue;
    std::optional<KeptClock> kept;
    if (kind.flag == CLONE_NEWTIME) kept.emplace();
    if (::setns(space->joined.get(), static_cast<int>(kind.flag)) == 0) continue;
    // setns(2): the right must be had in the user namespace that owns it.
    mc::fail_with(errno, "join the ", kind.proc_name, " namespace of ", space->origin.text(),
                  mc::Hint{errno == EPERM ? "the container has no rights in the user namespace "
                                            "that it belongs to; join that one, or none"
                                          : ""});
  }
  // clone3 would put the child into it at once, which freezes the offsets before anyone can write
  // them; so it is made here, and entered once they are: time_namespaces(7).
  if ((plan.clone_flags() & CLONE_NEWTIME) != 0 && ::unshare(CLONE_NEWTIME) != 0)
    mc::fail_with(errno, "make a time namespace",
                  mc::Hint{errno == EPERM ? sys_admin_is_missing : ""});
}

// At an execve Linux 6.1 would leave us where we are: there only a fork enters it.
void enter_new_time_namespace(const Plan& plan) {
  if ((plan.clone_flags() & CLONE_NEWTIME) == 0) return;
  const mc::Fd space(mc::check(::open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC),
                               "open '/proc/self/ns/time_for_children'",
                               mc::Hint{"mount proc on /proc"}));
  const KeptClock kept;
  mc::check(::setns(space.get(), CLONE_NEWTIME), "enter the time namespace");
}

}  // namespace mini_container
