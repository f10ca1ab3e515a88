// SPDX-License-Identifier: Apache-2.0
// From a profile to the program that the kernel runs. The only file that knows libseccomp.
#pragma once

#include <linux/filter.h>

#include <vector>

#include "profile.hpp"

namespace seccomp {

using Program = std::vector<sock_filter>;

/// [agent] Loads libseccomp.so.2 the first time that it is called, and that only then: loading
/// and compiling cost more than the rest of a launch. Throws for unknown calls (with the nearest)
/// and architectures.
Program compile(const Profile& profile);

}  // namespace seccomp
