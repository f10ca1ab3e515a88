// SPDX-License-Identifier: Apache-2.0
// Somebody at a terminal.
#include <doctest/doctest.h>
#include <signal.h>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"
#include "tests/system/terminal.hpp"

using namespace mini_container::test;

namespace {

using Words = std::vector<std::string>;

std::string quoted(const Words& words) {
  std::string line;
  for (const auto& word : words) {
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += "' ";
  }
  return line;
}

/// A shell in a container, on a terminal, with a prompt that shows when it is ready.
Words shell(Words flags) {
  flags.insert(flags.begin(), {"-r", shared_root(), "-p", "-e", "PS1=ready> "});
  flags.emplace_back("--");
  flags.emplace_back("sh");
  return runtime_command(flags);
}

}  // namespace

TEST_CASE("an interactive shell has job control on the caller's terminal") {
  const HostUnchanged unchanged;
  Terminal terminal(shell({}));
  REQUIRE(terminal.wait_for("ready> "));
  CHECK(terminal.shown().find("job control turned off") == std::string::npos);
  CHECK(terminal.shown().find("can't access tty") == std::string::npos);

  terminal.type("sleep 100\n");
  CHECK(terminal.wait_for("sleep 100"));
  ::usleep(200000);
  terminal.type("\x03");
  CHECK(terminal.wait_for("ready> "));
  terminal.type("echo code=$?\n");
  CHECK(terminal.wait_for("code=130"));

  REQUIRE(terminal.wait_for("ready> "));
  terminal.type("sleep 100\n");
  ::usleep(200000);
  terminal.type("\x1a");
  CHECK(terminal.wait_for("Stopped"));
  REQUIRE(terminal.wait_for("ready> "));
  terminal.type("kill -9 %1; sleep 0.3; jobs; exit 6\n");
  CHECK(terminal.finish() == 6);
}

TEST_CASE("fg brings back a container that Ctrl-Z has stopped, and its job the terminal") {
  const HostUnchanged unchanged;
  Terminal terminal({"bash", "--norc", "--noediting", "-i"});
  terminal.type("PS1='out''er> '\n");
  REQUIRE(terminal.wait_for("outer> "));
  terminal.type(quoted(runtime_command({"-r", shared_root(), "--", "sh", "-c",
                                        "echo be''gan; read line; echo got=$line"})) +
                "\n");
  REQUIRE(terminal.wait_for("began"));
  terminal.type("\x1a");
  REQUIRE(terminal.wait_for("Stopped"));
  REQUIRE(terminal.wait_for("outer> "));
  terminal.type("fg\n");
  ::usleep(200000);
  terminal.type("typed\n");
  CHECK(terminal.wait_for("got=typed"));
  REQUIRE(terminal.wait_for("outer> "));
  terminal.type("exit 4\n");
  CHECK(terminal.finish() == 4);
}

TEST_CASE("Ctrl-Z with an init leaves nobody hanging") {
  const HostUnchanged unchanged;
  Terminal terminal(runtime_command({"-r", shared_root(), "-p", "--init", "--", "sh", "-c",
                                     "echo be''gan; read line; echo got=$line"}));
  REQUIRE(terminal.wait_for("began"));
  terminal.type("\x1a");
  ::usleep(200000);
  terminal.type("typed\n");
  CHECK(terminal.wait_for("got=typed"));
  CHECK(terminal.finish() == 0);
}

TEST_CASE("at the head of a pipeline the terminal is left to the others") {
  const HostUnchanged unchanged;
  Terminal terminal({"bash", "--norc", "--noediting", "-i"});
  terminal.type("PS1='out''er> '\n");
  REQUIRE(terminal.wait_for("outer> "));
  terminal.type(quoted(runtime_command({"-r", shared_root(), "-p", "--", "sleep", "1"})) +
                " | sh -c 'echo be\"\"gan; read line </dev/tty; echo got=$line'\n");
  REQUIRE(terminal.wait_for("began"));
  ::usleep(300000);
  terminal.type("typed\n");
  CHECK(terminal.wait_for("got=typed"));
  REQUIRE(terminal.wait_for("outer> "));
  terminal.type("exit 0\n");
  CHECK(terminal.finish() == 0);
}

TEST_CASE("Ctrl-C reaches a container that shares our process group once") {
  const HostUnchanged unchanged;
  Terminal terminal(
      {"sh", "-c",
       "exec " +
           quoted(runtime_command({"-r", shared_root(), "--", "sh", "-c",
                                   "trap 'echo i''nt' INT; echo be''gan; for i in 1 2 3 4 5 6; do "
                                   "sleep 0.2; done; echo en''ded"})) +
           "</dev/null"});
  REQUIRE(terminal.wait_for("began"));
  // Held back, so that a second one would not melt into the first.
  ::kill(terminal.pid(), SIGSTOP);
  terminal.type("\x03");
  REQUIRE(terminal.wait_for("int\r\n"));
  ::kill(terminal.pid(), SIGCONT);
  CHECK(terminal.wait_for("ended"));
  CHECK(terminal.shown().find("int\r\n") == terminal.shown().rfind("int\r\n"));
  CHECK(terminal.finish() == 0);
}

TEST_CASE("with seccomp a command types nothing into its caller's terminal") {
  const HostUnchanged unchanged;
  Terminal plain(runtime_command({"-r", shared_root(), "-p", "attest", "type"}));
  CHECK_FALSE(plain.wait_for("EPERM", std::chrono::milliseconds(500)));
  plain.finish();
  Terminal filtered(runtime_command(
      {"-r", shared_root(), "-p", "--seccomp", "sh", "-c", "attest type; stty size"}));
  CHECK(filtered.wait_for("type EPERM"));
  CHECK(filtered.wait_for("type-high EPERM"));
  CHECK(filtered.wait_for("24 80"));
  CHECK(filtered.finish() == 0);
}

TEST_CASE("with a terminal of its own, the container's devpts holds it") {
  const HostUnchanged unchanged;
  Terminal terminal(shell({"-t"}));
  REQUIRE(terminal.wait_for("ready> "));
  terminal.type("tty; attest tty; stty size\n");
  CHECK(terminal.wait_for("/dev/pts/0"));
  CHECK(terminal.wait_for("ctty yes"));
  CHECK(terminal.wait_for("foreground yes"));
  CHECK(terminal.wait_for("24 80"));

  terminal.resize(40, 132);
  REQUIRE(terminal.wait_for("ready> "));
  ::usleep(100000);
  terminal.type("stty size\n");
  CHECK(terminal.wait_for("40 132"));

  REQUIRE(terminal.wait_for("ready> "));
  terminal.type("sleep 100\n");
  ::usleep(200000);
  terminal.type("\x03");
  REQUIRE(terminal.wait_for("ready> "));
  terminal.type("echo code=$?\n");
  CHECK(terminal.wait_for("code=130"));

  REQUIRE(terminal.wait_for("ready> "));
  terminal.type("sleep 100\n");
  ::usleep(200000);
  terminal.type("\x1a");
  CHECK(terminal.wait_for("Stopped"));
  REQUIRE(terminal.wait_for("ready> "));
  terminal.type("kill -9 %1; sleep 0.3; jobs; exit 5\n");
  CHECK(terminal.finish() == 5);
}

TEST_CASE("a terminal's first size is there before the command, as asked for or the caller's") {
  const HostUnchanged unchanged;
  for (int round = 0; round < 20; ++round) {
    Terminal caller(runtime_command({"-r", shared_root(), "-p", "-t", "attest", "tty"}));
    REQUIRE(caller.wait_for("size 24 80"));
    CHECK(caller.finish() == 0);
  }
  Terminal asked(runtime_command({"-r", shared_root(), "-p", "-t", "--set",
                                  "container.terminal_size={height=7,width=9}", "sh", "-c",
                                  "stty size; sleep 0.3; stty size"}));
  REQUIRE(asked.wait_for("7 9"));
  CHECK(asked.wait_for("7 9"));
  CHECK(asked.finish() == 0);
}

TEST_CASE("exec gives a terminal as well") {
  const HostUnchanged unchanged;
  REQUIRE(run({"-r", shared_root(), "-p", "--detach", "--id", "termed", "sleep", "60"}).exit_code ==
          0);
  {
    Terminal terminal(
        runtime_command({"exec", "-t", "termed", "sh", "-c", "tty; stty size; exit 3"}));
    CHECK(terminal.wait_for("/dev/pts/"));
    CHECK(terminal.wait_for("24 80"));
    CHECK(terminal.finish() == 3);
  }
  run({"kill", "termed", "KILL"});
  CHECK(eventually([] { return run({"list"}).out.find("running") == std::string::npos; }));
  run({"delete", "termed"});
}

TEST_CASE("in a user namespace the terminal that exec gives is its root's") {
  const HostUnchanged unchanged;
  REQUIRE(run({"-r", shared_root(), "-p", "--set",
               "user.uid_map=[{container=0,host=100000,size=65536}]", "--set",
               "user.gid_map=[{container=0,host=100000,size=65536}]", "--detach", "--id", "mapped",
               "sleep", "60"})
              .exit_code == 0);
  {
    Terminal terminal(
        runtime_command({"exec", "-t", "mapped", "sh", "-c", "stat -c owner=%u $(tty)"}));
    CHECK(terminal.wait_for("owner=0"));
    CHECK(terminal.finish() == 0);
  }
  CHECK(run({"delete", "--force", "mapped"}).exit_code == 0);
}

TEST_CASE("a terminal of its own needs none of the caller's") {
  const auto result = run({"-r", shared_root(), "-p", "-t", "attest", "tty"});
  INFO(result);
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("ctty yes") != std::string::npos);
}

TEST_CASE("a reader that does not read holds up no signal") {
  const HostUnchanged unchanged;
  Process process(
      runtime_command({"-r", shared_root(), "-t", "sh", "-c", "while :; do echo more; done"}));
  const auto state = [&] {
    const auto stat = read_file("/proc/" + std::to_string(process.pid()) + "/stat");
    return stat.substr(stat.rfind(')') + 2, 1);
  };
  ::usleep(500000);  // by then the pipe is full
  CHECK(state() == "S");
  process.signal(SIGTERM);
  CHECK(eventually([&] { return state() == "Z"; }));
  const auto result = process.finish();
  CHECK_MESSAGE(result.exit_code == 128 + SIGTERM, result);
}

TEST_CASE("a terminal that a script took over is given back") {
  Terminal terminal({"sh"});
  terminal.type(quoted(shell({})) + "\n");
  REQUIRE(terminal.wait_for("\nready> "));
  terminal.type("exit 2\n");
  ::usleep(200000);
  terminal.type("echo back=$?\n");
  CHECK(terminal.wait_for("back=2"));
  terminal.type("exit 0\n");
  CHECK(terminal.finish() == 0);
}
