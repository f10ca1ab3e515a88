// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/process_mark.hpp"
#include "tests/skip.hpp"

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
}

TEST_CASE("a mark leads to its own process alone, by inode or by start time") {
  const auto own = ProcessMark::of(::getpid(), false);
  REQUIRE((own.inode != 0 || own.start_time != 0));
  // As it is where it may be found after the next boot, when inodes come again with their numbers.
  const auto by_time = ProcessMark::of(::getpid(), true);
  CHECK(by_time.inode == 0);
  CHECK(by_time.start_time == ProcessFacts::own()->field(22));
  for (ProcessMark mark : {own, by_time}) {
    const auto read = ProcessMark::parse(mark.text());
    REQUIRE(read);
    CHECK(read->pid == mark.pid);
    CHECK(read->inode == mark.inode);
    CHECK(read->start_time == mark.start_time);
    CHECK(read->open().valid());
    (mark.inode != 0 ? mark.inode : mark.start_time) += 1;
    CHECK_FALSE(mark.open().valid());
  }
  CHECK_FALSE(ProcessMark{.pid = own.pid}.open().valid());
  for (const char* text : {"", "12", "12 inode", "12 inode ", "12 inode x", "x 5", "12 x"}) {
    CAPTURE(text);
    CHECK_FALSE(ProcessMark::parse(text));
  }

  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  REQUIRE(child > 0);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  const auto zombie = ProcessMark::of(child, false);
  CHECK(zombie.open().valid());
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK_FALSE(zombie.open().valid());
  const auto none = ProcessMark::of(child, false);
  CHECK((none.inode == 0 && none.start_time == 0));
}

TEST_CASE("a process's own facts are its own under the /proc of another PID namespace") {
  if (::geteuid() != 0) SKIP_CASE("needs root");
  const auto status_of = [](pid_t pid) {
    int status = -1;
    return ::waitpid(pid, &status, 0) == pid ? status : -1;
  };
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWPID) != 0) ::_exit(2);
    const pid_t first = ::fork();
    if (first != 0) ::_exit(status_of(first) == 0 ? 0 : 1);
    const auto own = ProcessFacts::own();
    ::_exit(::getpid() == 1 && own && own->field(22) != ProcessFacts::of(1)->field(22) ? 0 : 1);
  }
  REQUIRE(child > 0);
  CHECK(status_of(child) == 0);
}

}  // namespace mini_container
