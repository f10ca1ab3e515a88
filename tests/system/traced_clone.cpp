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

[[noreturn]] void execute(const std::vector<std::string>& argv, const char* output) {
  const int out = ::open(output, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  for (int fd = 0; fd <= 2; ++fd) ::dup2(out, fd);
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

bool is_about_to_open(pid_t pid, const std::string& name) {
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0)
    return false;  // it was killed
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY || info.entry.nr != SYS_openat) return false;
  std::string path(name.size() + 1, 'x');
  const iovec here{path.data(), path.size()};
  const iovec there{reinterpret_cast<void*>(info.entry.args[1]), path.size()};
  ::process_vm_readv(pid, &here, 1, &there, 1, 0);  // in part where its page ends
  return path.c_str() == name;
}

}  // namespace

std::vector<CloneCall> clone_calls(const std::vector<std::string>& argv) {
  const pid_t pid = mc::check(::fork(), "fork");
  if (pid == 0) execute(argv, "/dev/null");
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

int run_acting_at_open(const std::vector<std::string>& argv, const std::string& output,
                       const std::string& name, const std::function<void()>& act) {
  const pid_t first = mc::check(::fork(), "fork");
  if (first == 0) execute(argv, output.c_str());
  int status = 0;
  if (!wait_for_stop(first, status)) mc::fail("the traced program could not be executed");
  mc::check(::ptrace(PTRACE_SETOPTIONS, first, nullptr,
                     PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK |
                         PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE),
            "trace the program");
  bool acted = false;
  for (pid_t pid = first;;) {
    const bool stopped = WIFSTOPPED(status);
    const bool at_call = stopped && WSTOPSIG(status) == system_call;
    if (at_call && !acted && is_about_to_open(pid, name)) {
      acted = true;
      act();
    }
    // Each new process begins with a SIGSTOP; one that is gone meanwhile is waited for below.
    const bool ours = at_call || WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == SIGSTOP;
    if (stopped) ::ptrace(PTRACE_SYSCALL, pid, nullptr, ours ? 0L : WSTOPSIG(status));
    while ((pid = ::waitpid(-1, &status, __WALL)) < 0)
      if (errno != EINTR) mc::fail_with(errno, "wait for the traced program");
    if (pid == first && !WIFSTOPPED(status)) break;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace mini_container::test
