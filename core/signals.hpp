// SPDX-License-Identifier: Apache-2.0
// Signals that the agent hands on to the container.
#pragma once

#include <signal.h>

#include "mini_container/fd.hpp"

namespace mini_container {

/// Blocks every signal that can be handed on, SIGCHLD and SIGWINCH, for as long as it lives, and
/// lets them be read from a descriptor.
class SignalQueue {
 public:
  SignalQueue();
  ~SignalQueue();
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The mask from before, for the command.
  [[nodiscard]] const sigset_t& caller_mask() const { return before_; }
  /// The next signal; 0: none is waiting.
  [[nodiscard]] int next() const;

 private:
  sigset_t before_{};
  mc::Fd fd_;
};

}  // namespace mini_container
