// SPDX-License-Identifier: Apache-2.0
// The binary's own unwinder, for plugins that bring none: MC_EXTENSION_UNWINDER.
#pragma once

#include "mini_container/abi.h"

namespace mini_container {

/// [agent, child] What host->extension gives. The plugin jumps to these with its own arguments.
extern const mc_unwinder unwinder_functions;

}  // namespace mini_container
