// SPDX-License-Identifier: Apache-2.0
// The runtime's own binary is out of a container's reach also where a process inside wins the race
// between our look at a command and its execve.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST_CASE("an exec that is led to /proc/self/exe does not execute the runtime") {
  const HostUnchanged unchanged;
  const auto root = fresh_root();
  fs::copy_file(root + "/bin/busybox", root + "/command");
  const auto file = write_file("launch.toml",
                               "[container]\nid = \"raced\"\ncommand = [\"sleep\", \"60\"]\n"
                               "[rootfs]\npath = \"" +
                                   root +
                                   "\"\n[pid]\n"
                                   "[exchanging]\npath = \"/command\"\n");
  REQUIRE(run({"--plugin-dir", FIXTURES, "run", "--detach", "--config", file}).exit_code == 0);
  const auto result = run({"exec", "raced", "/command", "true"});
  INFO(result);
  // It is the empty file that stands for the binary.
  CHECK(fs::read_symlink(root + "/command") == "/proc/self/exe");
  CHECK(result.exit_code == 126);
  CHECK(result.last_error().find("execute '/command': Exec format error (ENOEXEC)") !=
        std::string::npos);
  CHECK(run({"delete", "--force", "raced"}).exit_code == 0);
}

TEST_CASE("a launch beside a running container, which may share its root, does not either") {
  const auto root = fresh_root();
  fs::copy_file(root + "/bin/busybox", root + "/command");
  REQUIRE(
      run({"run", "--detach", "--id", "neighbour", "-r", root, "-p", "sleep", "60"}).exit_code ==
      0);
  const auto file = write_file("launch.toml", "[rootfs]\npath = \"" + root +
                                                  "\"\n[exchanging]\npath = \"/command\"\n"
                                                  "at_start = true\n");
  const auto result =
      run({"--plugin-dir", FIXTURES, "run", "--config", file, "--", "/command", "true"});
  INFO(result);
  CHECK(fs::read_symlink(root + "/command") == "/proc/self/exe");
  CHECK(result.exit_code == 126);
  CHECK(result.last_error().find("execute '/command': Exec format error (ENOEXEC)") !=
        std::string::npos);
  CHECK(run({"delete", "--force", "neighbour"}).exit_code == 0);
}

TEST_CASE(
    "nor does one whose start_container hook, a program of the image's, exchanges the command") {
  const auto root = fresh_root();
  fs::copy_file(root + "/bin/busybox", root + "/command");
  const auto file = write_file("launch.toml",
                               "[container]\ncommand = [\"/command\"]\n[rootfs]\npath = \"" + root +
                                   "\"\n[[hooks.start_container]]\n"
                                   "path = \"/bin/busybox\"\n"
                                   "args = [\"ln\", \"-sf\", \"/proc/self/exe\", "
                                   "\"/command\"]\n");
  const auto result = run({"run", "--config", file});
  INFO(result);
  CHECK(fs::read_symlink(root + "/command") == "/proc/self/exe");
  CHECK(result.exit_code == 126);
  CHECK(result.last_error().find("execute '/command': Exec format error (ENOEXEC)") !=
        std::string::npos);
}

// A descriptor that is closed on execve is open while the kernel looks for the program.
TEST_CASE("no descriptor leads an exec, or a launch beside others, to a program of the host's") {
  const mc::Fd low(::open("/", O_PATH | O_DIRECTORY));
  // The table of descriptors is larger than usual; it is not full.
  const mc::Fd high(::fcntl(low.get(), F_DUPFD_CLOEXEC, 700));
  REQUIRE(high);
  for (const auto& [at_start, caller] :
       {std::pair(false, low.get()), std::pair(true, low.get()), std::pair(false, high.get()),
        std::pair(true, high.get())}) {
    CAPTURE(at_start);
    CAPTURE(caller);
    const auto root = fresh_root();
    fs::copy_file(root + "/bin/busybox", root + "/true");
    const auto file = write_file(
        "launch.toml",
        "[container]\nid = \"raced\"\ncommand = [\"sleep\", \"60\"]\n[rootfs]\npath = \"" + root +
            "\"\n[pid]\n[cgroup]\n[exchanging]\npath = \"/true\"\noutside = \"" +
            build_directory() + "/attest\"\nat_start = " + (at_start ? "true" : "false") + "\n");
    const std::vector<std::string> config = {"--plugin-dir", FIXTURES,   "run",
                                             "--detach",     "--config", file};
    if (at_start)
      REQUIRE(
          run({"run", "--detach", "--id", "raced", "-r", root, "-p", "sleep", "60"}).exit_code ==
          0);
    else
      REQUIRE(run(config).exit_code == 0);
    const auto result = at_start ? run({"--plugin-dir", FIXTURES, "run", "--config", file, "--id",
                                        "second", "--", "/true"},
                                       {.keep = {caller}})
                                 : run({"exec", "raced", "/true"}, {.keep = {caller}});
    INFO(result);
    CHECK(fs::is_symlink(root + "/true"));  // there was a way until the last hook
    CHECK(result.exit_code == 127);
    CHECK(result.last_error().find("execute '/true': ") != std::string::npos);
    CHECK(result.out.empty());
    CHECK(run({"delete", "--force", "raced"}).exit_code == 0);
  }
}

TEST_CASE("in a joined mount namespace nothing is looked up where the runtime's binary was") {
  const auto fifo = fresh_directory() + "/fifo";
  Process there({"unshare", "-m", "sh", "-c",
                 "mkfifo " + fifo + " && mount --bind " + fifo + ' ' + build_directory() +
                     "/mini_container && echo ready && read end"});
  REQUIRE(there.wait_for("ready"));
  const auto space = "/proc/" + std::to_string(there.pid()) + "/ns/mnt";
  const auto result =
      run({"-r", fresh_root(), "--rootfs.join", space, "--", "echo", "inside"}, {.timeout = 5s});
  INFO(result);
  CHECK(result.exit_code == 0);
  CHECK(result.out == "inside\n");
  there.close_input();
  there.finish();
}

TEST_CASE("an ordinary user's exec needs no rights where the container has the host's own tree") {
  const auto state = fresh_directory();
  constexpr uid_t user = 1000;
  REQUIRE(::chown(state.c_str(), user, user) == 0);
  fs::permissions(state, fs::perms::owner_all);
  const auto as_user = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--state-dir", state});
    return run(words, {.uid = user});
  };
  const auto started = as_user({"run", "--detach", "--id", "bare", "--container.user", "1000:1000",
                                "--no_new_privs", "--", "sleep", "60"});
  REQUIRE_MESSAGE(started.exit_code == 0, started);
  const auto result = as_user({"exec", "bare", "echo", "inside"});
  INFO(result);
  CHECK(result.out == "inside\n");
  CHECK(as_user({"delete", "--force", "bare"}).exit_code == 0);
}
