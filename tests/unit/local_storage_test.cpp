// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/local_storage.hpp"

using mini_container::is_on_local_storage;

TEST_CASE("what the kernel's own file systems hold is on local storage; what is not there is not") {
  // ENOSYS before Linux 6.8, where nothing is known.
  const bool knows = ::syscall(457 /* statmount */, nullptr, nullptr, 0, 0) != 0 && errno != ENOSYS;
  struct stat looked_at {};
  REQUIRE(::stat("/proc/self/fd", &looked_at) == 0);
  CHECK(is_on_local_storage("/proc") == knows);
  CHECK_FALSE(is_on_local_storage("/proc/there is no such file"));
}
