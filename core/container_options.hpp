// SPDX-License-Identifier: Apache-2.0
// The core's own [container] table, declared as the plugins declare theirs.
#pragma once

#include <vector>

#include "core/options.hpp"

namespace mini_container {

const std::vector<OptionSpec>& container_options();

}  // namespace mini_container
