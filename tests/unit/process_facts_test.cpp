// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/state.hpp"

namespace mini_container {

TEST_CASE("a process's facts are there until it is reaped") {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  REQUIRE(child > 0);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  const auto zombie = ProcessFacts::of(child);
  REQUIRE(zombie);
  CHECK(zombie->has_ended());
  CHECK(zombie->field(4) == static_cast<std::uint64_t>(::getpid()));
  CHECK((zombie->field(9) & 0x40) != 0);  // PF_FORKNOEXEC
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK_FALSE(ProcessFacts::of(child));

  const auto self = ProcessFacts::of(::getpid());
  REQUIRE(self);
  CHECK_FALSE(self->has_ended());
  CHECK((self->field(9) & 0x40) == 0);
  CHECK(ProcessMark::of(::getpid()).start_time == self->field(22));
  CHECK(ProcessMark::of(child).start_time == 0);
}

}  // namespace mini_container
