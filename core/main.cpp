// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "core/command_line.hpp"
#include "core/failure.hpp"
#include "core/log.hpp"
#include "core/process_end.hpp"
#include "core/verbs.hpp"

namespace {

// A caller that closed one of the standard three would have the next open() take its place.
void fill_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd)
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) ::_exit(125);
}

// The program's exit code.
int run(const std::vector<std::string>& arguments) {
  try {
    // Set-user-ID, or given file capabilities: a stranger's environment and files would rule it.
    if (::getauxval(AT_SECURE) != 0)
      mc::fail("refuse to run with raised privileges (set-user-ID or file capabilities)",
               mc::Hint{"run it as the user it is to act for"});
    return mini_container::run_command_line(arguments);
  } catch (const mini_container::Failure& failure) {
    mini_container::log_failure(failure.what());
    return failure.exit_code();
  } catch (const mc::Error& error) {
    mini_container::log_failure(mini_container::describe(error));
  } catch (const std::exception& error) {
    mini_container::log_failure(error.what());
  }
  return mini_container::exit_runtime_failed;
}

// What was printed may have gone nowhere: a full disk, a reader that is gone.
int flushed(int exit_code) {
  const bool failed = std::fflush(nullptr) != 0 || std::ferror(stdout) != 0;
  if (!failed || exit_code != 0) return exit_code;
  mini_container::log_failure(
      mini_container::describe(mc::Error(errno, "write to standard output")));
  return mini_container::exit_runtime_failed;
}

}  // namespace

int main(int count, char** arguments) {
  fill_standard_descriptors();
  mini_container::end_process(flushed(run({arguments + 1, arguments + count})));
}
