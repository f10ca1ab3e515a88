// SPDX-License-Identifier: Apache-2.0
// A container's process as the (private) host sees it.
#pragma once

#include <csignal>
#include <filesystem>
#include <string>

#include "tests/system/container_root.hpp"
#include "tests/system/process.hpp"

namespace mini_container::test {

/// "/proc/PID" of the one process whose arguments, joined by spaces, are `command`; waits for it.
/// Empty where it does not come.
inline std::string process_directory(const std::string& command) {
  std::string wanted;
  for (const char letter : command) wanted += letter == ' ' ? '\0' : letter;
  wanted += '\0';
  std::string found;
  eventually([&] {
    for (const auto& entry : std::filesystem::directory_iterator("/proc"))
      if (read_file(entry.path().string() + "/cmdline") == wanted) found = entry.path();
    return !found.empty();
  });
  return found;
}

/// The number of the first process of container `id` of the default state root, which its agent
/// notes when the program runs already; waits for it. Empty where it does not come.
inline std::string first_process(const std::string& id) {
  std::string mark;
  eventually([&] {
    std::error_code failed;
    mark = std::filesystem::read_symlink("/run/mini_container/" + id + "/process", failed);
    return !failed;
  });
  return mark.substr(0, mark.find(' '));
}

/// Kills the agent and waits until its container's process is gone too.
inline void end_with_container(Process& agent, const std::string& directory) {
  agent.signal(SIGKILL);
  agent.finish();
  eventually([&] { return !std::filesystem::exists(directory); });
}

}  // namespace mini_container::test
