// SPDX-License-Identifier: Apache-2.0
// container.keep_fds: the descriptors of the caller that the command keeps.
#pragma once

#include <vector>

#include "core/value.hpp"

namespace mini_container {

/// --preserve-fds: from 3 on, as far as container.keep_fds goes.
inline constexpr int most_preserved_descriptors = 1020;

/// Refuses a number that the caller has not passed on: it is closed, or is a descriptor of the
/// runtime's own by now, which would lead the container to the host. To be called before a plugin
/// runs.
void check_kept_descriptors(const Value& container);

/// The numbers of all that the caller has passed on, from 3 on. To be called before a plugin runs.
std::vector<int> callers_descriptors();

/// Closes those of them that are still the caller's.
void close_callers_descriptors(const std::vector<int>& numbers);

}  // namespace mini_container
