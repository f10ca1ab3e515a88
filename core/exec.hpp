// SPDX-License-Identifier: Apache-2.0
// A further process in a running container: Agent::start_in with the launch made here.
#pragma once

#include "core/container.hpp"
#include "core/launch.hpp"

namespace mini_container {

/// The container's recorded launch, without what belongs to its first process alone (terminal,
/// kept descriptors). The caller sets command, env, cwd, user, terminal, and the tables of seal
/// plugins, as it likes. Throws where the container does not run.
Launch exec_launch(const Container& container, Catalog& catalog);

}  // namespace mini_container
