// SPDX-License-Identifier: Apache-2.0
// The second half of a launch, in a process of its own.
#pragma once

#include "core/container.hpp"

namespace mini_container::oci {

/// Lets the created container `id` run its program, and calls the plugins' post_exec hooks. Throws
/// Failure or mc::Error: for a container in another state, and with what stands in the way.
void start_container(const std::string& state_root, const std::string& id, Catalog& catalog);

}  // namespace mini_container::oci
