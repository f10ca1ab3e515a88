// SPDX-License-Identifier: Apache-2.0
// What a container uses, read from its cgroups.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "place.hpp"

namespace cgroup {

/// One JSON object, as mc_resources.statistics describes it.
std::string statistics(const std::vector<Place>& places);

/// How many processes were killed for want of memory; 0 where no memory controller is used.
std::uint64_t oom_kills(const std::vector<Place>& places);

}  // namespace cgroup
