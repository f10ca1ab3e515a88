// SPDX-License-Identifier: Apache-2.0
// The descriptors that the command has beside the standard three: those of container.keep_fds,
// which are the caller's, and those that plugins have planned.
#pragma once

#include <initializer_list>
#include <vector>

#include "core/channel.hpp"
#include "core/plan.hpp"
#include "core/value.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

/// --preserve-fds: from 3 on, as far as container.keep_fds goes.
inline constexpr int most_preserved_descriptors = 1020;

/// Refuses a number that the caller has not passed on: it is closed, or is a descriptor of the
/// runtime's own by now, which would lead the container to the host. To be called before a plugin
/// runs.
void check_kept_descriptors(const Value& container);

/// The numbers of both.
std::vector<int> kept_descriptors(const Value& container, const Plan& plan);

/// [child] Puts each in its place, and has all else closed on execve. The numbers of the channel
/// and of the child's `own`, which may be none, will be above theirs. Throws mc::Error.
void keep_descriptors(const Value& container, const Plan& plan, Channel& channel,
                      std::initializer_list<mc::Fd*> own);

/// The numbers of all that the caller has passed on, from 3 on. To be called before a plugin runs.
std::vector<int> callers_descriptors();

/// Closes those of them that are still the caller's.
void close_callers_descriptors(const std::vector<int>& numbers);

}  // namespace mini_container
