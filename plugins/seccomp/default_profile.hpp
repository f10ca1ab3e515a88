// SPDX-License-Identifier: Apache-2.0
// The filter of a launch that asks for no other: an allow list, with what only a capability or
// certain arguments open.
#pragma once

#include <cstdint>

#include "profile.hpp"

namespace seccomp {

/// `capabilities` are those that the command may come to have (its bounding set), as bits.
/// A call that is known and not allowed fails with EPERM; one that is newer than this list with
/// ENOSYS, so that a C library falls back to an older one.
Profile default_profile(std::uint64_t capabilities);

}  // namespace seccomp
