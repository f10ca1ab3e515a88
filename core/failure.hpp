// SPDX-License-Identifier: Apache-2.0
// A failed launch, as it reaches the user: one line, one exit code.
#pragma once

#include <exception>
#include <string>

#include "mini_container/error.hpp"

namespace mini_container {

/// Exit codes of the runtime itself; a program's own pass through.
inline constexpr int exit_runtime_failed = 125;
inline constexpr int exit_not_executable = 126;
inline constexpr int exit_not_found = 127;
/// Of the verbs that container engines call.
inline constexpr int exit_for_engines = 1;

/// Control characters as '?': what a path, an argument or a container says stays on its line, and
/// sends a terminal no commands.
std::string one_line(std::string text);

/// "attempt: No such file or directory (ENOENT); hint".
std::string describe(const mc::Error& error);

/// An Error with who failed and how the process is to exit.
class Failure : public std::exception {
 public:
  /// `where` is "PLUGIN: HOOK", or empty for the core's own failures.
  Failure(std::string where, const mc::Error& error, int exit_code = exit_runtime_failed);

  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }
  [[nodiscard]] const char* what() const noexcept override { return line_.c_str(); }

 private:
  std::string line_;
  int exit_code_;
};

}  // namespace mini_container
