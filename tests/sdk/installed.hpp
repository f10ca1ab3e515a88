// SPDX-License-Identifier: Apache-2.0
// mini_container and its SDK, installed from the build tree into a directory of the tests.
#pragma once

#include <string>
#include <vector>

#include "tests/system/process.hpp"

namespace mini_container::test {

/// Where `cmake --install` has put the core, the SDK and the four first plugins. Throws where that
/// fails.
const std::string& installed_prefix();

/// The installed binary with `arguments`, run to its end.
Result run_installed(std::vector<std::string> arguments);

/// Runs a program of the build, a minute at most; throws with its output where it fails.
std::string build_with(const std::vector<std::string>& argv, RunOptions options = {});

}  // namespace mini_container::test
