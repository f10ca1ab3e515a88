// SPDX-License-Identifier: Apache-2.0
// What a launch looks up only once it is inside its root, looked up ahead of it.
#pragma once

#include <string>
#include <vector>

#include "core/pipeline.hpp"

namespace mini_container {

/// [agent] After make_plan. Refuses, in the launch's own words, a user, a working directory or a
/// command that the container will not have. Touches nothing. Gives what could not be looked for,
/// each with the reason; empty: all is there.
std::vector<std::string> look_ahead(const Pipeline& pipeline);

}  // namespace mini_container
