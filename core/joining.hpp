// SPDX-License-Identifier: Apache-2.0
// Namespaces and cgroups that are there already, and that the child enters: setns(2).
#pragma once

#include <cstdint>
#include <vector>

#include "core/plan.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

/// A running container that the child is to enter, for `exec`.
struct ExecTarget {
  mc::Fd pidfd;                    // of its first process
  std::uint64_t namespaces = 0;    // CLONE_NEW* that differ from the agent's
  std::vector<mc::Fd> cgroups;     // "0" is written to each: cgroups(7), cgroup.procs
  mc::Fd root;                     // where joining a mount namespace does not lead to it
  bool agent_joined_user = false;  // an ordinary user's agent had to, to be allowed the rest
};

/// [child] For `exec`: the cgroups, the namespaces and the root of a running container. Throws
/// mc::Error.
void enter_container(const ExecTarget& target);

/// [child] The namespaces that the plan joins, but for those of pid and user, which are joined
/// before the clone; and a new time namespace, where there is to be one, without entering it.
/// Throws mc::Error.
void join_planned_namespaces(const Plan& plan);

/// [child] Enters that new time namespace, whose offsets are fixed from then on. Not in memory that
/// is another process's as well: setns(2). Throws mc::Error.
void enter_new_time_namespace(const Plan& plan);

}  // namespace mini_container
