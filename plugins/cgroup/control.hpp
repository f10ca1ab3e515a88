// SPDX-License-Identifier: Apache-2.0
// What can be done with a running container's cgroups: mc_resources of extensions.h.
#pragma once

#include "mini_container/extensions.h"

namespace cgroup {

extern const mc_resources resources;

}  // namespace cgroup
