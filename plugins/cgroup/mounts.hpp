// SPDX-License-Identifier: Apache-2.0
// What the container sees on /sys/fs/cgroup, or elsewhere.
#pragma once

#include <vector>

#include "mini_container/plugin.hpp"
#include "place.hpp"

namespace cgroup {

/// Contributes the mounts on `directory`: on a machine with v2 alone one file system, otherwise a
/// directory for each hierarchy with links for the controllers that share one, as container engines
/// do. In a cgroup namespace (`own_view`) the container's cgroup is the root of each; without, they
/// are bound from the host.
void add_mounts(mc::Host& host, const std::vector<Place>& places, const std::string& directory,
                bool read_only, bool own_view, const mc::Node& source);

}  // namespace cgroup
