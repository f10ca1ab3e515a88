// SPDX-License-Identifier: Apache-2.0
#include "tests/oci/killed.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "mini_container/error.hpp"

namespace mini_container::test {

namespace {

[[noreturn]] void execute(const std::vector<std::string>& argv, bool traced) {
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd <= 2; ++fd) ::dup2(nothing, fd);
  std::vector<char*> pointers;
  for (const auto& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  if (traced && ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(126);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

bool has_ended(pid_t pid, int& status) {
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) mc::fail_with(errno, "wait for the traced program");
  return WIFEXITED(status) || WIFSIGNALED(status);
}

void kill_and_reap(pid_t pid) {
  ::kill(pid, SIGKILL);
  int status = 0;
  while (!has_ended(pid, status)) {
  }
}

}  // namespace

int run_killed_at(const std::vector<std::string>& argv, int point) {
  constexpr int system_call = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD
  const pid_t pid = mc::check(::fork(), "fork");
  if (pid == 0) execute(argv, true);
  int status = 0;
  if (has_ended(pid, status)) mc::fail("the traced program could not be executed");
  mc::check(::ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL),
            "trace the program");
  bool entering = false;
  long signal = 0;
  for (int begun = 0;;) {
    mc::check(::ptrace(PTRACE_SYSCALL, pid, nullptr, signal), "let the program go on");
    if (has_ended(pid, status)) return begun;
    signal = WSTOPSIG(status);
    if (signal != system_call) {
      if (signal == SIGTRAP) signal = 0;  // an execve
      continue;
    }
    signal = 0;
    entering = !entering;
    if (!entering || ++begun < point) continue;
    kill_and_reap(pid);
    return point;
  }
}

bool run_killed_after(const std::vector<std::string>& argv, std::chrono::microseconds delay) {
  const pid_t pid = mc::check(::fork(), "fork");
  if (pid == 0) execute(argv, false);
  std::this_thread::sleep_for(delay);
  int status = 0;
  const bool ended = ::waitpid(pid, &status, WNOHANG) == pid;
  if (!ended) kill_and_reap(pid);
  return !ended;
}

}  // namespace mini_container::test
