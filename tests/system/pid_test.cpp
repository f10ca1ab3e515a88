// SPDX-License-Identifier: Apache-2.0
// The plugin pid, with and without its init.
#include <doctest/doctest.h>

#include <csignal>

#include "tests/system/container_root.hpp"
#include "tests/system/find_process.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"
#include "tests/system/terminal.hpp"

namespace mini_container::test {

namespace {

std::vector<std::string> contained(std::vector<std::string> command,
                                   std::vector<std::string> flags = {"--pid"}) {
  std::vector<std::string> all = {"--rootfs.path", shared_root()};
  all.insert(all.end(), flags.begin(), flags.end());
  all.emplace_back("--");
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

const std::vector<std::string> with_init = {"--pid", "--init"};

}  // namespace

TEST_CASE("pid: the command is process 1 and sees only its own") {
  CHECK(run_inside({"-p"}, {"sh", "-c", "echo $$"}) == "1\n");
  const auto processes = run_inside({"pid"}, {"sh", "-c", "cd /proc && echo [0-9]*"});
  CHECK(processes == "1\n");
}

TEST_CASE("pid: it brings a /proc of its own over the host's tree too") {
  const auto result = run({"--pid", "--", "/bin/sh", "-c", "cd /proc && echo [0-9]*"});
  CHECK(result.out == "1\n");
}

TEST_CASE("pid: when process 1 ends, the rest is ended") {
  const HostUnchanged unchanged;
  const auto result = run(contained({"/bin/sh", "-c", "sleep 77 & sleep 78 & exit 4"}));
  CHECK(result.exit_code == 4);
}

TEST_CASE("pid: with init the command is process 2, and its exit code is the container's") {
  CHECK(run_inside({"--pid", "--init"}, {"sh", "-c", "echo $$"}) == "2\n");
  CHECK(run(contained({"/bin/attest", "exit", "9"}, with_init)).exit_code == 9);
  CHECK(run(contained({"/bin/attest", "raise", "15"}, with_init)).exit_code == 128 + SIGTERM);
  CHECK(run(contained({"/bin/attest", "raise", "9"}, with_init)).exit_code == 128 + SIGKILL);
}

TEST_CASE("pid: with init a command that is missing is told as without it") {
  const auto with = run(contained({"/bin/nothing"}, with_init));
  const auto without = run(contained({"/bin/nothing"}));
  CHECK(with.exit_code == 127);
  CHECK(with.last_error() == without.last_error());
  const auto directory = run(contained({"/etc"}, with_init));
  CHECK(directory.exit_code == 126);
}

TEST_CASE("pid: init hands signals on to the command") {
  Process container(mini_container(contained(
      {"/bin/sh", "-c", "trap 'echo got; exit 5' TERM; echo up; while :; do sleep 0.1; done"},
      with_init)));
  REQUIRE(container.wait_for("up"));
  container.signal(SIGTERM);
  CHECK(container.wait_for("got"));
  CHECK(container.finish().exit_code == 5);
}

TEST_CASE("pid: init ends with a command that has no handler") {
  Process container(
      mini_container(contained({"/bin/sh", "-c", "echo up; exec sleep 60"}, with_init)));
  REQUIRE(container.wait_for("up"));
  container.signal(SIGTERM);
  CHECK(container.finish().exit_code == 128 + SIGTERM);
}

TEST_CASE("pid: under init a shell has its jobs, and Ctrl-C comes once") {
  for (const bool own_terminal : {true, false}) {
    CAPTURE(own_terminal);
    auto flags = with_init;
    if (own_terminal) flags.emplace_back("--terminal");
    Terminal terminal(mini_container(contained({"/bin/sh"}, flags)));
    terminal.type("echo re''ady\n");
    REQUIRE(terminal.wait_for("ready"));
    terminal.type("sleep 50\n");
    terminal.wait_for("sleep 50");
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    terminal.type("\x03");
    terminal.type("echo aft''er $?\n");
    CHECK(terminal.wait_for("after 130"));
    // Ctrl-C throws away what the shell has not read yet.
    terminal.type("trap 'echo ca''ught' INT; echo tr''apped\n");
    REQUIRE(terminal.wait_for("trapped"));
    terminal.type("\x03");
    CHECK(terminal.wait_for("caught"));
    terminal.type("exit 6\n");
    CHECK(terminal.finish() == 6);
    CHECK(terminal.shown().find("caught\r\ncaught") == std::string::npos);
    CHECK(terminal.shown().find("job control") == std::string::npos);
  }
}

TEST_CASE("pid: what the terminal sends to init too, init does not send on") {
  auto flags = with_init;
  flags.insert(flags.end(), {"--id", "interrupted", "--terminal"});
  Terminal terminal(mini_container(contained({"/bin/sh", "-c",
                                              "trap 'echo i''nt' INT; echo be''gan; for i in 1 2 3 "
                                              "4 5 6; do sleep 0.2; done; echo en''ded"},
                                             flags)));
  REQUIRE(terminal.wait_for("began"));
  // Held back, so that a second one would not melt into the first.
  const auto init = std::stoi(first_process("interrupted"));
  REQUIRE(::kill(init, SIGSTOP) == 0);
  terminal.type("\x03");
  CHECK(terminal.wait_for("int\r\n"));
  ::kill(init, SIGCONT);
  CHECK(terminal.wait_for("ended"));
  CHECK(terminal.finish() == 0);
  CHECK(terminal.shown().find("int\r\n") == terminal.shown().rfind("int\r\n"));
}

TEST_CASE("pid: init reaps orphans") {
  const auto left =
      run_inside({"--pid", "--init"}, {"sh", "-c",
                                       "for i in 1 2 3 4 5; do (sleep 0.1 & ) ; done; sleep 0.5; "
                                       "grep -l '^State:.Z' /proc/[0-9]*/status; echo end"});
  CHECK(left == "end\n");
}

TEST_CASE("pid: /proc/1/exe is not a file of the host, and cannot be written") {
  const auto link = run_inside({"--pid", "--init"}, {"readlink", "/proc/1/exe"});
  CHECK(link.starts_with("/memfd:init"));
  const auto result = run(contained({"/bin/sh", "-c", "echo x > /proc/1/exe"}, with_init));
  CHECK(result.exit_code != 0);
}

TEST_CASE("pid: a namespace is joined by path") {
  Process first(mini_container(contained({"/bin/sh", "-c", "echo up; exec sleep 31"})));
  REQUIRE(first.wait_for("up"));
  const auto process = process_directory("sleep 31");
  const auto path = process + "/ns/pid";
  const auto seen = run_inside({"--pid.join=" + path}, {"cat", "/proc/1/cmdline"});
  CHECK(seen == std::string("sleep\00031\000", 9));
  const auto both = run(contained({"/bin/true"}, {"--pid.join", path, "--init"}));
  CHECK(both.exit_code == 125);
  CHECK(both.last_error().find("process 1") != std::string::npos);
  end_with_container(first, process);
}

TEST_CASE("pid: what cannot be joined is named") {
  const HostUnchanged unchanged;
  for (const char* path : {"/nowhere", "/etc/passwd", "/proc/self/ns/uts"}) {
    const auto result = run(contained({"/bin/true"}, {"--pid.join", path}));
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find(std::string("'") + path + "'") != std::string::npos);
  }
}

}  // namespace mini_container::test
