// SPDX-License-Identifier: Apache-2.0
// `mini_container schema`: the JSON Schema of launch files, made from the declared options.
#pragma once

#include <span>

#include "core/plugin.hpp"
#include "core/value.hpp"

namespace mini_container {

/// JSON Schema, draft 2020-12, of a launch file with these plugins.
Value launch_schema(std::span<const Plugin* const> plugins);

}  // namespace mini_container
