// SPDX-License-Identifier: Apache-2.0
// Signals that the agent hands on to the container.
#pragma once

#include <signal.h>

#include <array>
#include <optional>
#include <string>

#include "mini_container/fd.hpp"

namespace mini_container {

/// What ends a launch that has not come to its program yet.
inline constexpr std::array stop_signals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

struct Signal {
  int number = 0;
  bool by_terminal = false;  // the kernel's own, such as for Ctrl-C: a process group has got it
};

/// "SIGTERM"; "signal 35" for one of those that have no name.
std::string signal_name(int number);

/// Blocks every signal that can be handed on, SIGCHLD and SIGWINCH, for as long as it lives, and
/// lets them be read from a descriptor. SIGALRM is read while the hook guard rests, which blocks
/// it. From the first one on, a reader who has gone away is an EPIPE and no SIGPIPE, and ended
/// children wait to be waited for, whatever the caller had in mind.
class SignalQueue {
 public:
  SignalQueue();
  ~SignalQueue();
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// nullopt: none is waiting.
  [[nodiscard]] std::optional<Signal> next() const;

 private:
  sigset_t before_{};
  mc::Fd fd_;
};

/// [child] None blocked, each with its default action, whatever the caller has passed on; but a
/// hangup that the caller ignores, by nohup(1), is not to end the command.
void reset_signals();
/// [child] Until execve, a reader of its output who has gone away and a limit on the size of files
/// are errors of write(2), as they are for the agent.
void survive_lost_output();
/// The first of stop_signals that waits for this process, which blocks them; 0: none. None waits
/// after that, nor does that of a limit on the size of files.
int take_stop_signals();

/// From here on they end this process, which has nothing left to undo: it may wait for a reader.
/// Those that have come before are forgotten.
void let_stop_signals_end_us();
/// Whether one waits for another process, of which `status` is /proc/PID/status. For signal
/// handlers.
bool is_asked_to_stop(int status);

}  // namespace mini_container
