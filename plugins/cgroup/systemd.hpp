// SPDX-License-Identifier: Apache-2.0
// The systemd driver: the cgroup is a transient scope, made over D-Bus. libsystemd is loaded only
// where the launch asks for it.
#pragma once

#include <string>
#include <string_view>

#include "limits.hpp"

namespace cgroup {

struct Scope {
  std::string name;   // "mini_container-web.scope"
  std::string slice;  // "system.slice"; empty: systemd's default
};

/// From SLICE:PREFIX:NAME, each of which may be empty; NAME is the id then. Throws for a path of
/// another form.
Scope scope_name(std::string_view path, std::string_view id);

/// [agent] Throws where systemd cannot be reached.
void check_systemd();

/// [agent] Makes the scope around process `pid`, delegated, and waits until it is there.
void start_scope(const Scope& scope, int pid, const Limits& limits);

/// Tells systemd the changed limits of a scope, which it would undo at its next reload otherwise.
void update_scope(const std::string& name, const Limits& limits);

/// [agent] Stops the scope, if it is still there, and forgets its failure.
void stop_scope(const std::string& name);

}  // namespace cgroup
