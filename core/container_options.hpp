// SPDX-License-Identifier: Apache-2.0
// The core's own [container] table, declared as the plugins declare theirs.
#pragma once

#include "core/options.hpp"

namespace mini_container {

Options container_options();

}  // namespace mini_container
