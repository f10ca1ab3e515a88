// SPDX-License-Identifier: Apache-2.0
#include "core/single_thread.hpp"

#include <sys/single_threaded.h>
#include <sys/stat.h>

#include "mini_container/error.hpp"

namespace mini_container {

// Two links for "." and "..", and one for each thread: proc(5).
void require_single_thread() {
  struct stat info {};
  mc::check(::stat("/proc/self/task", &info), "look at '/proc/self/task'",
            mc::Hint{"mount proc on /proc"});
  if (info.st_nlink != 3)
    mc::fail("refuse to clone: a plugin has left ", info.st_nlink - 3, " threads running",
             mc::Hint{"a plugin must join its threads before its hook returns"});
}

void require_no_thread_left() {
  if (__libc_single_threaded == 0) require_single_thread();
}

}  // namespace mini_container
