// SPDX-License-Identifier: Apache-2.0
// The order in which the plugins of a launch run.
#pragma once

#include <vector>

#include "core/plugin.hpp"

namespace mini_container {

/// Sorts topologically by needs, after and before; names of plugins that are not in the list do
/// not count. Stable: what is not ordered stays as it was given. Throws mc::Error naming the
/// members of a cycle in their order.
std::vector<const Plugin*> order_plugins(const std::vector<const Plugin*>& plugins);

}  // namespace mini_container
