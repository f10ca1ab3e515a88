// SPDX-License-Identifier: Apache-2.0
// The test program's own footing.
#include <doctest/doctest.h>

#include <unistd.h>

#include <csignal>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"
#include "tests/system/terminal.hpp"

using namespace mini_container::test;

TEST_CASE("a test program is alone on its host") {
  CHECK(::getpid() == 2);
  char name[65] = {};
  ::gethostname(name, sizeof name);
  CHECK(std::string(name) == "testhost");
  CHECK(read_file("/proc/sysvipc/msg").find('\n') == read_file("/proc/sysvipc/msg").size() - 1);
}

TEST_CASE("a program's output, errors and exit code are told apart, and time is bounded") {
  const auto result = run_program({"sh", "-c", "cat; echo no >&2; exit 3"}, {.input = "yes"});
  CHECK(result.out == "yes");
  CHECK(result.last_error() == "no");
  CHECK(result.exit_code == 3);
  const auto slow = run_program({"sleep", "60"}, {.timeout = std::chrono::milliseconds(100)});
  CHECK(slow.timed_out);
  CHECK(slow.signal == SIGKILL);
}

TEST_CASE("what is left behind is seen") {
  const auto before = host_state();
  CHECK(difference(before, host_state()).empty());
  Process sleeper({"sleep", "60"});
  // Until it has executed sleep it is one more of this program.
  CHECK(eventually([&] { return difference(before, host_state()).find("+ process") == 0; }));
}

TEST_CASE("a root runs its busybox and its attest") {
  const auto root = fresh_root();
  CHECK(run_program({"chroot", root, "/bin/echo", "here"}).out == "here\n");
  const auto report = run_program({"chroot", root, "/bin/attest", "place", "ids"}).out;
  CHECK(value(report, "cwd") == "/");
  CHECK(value(report, "uid") == "0 0 0");
}

TEST_CASE("a terminal shows what was typed, and its new size") {
  Terminal terminal({"sh"});
  terminal.resize(40, 100);
  terminal.type("stty size; echo en''d; exit 5\n");
  CHECK(terminal.wait_for("40 100"));
  CHECK(terminal.wait_for("end"));
  CHECK(terminal.finish() == 5);
}
