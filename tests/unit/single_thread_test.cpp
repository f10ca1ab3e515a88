// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "core/single_thread.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

// As a filter does that lets nobody make namespaces.
bool forbid_unshare(unsigned error_number) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error_number),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(filter), filter};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool is_refused() {
  try {
    require_single_thread();
    return false;
  } catch (const mc::Error&) {
    return true;
  }
}

// In a child: 0, or what went wrong.
int look(unsigned error_number) {
  if (error_number != 0 && !forbid_unshare(error_number)) return 2;
  if (is_refused()) return 3;
  pthread_t thread;
  const auto rest = [](void*) -> void* {
    for (;;) ::pause();
  };
  if (::pthread_create(&thread, nullptr, rest, nullptr) != 0) return 4;
  return is_refused() ? 0 : 5;
}

}  // namespace

TEST_CASE("one thread is let pass and a second refused, also where unshare(2) is forbidden") {
  for (const int error_number : {0, EPERM, ENOSYS}) {
    CAPTURE(error_number);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(look(static_cast<unsigned>(error_number)));
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
}

}  // namespace mini_container
