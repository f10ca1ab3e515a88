// SPDX-License-Identifier: Apache-2.0
#include "tests/system/traced_clone.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "mini_container/error.hpp"

namespace mini_container::test {

namespace {

constexpr int system_call = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD

[[noreturn]] void execute(const std::vector<std::string>& argv) {
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd <= 2; ++fd) ::dup2(nothing, fd);
  std::vector<char*> pointers;
  for (const auto& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(126);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

// Gives false at its end.
bool wait_for_stop(pid_t pid, int& status) {
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) mc::fail_with(errno, "wait for the traced program");
  return WIFSTOPPED(status);
}

void note_clone(pid_t pid, std::vector<CloneCall>& calls) {
  __ptrace_syscall_info info{};
  mc::check(::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info), "look at a system call");
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return;
  // The older call takes its flags at once; a fork of the C library's is none of the runtime's.
  if (info.entry.nr == SYS_clone && (info.entry.args[0] & CLONE_VM) != 0)
    calls.push_back({.flags = info.entry.args[0], .cgroup = {}});
  if (info.entry.nr != SYS_clone3) return;
  clone_args arguments{};
  const iovec here{&arguments, sizeof arguments};
  const iovec there{reinterpret_cast<void*>(info.entry.args[0]), sizeof arguments};
  mc::check(::process_vm_readv(pid, &here, 1, &there, 1, 0), "read the arguments of clone3");
  CloneCall call{arguments.flags, {}};
  if ((call.flags & CLONE_INTO_CGROUP) != 0)
    call.cgroup = std::filesystem::read_symlink(
        mc::concat("/proc/", pid, "/fd/", static_cast<std::uint64_t>(arguments.cgroup)));
  calls.push_back(std::move(call));
}

}  // namespace

std::vector<CloneCall> clone_calls(const std::vector<std::string>& argv) {
  const pid_t pid = mc::check(::fork(), "fork");
  if (pid == 0) execute(argv);
  std::vector<CloneCall> calls;
  int status = 0;
  if (!wait_for_stop(pid, status)) mc::fail("the traced program could not be executed");
  mc::check(::ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL),
            "trace the program");
  long signal = 0;
  for (;;) {
    mc::check(::ptrace(PTRACE_SYSCALL, pid, nullptr, signal), "let the program go on");
    if (!wait_for_stop(pid, status)) break;
    signal = WSTOPSIG(status);
    if (signal == system_call) note_clone(pid, calls);
    if (signal == system_call || signal == SIGTRAP) signal = 0;
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    mc::fail("the traced program failed, with wait status ", status);
  return calls;
}

}  // namespace mini_container::test
