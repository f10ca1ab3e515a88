// SPDX-License-Identifier: Apache-2.0
// From the [seccomp] table to a profile.
#pragma once

#include <cstdint>
#include <string>

#include "mini_container/plugin.hpp"
#include "profile.hpp"

namespace seccomp {

/// What is read from the files and from the process on the way to a profile.
struct Surroundings {
  std::uint64_t capabilities = 0;  // that the command may come to have, as bits
  std::string profile_text;        // of the file that `profile` names
  std::string kernel;              // its release, where profile_text has conditions on it
};

/// Puts the profile together: the base (`profile`, the default, or nothing), then what allow, deny
/// and syscalls change.
Profile make_profile(const mc::Node& config, const Surroundings& around);

/// Everything that the compiled filter depends on, as text: what the cache compares.
std::string describe(const mc::Node& config, const Surroundings& around);

}  // namespace seccomp
