// SPDX-License-Identifier: Apache-2.0
#include "core/clone.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/namespaces.hpp"
#include "core/user_namespace.hpp"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace mini_container {

namespace {

const char* missing_right(int error_number, std::uint64_t flags, bool into_cgroup) {
  if (into_cgroup && error_number == EBADF) return "mc_host.set_cgroup takes a cgroup v2 directory";
  if (into_cgroup && error_number == EBUSY)
    return "a cgroup that shares out controllers takes no process: see its cgroup.subtree_control";
  if (error_number == EPERM)
    return (flags & CLONE_NEWUSER) != 0 ? "see /proc/sys/user/max_user_namespaces and "
                                          "/proc/sys/kernel/unprivileged_userns_clone"
                                        : sys_admin_is_missing;
  if (error_number == ENOSPC) return "see the limits below /proc/sys/user/max_*_namespaces";
  if (error_number == EAGAIN) return "the limit on processes is reached: RLIMIT_NPROC, pids.max";
  return "";
}

// nullptr: the plan joins none of this kind.
const PlannedNamespace* joined(const Plan& plan, std::uint64_t type) {
  const auto* space = plan.find_namespace(type);
  return space != nullptr && space->joined ? space : nullptr;
}

long clone3(clone_args& arguments) { return ::syscall(SYS_clone3, &arguments, sizeof arguments); }

// setns(2) changes the pid namespace of children only: joined by us for the child, and left again.
class PidNamespaceOfChildren {
 public:
  explicit PidNamespaceOfChildren(const PlannedNamespace* space) {
    if (space == nullptr) return;
    own_.reset(mc::check(::open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC),
                         "open the runtime's own pid namespace"));
    mc::check(::setns(space->joined.get(), CLONE_NEWPID), "join the pid namespace of ",
              space->origin.text());
  }
  void leave() {
    if (own_)
      mc::check(::setns(own_.get(), CLONE_NEWPID), "return to the runtime's own pid namespace");
  }

 private:
  mc::Fd own_;
};

// New namespaces belong to the user namespace that the cloning process is in, so another process
// joins it first; the child is the agent's all the same (CLONE_PARENT). 0: this is the child.
long clone_within(const PlannedNamespace* user, const PlannedNamespace* pid_space,
                  clone_args& arguments) {
  int ends[2];
  mc::check(::pipe2(ends, O_CLOEXEC), "make a pipe to the joining process");
  const mc::Fd reader(ends[0]);
  mc::Fd writer(ends[1]);
  const pid_t helper = mc::check(::fork(), "fork to join namespaces");
  if (helper == 0) {
    long result = -1;
    if ((user == nullptr || ::setns(user->joined.get(), CLONE_NEWUSER) == 0) &&
        (pid_space == nullptr || ::setns(pid_space->joined.get(), CLONE_NEWPID) == 0)) {
      arguments.flags |= CLONE_PARENT;
      arguments.flags &= ~static_cast<std::uint64_t>(CLONE_PIDFD);
      arguments.exit_signal = 0;  // the helper's own, SIGCHLD: clone(2), CLONE_PARENT
      result = clone3(arguments);
      if (result == 0) return 0;
    }
    const auto word = static_cast<std::int32_t>(result < 0 ? -errno : result);
    ::_exit(::write(writer.get(), &word, sizeof word) == sizeof word ? 0 : 1);
  }
  writer.reset();
  std::int32_t word = -EIO;
  const auto got = ::read(reader.get(), &word, sizeof word);
  while (::waitpid(helper, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (got != sizeof word) word = -EIO;
  if (word > 0) return word;
  errno = -word;
  return -1;
}

#if defined(__x86_64__) || defined(__aarch64__)
#define MINI_CONTAINER_CLONE3_CALLS

// The child calls `body`, which never returns, on the stack that the arguments give. The C library
// has no function for clone3(2), and its clone(2) knows no cgroup; where the stack is another one,
// registers alone tell the child what to do. The parent gets its pid, or a negative errno.
long clone3_calling(clone_args& arguments, int (*body)(void*), void* argument) {
#if defined(__x86_64__)
  long result = SYS_clone3;
  register void* passed asm("r8") = argument;
  asm volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xorl %%ebp, %%ebp\n\t"  // the outermost frame: x86-64 psABI 3.4.1
      "movq %%r8, %%rdi\n\t"
      "callq *%%rdx\n\t"
      "ud2\n"
      "1:"
      : "+a"(result)
      : "D"(&arguments), "S"(sizeof arguments), "d"(body), "r"(passed)
      : "rcx", "r11", "memory", "cc");
#else
  register long result asm("x0") = static_cast<long>(reinterpret_cast<std::uintptr_t>(&arguments));
  register std::size_t size asm("x1") = sizeof arguments;
  register auto* called asm("x2") = body;
  register void* passed asm("x3") = argument;
  register long number asm("x8") = SYS_clone3;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"  // the outermost frame: AAPCS64 6.4.6
      "mov x0, x3\n\t"
      "blr x2\n\t"
      "brk #0\n"
      "1:"
      : "+r"(result)
      : "r"(size), "r"(called), "r"(passed), "r"(number)
      : "memory", "cc");
#endif
  return result;
}
#endif

// `cgroup`: whose it is to be born in; empty: in ours.
[[noreturn]] void refuse_clone(std::uint64_t namespaces, int failed,
                               const std::string& cgroup = {}) {
  mc::fail_with(failed, "clone with ", namespace_names(namespaces),
                cgroup.empty() ? "" : " into the cgroup of " + cgroup,
                mc::Hint{missing_right(failed, namespaces, !cgroup.empty())});
}

}  // namespace

bool may_share_memory_in_cgroup() {
#ifdef MINI_CONTAINER_CLONE3_CALLS
  return true;
#else
  return false;
#endif
}

Cloned clone_sharing_memory(std::uint64_t namespaces, const mc::Fd& cgroup, int (*body)(void*),
                            void* argument) {
  // Below our own frames, as with vfork(2): that part of the stack rests while we do, grows by
  // itself, and has its guard.
  constexpr std::size_t room_for_clone = 16U << 10;
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const auto top = (frame - room_for_clone) & ~std::uintptr_t{15};
  const auto flags = namespaces | CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
  int pidfd = -1;
  long pid = -1;
  if (!cgroup) {
    pid = ::clone(body, reinterpret_cast<void*>(top), static_cast<int>(flags | SIGCHLD), argument,
                  &pidfd);
  } else {
#ifdef MINI_CONTAINER_CLONE3_CALLS
    clone_args arguments{};
    arguments.flags = flags | CLONE_INTO_CGROUP;
    arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    arguments.exit_signal = SIGCHLD;
    arguments.stack_size = room_for_clone;  // what counts is where it ends
    arguments.stack = top - arguments.stack_size;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup.get());
    pid = clone3_calling(arguments, body, argument);
    if (pid < 0) errno = static_cast<int>(-pid);
#else
    errno = ENOSYS;
#endif
  }
  if (pid < 0) refuse_clone(namespaces, errno);
  return {static_cast<pid_t>(pid), mc::Fd(pidfd)};
}

Cloned clone_container(const Plan& plan, bool is_reached) {
  int pidfd = -1;
  clone_args arguments{};
  // A time namespace is the child's own affair: see its join_namespaces.
  arguments.flags = (plan.clone_flags() & ~static_cast<std::uint64_t>(CLONE_NEWTIME)) |
                    CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (plan.cgroup().fd) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(plan.cgroup().fd.get());
  }
  const auto* user = joined(plan, CLONE_NEWUSER);
  const auto* pid_space = joined(plan, CLONE_NEWPID);
  // Who is there already sees the child from its clone on, and may have every right over its user
  // namespace: ptrace(2). Its root is still the host's. The agent of an ordinary user would not
  // reach it through /proc any more either.
  if ((user != nullptr || pid_space != nullptr) && (::geteuid() == 0 || !is_reached))
    mc::check(::prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L), "make the agent undumpable");
  long pid = -1;
  int failed = 0;
  // Root of a user namespace may join a pid namespace of its own and not come back.
  if (user != nullptr || (pid_space != nullptr && !in_initial_user_namespace())) {
    pid = clone_within(user, pid_space, arguments);
    failed = errno;
    if (pid > 0)
      pidfd = static_cast<int>(mc::check(::syscall(SYS_pidfd_open, pid, 0), "open a pidfd"));
  } else {
    PidNamespaceOfChildren children(pid_space);
    pid = clone3(arguments);
    failed = errno;
    if (pid != 0) children.leave();
  }
  if (pid < 0)
    refuse_clone(plan.clone_flags(), failed,
                 plan.cgroup().fd ? plan.cgroup().origin.text() : std::string());
  return {static_cast<pid_t>(pid), mc::Fd(pid > 0 ? pidfd : -1)};
}

}  // namespace mini_container
