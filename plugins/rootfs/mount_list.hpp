// SPDX-License-Identifier: Apache-2.0
// The plan's entries as the configuration asks for them.
#pragma once

#include "mini_container/plugin.hpp"

namespace rootfs {

/// [agent] The user's own list: `mounts` and `files`.
void add_listed_mounts(mc::Host& host, const mc::Node& config);

/// [agent] /proc, /sys, /dev and what is hidden or read-only in them.
void add_default_mounts(mc::Host& host, const mc::Node& config);

/// The table of `mounts` for this destination, or an empty node: where an entry of the plan came
/// from.
mc::Node find_listed_mount(const mc::Node& config, const char* destination);

}  // namespace rootfs
