// SPDX-License-Identifier: Apache-2.0
#include "tests/system/private_host.hpp"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "mini_container/fd.hpp"

namespace mini_container::test {
namespace {

void set_up() {
  mc::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make '/' private");
  mc::check(::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr),
            "mount proc");
  mc::check(::mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"), "mount /run");
  mc::check(::mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"),
            "mount /dev/shm");
  if (::mkdir("/dev/mqueue", 0755) < 0 && errno != EEXIST) mc::check(-1, "make /dev/mqueue");
  mc::check(::mount("mqueue", "/dev/mqueue", "mqueue", 0, nullptr), "mount /dev/mqueue");
  mc::check(::sethostname("testhost", 8), "sethostname");
  mc::check(::setdomainname("testdomain", 10), "setdomainname");

  const mc::Fd socket(mc::check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket"));
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP;
  mc::check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "set lo up");
}

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The first process of the private host: reaps, until `body`'s process has ended.
int reap_for(const std::function<int()>& body) {
  const auto runner = mc::check(::fork(), "fork the test runner");
  if (runner == 0) std::exit(body());
  for (;;) {
    int status = 0;
    const auto ended = ::waitpid(-1, &status, 0);
    if (ended == runner) return exit_code(status);
    if (ended < 0 && errno != EINTR) return 1;
  }
}

}  // namespace

int in_private_host(const std::function<int()>& body) {
  try {
    mc::check(::unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET),
              "unshare the test's host");
    std::fflush(nullptr);
    const auto first = mc::check(::fork(), "fork the private host");
    if (first == 0) {
      mc::check(::prctl(PR_SET_PDEATHSIG, SIGKILL), "tie the private host to this process");
      set_up();
      std::exit(reap_for(body));
    }
    int status = 0;
    while (::waitpid(first, &status, 0) < 0 && errno == EINTR) {
    }
    return exit_code(status);
  } catch (const mc::Error& error) {
    std::fprintf(stderr, "the test's own host: %s: %s\n", error.what(),
                 std::strerror(error.error_number()));
    std::exit(1);
  }
}

}  // namespace mini_container::test
