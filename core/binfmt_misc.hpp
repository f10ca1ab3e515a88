// SPDX-License-Identifier: Apache-2.0
// Programs of formats that the kernel does not know itself: its binfmt_misc has them started by
// others, an emulator or a Java machine.
#pragma once

#include <string>

namespace mini_container {

/// Why a file that is no program to the kernel may be executed all the same; empty where nothing
/// but the kernel starts programs.
std::string why_any_format_may_run();

}  // namespace mini_container
