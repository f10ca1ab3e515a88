// SPDX-License-Identifier: Apache-2.0
// A plan for people, and as data.
#pragma once

#include <string>

#include "core/pipeline.hpp"

namespace mini_container {

/// Needs Pipeline::make_plan. Members: clone_flags, root, namespaces, cgroup, mounts, environment,
/// descriptors, init, command, hooks; each entry with the plugin and the place it came from.
Value plan_as_value(const Pipeline& pipeline);
std::string plan_as_text(const Pipeline& pipeline);

}  // namespace mini_container
