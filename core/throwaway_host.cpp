// SPDX-License-Identifier: Apache-2.0
#include "core/throwaway_host.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "core/failure.hpp"
#include "core/log.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

namespace {

void write_to(const char* path, const std::string& text) {
  const mc::Fd file(mc::check(::open(path, O_WRONLY | O_CLOEXEC), "open '", path, "'"));
  mc::check(::write(file.get(), text.data(), text.size()), "write '", path, "'");
}

// An ordinary user is root there, and nobody else.
void enter_user_namespace() {
  const auto uid = ::geteuid();
  const auto gid = ::getegid();
  mc::check(::unshare(CLONE_NEWUSER), "make a user namespace",
            mc::Hint{"run this as root, or allow user namespaces"});
  write_to("/proc/self/setgroups", "deny");
  write_to("/proc/self/uid_map", mc::concat("0 ", uid, " 1"));
  write_to("/proc/self/gid_map", mc::concat("0 ", gid, " 1"));
}

// A file system that hangs on a descriptor of process 1 alone: no path of the host is covered, and
// a plugin that closes every descriptor of its own process does not lose it.
mc::Fd make_state_file_system() {
  const mc::Fd context(mc::check(::fsopen("tmpfs", FSOPEN_CLOEXEC), "open tmpfs"));
  mc::check(::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), "make a tmpfs");
  mc::Fd mounted(mc::check(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0), "mount a tmpfs"));
  mc::check(::mkdirat(mounted.get(), "state", 0700), "make the state directory");
  return mounted;
}

// Process 1 there: waits for the body, and takes every process along when it ends.
[[noreturn]] void be_first(const std::function<int(const std::string&)>& body) {
  ::prctl(PR_SET_PDEATHSIG, static_cast<long>(SIGKILL), 0L, 0L, 0L);
  mc::check(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make mounts private");
  mc::check(::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr),
            "mount proc");
  const mc::Fd state = make_state_file_system();
  const pid_t child = mc::check(::fork(), "fork");
  if (child == 0) {
    int code = exit_runtime_failed;
    try {
      code = body(mc::concat("/proc/1/fd/", state.get(), "/state"));
    } catch (const mc::Error& error) {
      log_failure(describe(error));
    } catch (const std::exception& error) {
      log_failure(error.what());
    }
    std::fflush(stdout);
    ::_exit(code);
  }
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended == child) ::_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    if (ended < 0 && errno != EINTR) ::_exit(exit_runtime_failed);
  }
}

}  // namespace

int in_throwaway_host(const std::function<bool()>& before,
                      const std::function<int(const std::string&)>& body) {
  std::fflush(nullptr);
  const pid_t outer = mc::check(::fork(), "fork");
  if (outer == 0) {
    try {
      ::prctl(PR_SET_PDEATHSIG, static_cast<long>(SIGKILL), 0L, 0L, 0L);
      if (!before()) ::_exit(1);
      if (::geteuid() != 0) enter_user_namespace();
      mc::check(::unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET),
                "make the throwaway namespaces", mc::Hint{"run this as root"});
      const pid_t first = mc::check(::fork(), "fork");
      if (first == 0) be_first(body);
      int status = 0;
      while (::waitpid(first, &status, 0) < 0 && errno == EINTR) {
      }
      ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : exit_runtime_failed);
    } catch (const mc::Error& error) {
      log_failure(describe(error));
    }
    ::_exit(exit_runtime_failed);
  }
  int status = 0;
  while (::waitpid(outer, &status, 0) < 0)
    if (errno != EINTR) mc::fail_with(errno, "wait for the throwaway host");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace mini_container
