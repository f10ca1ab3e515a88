// SPDX-License-Identifier: Apache-2.0
// Namespaces and cgroups that are there already, and that the child enters: setns(2).
#pragma once

#include "core/child.hpp"
#include "core/plan.hpp"

namespace mini_container {

/// [child] For `exec`: the cgroups, the namespaces and the root of a running container. Throws
/// mc::Error.
void enter_container(const ExecTarget& target);

/// [child] The namespaces that the plan joins, but for those of pid and user, which are joined
/// before the clone; and a new time namespace, where there is to be one, for execve to enter.
/// Throws mc::Error.
void join_planned_namespaces(const Plan& plan);

}  // namespace mini_container
