// SPDX-License-Identifier: Apache-2.0
// The container's command, from the words of the launch to execve.
#pragma once

#include <string>
#include <vector>

#include "core/environment.hpp"
#include "core/pipeline.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

class Program {
 public:
  explicit Program(Pipeline& pipeline) : pipe_(pipeline) {}

  /// [child] Looks the command up, by the PATH that it will have. `as_user`: as one without
  /// capabilities, for a command that will have none of ours. Throws mc::Error or Failure.
  void find(const Environment& environment, bool as_user);
  /// [child] Becomes what find has found; `init`: the plan's init program, where it has
  /// one, which is told the way to report whether it could execute that. Throws mc::Error or
  /// Failure.
  [[noreturn]] void execute(Environment& environment, const mc::Fd& init);

 private:
  [[noreturn]] void execute_init(const mc::Fd& init, std::vector<char*> arguments,
                                 char* const* environment);

  Pipeline& pipe_;
  std::vector<std::string> arguments_;
  std::string path_;
};

}  // namespace mini_container
