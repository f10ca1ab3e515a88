// SPDX-License-Identifier: Apache-2.0
// What a launch would do, what it cost, and containers that a later command finds again.
#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>

#include "tests/system/container_root.hpp"
#include "tests/system/find_process.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

TEST_CASE("plan shows flags, mounts and hooks with plugin and line, and touches nothing") {
  const HostUnchanged unchanged;
  const auto file = launch_file(
      "[container]\ncommand = [\"/bin/touch\", \"/tmp/ran\"]\n[uts]\nhostname = \"box\"\n[ipc]\n");
  const auto text = run({"plan", file});
  REQUIRE(text.exit_code == 0);
  CHECK(text.out.find("clone3: CLONE_NEWIPC|CLONE_NEWUTS|CLONE_NEWNS") != std::string::npos);
  CHECK(text.out.find("new CLONE_NEWUTS") != std::string::npos);
  CHECK(text.out.find("uts  " + file + ":3:2") != std::string::npos);
  CHECK(text.out.find("root: " + shared_root() + " ") != std::string::npos);
  CHECK(text.out.find("mount /dev/shm") != std::string::npos);
  CHECK(text.out.find("after_pivot   [child]") != std::string::npos);
  CHECK(!std::filesystem::exists(shared_root() + "/tmp/ran"));
  const auto json = run({"plan", "--json", file});
  CHECK(json.exit_code == 0);
  CHECK(json.out.find("\"clone_flags\": \"CLONE_NEWIPC|CLONE_NEWUTS|CLONE_NEWNS\"") !=
        std::string::npos);
  CHECK(json.out.find("\"path\": \"" + shared_root() + "\"") != std::string::npos);
  CHECK(json.out.find("\"plugin\": \"uts\"") != std::string::npos);
  const auto of_command = run({"plan", "--json", file, "--", "/bin/ip", "--json"});
  CHECK(of_command.out.find("\"--json\"") != std::string::npos);
}

TEST_CASE("plan shows a cleanup where something is made that a container leaves, and no other") {
  const HostUnchanged unchanged;
  const auto is_shown = [](const std::string& mode) {
    const auto result = run({"plan", "--net.mode=" + mode, "-r", shared_root(), "--", "true"});
    CHECK_MESSAGE(result.exit_code == 0, result);
    const auto at = result.out.find("\n  cleanup ");
    return at != std::string::npos && result.out.find(" net ", at) != std::string::npos;
  };
  CHECK(is_shown("bridge"));
  CHECK_FALSE(is_shown("none"));
}

TEST_CASE("plan and validate, asked for help behind the file, give it") {
  const auto file = launch_file("[uts]\n");
  for (const char* verb : {"plan", "validate"}) {
    const auto help = run({verb, file, "--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.out.starts_with("Usage: "));
  }
}

TEST_CASE("a plan that nobody takes is a failure") {
  auto argv = mini_container::test::mini_container({"plan", launch_file("[uts]\n")});
  argv.insert(argv.begin(), {"sh", "-c", "exec \"$@\" >/dev/full", "sh"});
  const auto result = run_program(argv);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("(ENOSPC)") != std::string::npos);
}

TEST_CASE("plan needs no rights") {
  RunOptions user;
  user.uid = 1000;
  CHECK(run({"plan", launch_file("[uts]\nhostname = \"box\"\n")}, user).exit_code == 0);
}

TEST_CASE("plan puts the user's mounts in their order, and above a default at the same place") {
  const auto file =
      launch_file("[ipc]\n[rootfs]\npath = \"" + shared_root() +
                  "\"\n[[rootfs.mounts]]\ndestination = \"/dev/shm\"\ntype = \"tmpfs\"\n"
                  "[[rootfs.mounts]]\ndestination = \"/mnt\"\ntype = \"tmpfs\"\n");
  const auto out = run({"plan", file}).out;
  const auto shm = out.find("mount /dev/shm");
  REQUIRE(shm != std::string::npos);
  CHECK(out.find("mount /dev/shm", shm + 1) == std::string::npos);
  CHECK(shm < out.find("mount /mnt"));
  CHECK(out.find("mount /dev tmpfs") < shm);
}

TEST_CASE("timings name every hook of both processes, and a trace is JSON") {
  const auto trace = fresh_directory() + "/trace.json";
  const auto result = run({"run", "--timings", "--trace", trace, "--config",
                           launch_file("[uts]\nhostname = \"box\"\n"), "--", "true"});
  CHECK(result.exit_code == 0);
  CHECK(result.err.find("child pivot        rootfs") != std::string::npos);
  CHECK(result.err.find("agent plan         uts") != std::string::npos);
  CHECK(result.err.find(" us ") != std::string::npos);
  CHECK(read_file(trace).find("\"name\": \"rootfs.pivot\"") != std::string::npos);
}

TEST_CASE("a user namespace can be joined together with new namespaces of its own") {
  Process owner(mini_container::test::mini_container(
      {"--rootfs.path", fresh_root(), "--pid", "--id", "owner-test", "--set",
       "user.uid_map=[{container=0,host=100000,size=65536}]", "--set",
       "user.gid_map=[{container=0,host=100000,size=65536}]", "--set", "rootfs.idmap=container",
       "--", "sh", "-c", "echo up; exec cat"}));
  REQUIRE(owner.wait_for("up"));
  const auto ns = "/proc/" + first_process("owner-test") + "/ns/user";
  const auto joined = run({"--rootfs.path", shared_root(), "--hostname", "second", "--user.join",
                           ns, "--", "sh", "-c", "hostname; cut -c1-80 /proc/self/uid_map"});
  CAPTURE(joined.err);
  CHECK(joined.exit_code == 0);
  CHECK(joined.out.starts_with("second\n"));
  CHECK(joined.out.find("100000") != std::string::npos);
  owner.close_input();
  CHECK(owner.finish().exit_code == 0);
}

TEST_CASE("an agent that is killed takes its container along, and delete finds what is left") {
  const HostUnchanged unchanged;
  Process container(mini_container::test::mini_container({"--rootfs.path", fresh_root(), "--pid",
                                                          "--id", "killed-test", "--", "sh", "-c",
                                                          "echo up; exec sleep 30"}));
  REQUIRE(container.wait_for("up"));
  container.signal(SIGKILL);
  container.finish();
  CHECK(eventually([] { return run({"list"}).out.find("stopped") != std::string::npos; }));
  CHECK(run({"delete", "killed-test"}).exit_code == 0);
  CHECK(run({"list"}).out.find("killed-test") == std::string::npos);
}
