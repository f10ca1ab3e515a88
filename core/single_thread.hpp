// SPDX-License-Identifier: Apache-2.0
// The child of a clone has one thread, and every lock that another one held is held for ever there.
#pragma once

#include <cstdint>

namespace mini_container {

/// Throws where this process has more than one thread. A look at /proc.
void require_single_thread();

/// The same, for after a hook: costs nothing in a process that never made a thread by pthreads(7).
void require_no_thread_left();

/// How many there are beside this one; as cheap.
std::uint64_t threads_left();

}  // namespace mini_container
