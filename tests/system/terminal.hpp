// SPDX-License-Identifier: Apache-2.0
// A person at a terminal: a program on a pseudo-terminal, with lines typed and text awaited.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "mini_container/fd.hpp"

namespace mini_container::test {

class Terminal {
 public:
  /// Starts `argv` as the leader of a session with a new terminal of 24 by 80.
  explicit Terminal(const std::vector<std::string>& argv);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(const std::string& text) const;
  void resize(unsigned short rows, unsigned short columns) const;
  /// The person is gone: what has the terminal is hung up.
  void hang_up() { master_.reset(); }
  /// Reads until `text` has been shown since the last call that found its text.
  bool wait_for(const std::string& text,
                std::chrono::milliseconds timeout = std::chrono::milliseconds(5000));
  /// Everything shown so far.
  [[nodiscard]] const std::string& shown() const { return shown_; }
  /// Waits for the program's end (it is killed after `timeout`) and gives its exit code, 128+n
  /// for a signal.
  int finish(std::chrono::milliseconds timeout = std::chrono::milliseconds(10000));
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  bool read_some(std::chrono::milliseconds wait);

  mc::Fd master_;
  pid_t pid_ = -1;
  std::string shown_;
  std::size_t seen_ = 0;
};

}  // namespace mini_container::test
