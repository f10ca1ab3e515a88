// SPDX-License-Identifier: Apache-2.0
// Runs one external program, bounded in time, with its output drained and the end of it kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hooks {

struct Program {
  std::string path;
  std::vector<std::string> arguments;    // argv, the name included
  std::vector<std::string> environment;  // all that it gets: "NAME=VALUE"
  std::int64_t timeout = 0;              // microseconds; 0: none
  bool before_start = false;  // of the container: its end is no loss where we are to stop
};

/// What came of it.
struct Outcome {
  int exec_error = 0;      // the errno where it could not be executed
  bool timed_out = false;  // and was killed
  bool stopped = false;    // and was killed: we are asked to stop
  int wait_status = 0;
  std::string output;  // the end of what it wrote to standard output
  std::string errors;  // and to standard error

  [[nodiscard]] bool good() const {
    return exec_error == 0 && !timed_out && !stopped && wait_status == 0;
  }
  /// "exited with status 3", "did not end within 5 s and was killed", ...
  [[nodiscard]] std::string text(const Program& program) const;
};

/// [agent] [child] Runs it to its end, `input` on its standard input, nothing else open, signals
/// as they are by default. What it leaves running in its process group is killed with it when it
/// is late, or `before_start` and a signal that stops the launch waits for us, who block those.
/// Throws where it cannot even be tried.
Outcome run(const Program& program, const std::string& input);

}  // namespace hooks
