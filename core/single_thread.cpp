// SPDX-License-Identifier: Apache-2.0
#include "core/single_thread.hpp"

#include <sched.h>
#include <sys/single_threaded.h>
#include <sys/stat.h>

#include "mini_container/error.hpp"

namespace mini_container {

namespace {

// Of one thread the kernel grants this, which changes nothing then: unshare(2), CLONE_THREAD. Where
// it does not: two links for "." and "..", and one for each thread, proc(5).
std::uint64_t other_threads() {
  if (::unshare(CLONE_THREAD) == 0) return 0;
  struct stat info {};
  mc::check(::stat("/proc/self/task", &info), "look at '/proc/self/task'",
            mc::Hint{"mount proc on /proc"});
  return info.st_nlink - 3;
}

}  // namespace

void require_single_thread() {
  if (const auto others = other_threads(); others != 0)
    mc::fail("refuse to clone: a plugin has left ", others, " threads running",
             mc::Hint{"a plugin must join its threads before its hook returns"});
}

std::uint64_t threads_left() { return __libc_single_threaded == 0 ? other_threads() : 0; }

void require_no_thread_left() {
  if (__libc_single_threaded == 0) require_single_thread();
}

}  // namespace mini_container
