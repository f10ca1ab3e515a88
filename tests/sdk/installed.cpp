// SPDX-License-Identifier: Apache-2.0
#include "tests/sdk/installed.hpp"

#include "tests/system/container_root.hpp"

namespace mini_container::test {

std::string build_with(const std::vector<std::string>& argv, RunOptions options) {
  options.timeout = std::chrono::minutes(2);
  const auto result = run_program(argv, std::move(options));
  if (result.exit_code != 0) mc::fail(argv.front(), " failed: ", result.out, result.err);
  return result.out;
}

const std::string& installed_prefix() {
  static const std::string prefix = [] {
    std::string path = fresh_directory();
    for (const char* component :
         {"core", "sdk", "plugin_rootfs", "plugin_pid", "plugin_uts", "plugin_ipc"})
      build_with(
          {"cmake", "--install", build_directory(), "--prefix", path, "--component", component});
    return path;
  }();
  return prefix;
}

Result run_installed(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), installed_prefix() + "/bin/mini_container");
  return run_program(arguments);
}

}  // namespace mini_container::test
