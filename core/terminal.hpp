// SPDX-License-Identifier: Apache-2.0
// Pseudoterminals: the container's own, and the caller's that is handed over.
#pragma once

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <termios.h>

#include <functional>
#include <optional>
#include <string>

#include "core/value.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

/// [child] The size that the checked [container] table asks for, or that of the caller's terminal,
/// which standard input still is; none where that is no terminal.
std::optional<winsize> wanted_terminal_size(const Value& container);

/// [child] Opens a terminal of the container's own devpts, makes it the controlling terminal and
/// the standard three; with `bind_console` also /dev/console. Gives the master. Throws mc::Error
/// where /dev/ptmx is not what it claims to be.
mc::Fd open_container_terminal(bool bind_console, const std::optional<winsize>& size);

/// [child] Makes the user the owner of the terminal on standard input. Throws mc::Error.
void give_terminal_to(uid_t user);

/// [agent] Copies between the caller's terminal and a container's, in raw mode for as long as it
/// lives.
class TerminalRelay {
 public:
  /// `attended`: somebody types; else standard input is left alone, and its end is no Ctrl-D.
  TerminalRelay(mc::Fd master, bool attended);
  ~TerminalRelay();
  TerminalRelay(const TerminalRelay&) = delete;
  TerminalRelay& operator=(const TerminalRelay&) = delete;

  [[nodiscard]] int master() const { return master_.get(); }
  /// Whether standard input is to be read now: not after its end, nor while the container takes
  /// nothing.
  [[nodiscard]] bool reads_input() const { return reads_input_ && pending_.empty(); }
  /// What to poll the master for.
  [[nodiscard]] short master_events() const {
    return static_cast<short>(pending_.empty() ? POLLIN : POLLIN | POLLOUT);
  }
  /// Hands the size of the caller's terminal on, for SIGWINCH.
  void resize() const;
  void copy_input();
  /// Passes on what the container did not take before. Never waits: the container may itself be
  /// waiting until its output is read.
  void pass_input();
  /// Waits until standard output takes something; gives false to give the output up.
  using Wait = std::function<bool()>;
  /// Gives false once the container has closed its side, or there is nobody to read.
  bool copy_output(const Wait& wait);
  /// What is still to be read, after the container has ended.
  void drain(const Wait& wait);

 private:
  mc::Fd master_;
  std::optional<termios> saved_;
  std::string pending_;  // read, and not taken by the container yet
  bool reads_input_;
};

/// [agent] Makes the container the foreground process group of the caller's terminal, as a shell
/// does for a job, and takes the terminal back.
class ForegroundJob {
 public:
  /// To be made where is_foreground, before the container goes on.
  explicit ForegroundJob(pid_t container);
  ~ForegroundJob();
  ForegroundJob(const ForegroundJob&) = delete;
  ForegroundJob& operator=(const ForegroundJob&) = delete;

  /// The container has stopped (Ctrl-Z): stops us too, and continues it once we continue.
  void stop_along();

 private:
  void give();
  void take_back();

  pid_t container_;
};

/// [agent] Whether we are the foreground process group of the terminal on standard input, and not
/// the head of a pipeline.
bool is_foreground();

}  // namespace mini_container
