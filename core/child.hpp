// SPDX-License-Identifier: Apache-2.0
// The child's way from the clone to execve.
#pragma once

#include <array>

#include "core/own_image.hpp"
#include "core/pipeline.hpp"

namespace mini_container {

struct ExecTarget;

struct ChildInput {
  Pipeline& pipeline;
  Channel channel;                      // the child's end
  mc::Fd start_socket;                  // with Start::by_verb: where `start` connects; listening
  bool is_job = false;                  // a process group of its own, for the terminal's foreground
  bool waits = false;                   // for the agent's word, before it does anything
  const OwnImage* own_image = nullptr;  // to be let go of
  const ExecTarget* target = nullptr;   // a further process: join and seal alone
  // Descriptors of the agent alone, which the child closes first; -1: none.
  std::array<int, 2> agents_own = {-1, -1};
  bool shares_memory = false;  // with the agent, which waits: clone_sharing_memory
  int agents_status = -1;      // then: its /proc/PID/status
};

/// Runs in the cloned process; ends in execve or _exit. Failures reach the agent as records.
[[noreturn]] void run_child(ChildInput input) noexcept;

}  // namespace mini_container
