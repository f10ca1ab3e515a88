// SPDX-License-Identifier: Apache-2.0
// The child's way from the clone to execve.
#pragma once

#include <signal.h>

#include "core/pipeline.hpp"

namespace mini_container {

struct ChildInput {
  Pipeline& pipeline;
  Channel channel;      // the child's end
  sigset_t signal_mask; // the caller's, for the command
  mc::Fd start_socket;  // with wait_for_start: where `start` connects; listening
  bool is_job = false;  // a process group of its own, for the terminal's foreground
  bool is_exec = false; // a further process of a running container: join and seal alone
};

/// Runs in the cloned process; ends in execve or _exit. Failures reach the agent as records.
[[noreturn]] void run_child(ChildInput input) noexcept;

}  // namespace mini_container
