// SPDX-License-Identifier: Apache-2.0
// `plugin check`: is this file a plugin, a clean one, and does it work?
#pragma once

#include <string>

#include "core/verbs.hpp"

namespace mini_container {

/// Reads the file, loads it, runs it in a throwaway container (with `options`, flags of `run`), and
/// prints a line for each thing looked at. Gives whether all is well.
bool check_plugin(VerbContext& context, const std::string& file, const Arguments& options);

}  // namespace mini_container
