// SPDX-License-Identifier: Apache-2.0
// The ipc matrix: six kinds of objects, host against container and container against container,
// and every limit.
#include <doctest/doctest.h>

#include <csignal>

#include "tests/system/container_root.hpp"
#include "tests/system/find_process.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

namespace mini_container::test {

namespace {

struct Kind {
  const char* action;
  const char* name;
};
constexpr Kind kinds[] = {
    {"sysv-msg", "0x51"},  {"sysv-sem", "0x52"},       {"sysv-shm", "0x53"},
    {"posix-mq", "/four"}, {"posix-sem", "/four-sem"}, {"posix-shm", "/four-shm"},
};

std::string on_host(const Kind& kind, const char* verb) {
  return run_program({build_directory() + "/attest", kind.action, verb, kind.name}).out;
}

std::string in_container(const Kind& kind, const char* verb,
                         const std::vector<std::string>& flags) {
  std::vector<std::string> arguments = {"--rootfs.path", shared_root()};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  for (const char* word : {"--", "/bin/attest", kind.action, verb, kind.name})
    arguments.emplace_back(word);
  return run(arguments).out;
}

// The host's /dev/shm and mqueue in the container: without them nobody could meet there.
std::vector<std::string> shared_with_host() {
  const std::string file = write_file("shared.toml",
                                      "[[rootfs.mounts]]\nsource = \"/dev/shm\"\n"
                                      "destination = \"/dev/shm\"\n");
  return {"--config", file};
}

std::vector<std::string> contained(bool own, const std::vector<std::string>& command) {
  std::vector<std::string> arguments = {"run"};
  if (own)
    arguments.emplace_back("-i");
  else
    for (const auto& word : shared_with_host()) arguments.push_back(word);
  arguments.insert(arguments.end(), {"--rootfs.path", shared_root(), "--"});
  arguments.insert(arguments.end(), command.begin(), command.end());
  return arguments;
}

/// A container that makes the object, with an IPC namespace of its own or the host's, and stays
/// until its input ends.
std::vector<std::string> holder(const Kind& kind, bool own) {
  return mini_container(contained(
      own, {"/bin/sh", "-c",
            std::string("/bin/attest ") + kind.action + " create " + kind.name + " && cat"}));
}

std::string second_container(const Kind& kind, const char* verb, bool own) {
  return run(contained(own, {"/bin/attest", kind.action, verb, kind.name})).out;
}

std::set<std::string> objects_of_the_host() {
  std::set<std::string> objects;
  for (const auto& line : host_state())
    if (line.starts_with("sysv ") || line.starts_with("posix ")) objects.insert(line);
  return objects;
}

struct Limit {
  const char* key;
  const char* path;
  const char* value;
  const char* shown;
  const char* kernels;  // the kernel's default
};
constexpr Limit limits[] = {
    {"msgmax", "kernel/msgmax", "9000", "9000\n", "8192\n"},
    {"msgmnb", "kernel/msgmnb", "\"64K\"", "65536\n", "16384\n"},
    {"msgmni", "kernel/msgmni", "77", "77\n", "32000\n"},
    {"sem", "kernel/sem", "[100, 2000, 30, 40]", "100\t2000\t30\t40\n",
     "32000\t1024000000\t500\t32000\n"},
    {"shmall", "kernel/shmall", "5000", "5000\n", "18446744073692774399\n"},
    {"shmmax", "kernel/shmmax", "\"1M\"", "1048576\n", "18446744073692774399\n"},
    {"shmmni", "kernel/shmmni", "66", "66\n", "4096\n"},
    {"shm_rmid_forced", "kernel/shm_rmid_forced", "true", "1\n", "0\n"},
    {"queues_max", "fs/mqueue/queues_max", "12", "12\n", "256\n"},
    {"msg_max", "fs/mqueue/msg_max", "20", "20\n", "10\n"},
    {"msgsize_max", "fs/mqueue/msgsize_max", "\"16K\"", "16384\n", "8192\n"},
    {"msg_default", "fs/mqueue/msg_default", "5", "5\n", "10\n"},
    {"msgsize_default", "fs/mqueue/msgsize_default", "256", "256\n", "8192\n"},
};

std::string host_limits() {
  std::string all;
  for (const Limit& limit : limits) all += read_file(std::string("/proc/sys/") + limit.path);
  return all;
}

Result launch(const std::string& toml, const std::vector<std::string>& command) {
  std::vector<std::string> arguments = {"run", "--config", launch_file(toml), "--"};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return run(arguments);
}

}  // namespace

TEST_CASE("ipc: without the plugin the host and the container meet") {
  for (const Kind& kind : kinds) {
    CAPTURE(kind.action);
    REQUIRE(on_host(kind, "create") == std::string(kind.action) + " ok\n");
    std::vector<std::string> flags = {"run"};
    const auto shared = shared_with_host();
    flags.insert(flags.end(), shared.begin(), shared.end());
    flags.insert(flags.end(), {"--rootfs.path", shared_root(), "--", "/bin/attest", kind.action,
                               "open", kind.name});
    CHECK(run(flags).out == std::string(kind.action) + " ok\n");
    CHECK(on_host(kind, "remove") == std::string(kind.action) + " ok\n");
  }
}

TEST_CASE("ipc: with the plugin the host's objects are not there") {
  for (const Kind& kind : kinds) {
    CAPTURE(kind.action);
    REQUIRE(on_host(kind, "create") == std::string(kind.action) + " ok\n");
    {
      const HostUnchanged unchanged;
      CHECK(in_container(kind, "open", {"--ipc"}) == std::string(kind.action) + " ENOENT\n");
      // The same name is free, and what is made there goes with the container.
      CHECK(in_container(kind, "create", {"-i"}) == std::string(kind.action) + " ok\n");
    }
    CHECK(on_host(kind, "remove") == std::string(kind.action) + " ok\n");
  }
}

TEST_CASE("ipc: what a container makes the host finds without the plugin, and not with it") {
  for (const Kind& kind : kinds) {
    for (const bool own : {false, true}) {
      CAPTURE(kind.action);
      CAPTURE(own);
      const HostUnchanged unchanged;
      {
        const auto before = objects_of_the_host();
        Process container(holder(kind, own));
        REQUIRE(container.wait_for(" ok"));
        CHECK(on_host(kind, "open") == kind.action + std::string(own ? " ENOENT\n" : " ok\n"));
        CHECK((objects_of_the_host() == before) == own);
        if (!own) CHECK(on_host(kind, "remove") == std::string(kind.action) + " ok\n");
        container.close_input();
        CHECK(container.finish().exit_code == 0);
      }
    }
  }
}

TEST_CASE("ipc: two containers on one root meet without the plugin, and do not with it") {
  for (const Kind& kind : kinds) {
    for (const bool own : {false, true}) {
      CAPTURE(kind.action);
      CAPTURE(own);
      const HostUnchanged unchanged;
      Process first(holder(kind, own));
      REQUIRE(first.wait_for(" ok"));
      const std::string action = kind.action;
      CHECK(second_container(kind, "open", own) == action + (own ? " ENOENT\n" : " ok\n"));
      CHECK(second_container(kind, "create", own) == action + (own ? " ok\n" : " EEXIST\n"));
      if (!own) CHECK(second_container(kind, "remove", own) == action + " ok\n");
      first.close_input();
      CHECK(first.finish().exit_code == 0);
    }
  }
}

TEST_CASE("ipc: two containers that join one namespace meet") {
  Process first(mini_container({"--rootfs.path", shared_root(), "-i", "-p", "--", "/bin/sh", "-c",
                                "/bin/attest sysv-shm create 0x61; exec sleep 32"}));
  REQUIRE(first.wait_for(" ok"));
  const auto process = process_directory("sleep 32");
  const auto path = process + "/ns/ipc";
  const auto joined = run({"--rootfs.path", shared_root(), "--ipc.join", path, "--", "/bin/attest",
                           "sysv-shm", "open", "0x61"});
  CAPTURE(joined);
  CHECK(joined.out == "sysv-shm ok\n");
  const auto limited = run({"--rootfs.path", shared_root(), "--ipc.join", path, "--ipc.msgmax",
                            "9000", "--", "/bin/true"});
  CHECK(limited.exit_code == 125);
  CHECK(limited.last_error().find("ipc.msgmax") != std::string::npos);
  end_with_container(first, process);
}

TEST_CASE("ipc: /dev/shm and /dev/mqueue are the container's own") {
  const auto mounts = run_inside({"ipc"}, {"cat", "/proc/mounts"});
  CHECK(mounts.find("/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k") !=
        std::string::npos);
  CHECK(mounts.find("/dev/mqueue mqueue rw,nosuid,nodev,noexec") != std::string::npos);
  CHECK(run_inside({"ipc"}, {"stat", "-c", "%a", "/dev/shm"}) == "1777\n");
  CHECK(run_inside({"--shm-size=1M"}, {"cat", "/proc/mounts"}).find("size=1024k") !=
        std::string::npos);
  const auto full = run({"--rootfs.path", shared_root(), "--ipc.shm_size", "64K", "--", "/bin/dd",
                         "if=/dev/zero", "of=/dev/shm/f", "bs=1k", "count=128"});
  CHECK(full.exit_code != 0);
  CHECK(full.err.find("No space left") != std::string::npos);
  const auto without =
      run_inside({"--ipc.shm=false", "--ipc.mqueue=false"}, {"cat", "/proc/mounts"});
  CHECK(without.find("/dev/mqueue") == std::string::npos);
}

TEST_CASE("ipc: every limit is set inside and nowhere else") {
  const auto before = host_limits();
  for (const Limit& limit : limits) {
    CAPTURE(limit.key);
    const auto result = launch(std::string("[ipc]\n") + limit.key + " = " + limit.value + "\n",
                               {"/bin/cat", std::string("/proc/sys/") + limit.path});
    CHECK(result.out == limit.shown);
    CHECK(result.exit_code == 0);
  }
  CHECK(host_limits() == before);
}

TEST_CASE("ipc: where nothing is set the kernel's defaults hold, whatever the host has") {
  for (const Limit& limit : limits) {
    CAPTURE(limit.key);
    const auto path = std::string("/proc/sys/") + limit.path;
    const auto host = read_file(path);
    const auto set = [&path](const std::string& text) {
      return run_program({"sh", "-c", "printf '%s' '" + text + "' > " + path}).exit_code == 0;
    };
    REQUIRE(set(limit.shown));
    CHECK(run_inside({"ipc"}, {"cat", path}) == limit.kernels);
    CHECK(run_inside({}, {"cat", path}) == limit.shown);
    CHECK(read_file(path) == limit.shown);
    REQUIRE(set(host));
  }
}

TEST_CASE("ipc: a limit binds") {
  const auto result =
      launch("[ipc]\nshmmax = 4096\n", {"/bin/attest", "sysv-shm", "create", "0x71", "8192"});
  CHECK(result.out == "sysv-shm EINVAL\n");
  // Who has CAP_SYS_RESOURCE on the host may have more: mq_overview(7).
  const auto queue = launch("[container]\nuser = \"app\"\n[ipc]\nmsg_max = 3\n",
                            {"/bin/attest", "posix-mq", "create", "/q", "4", "64"});
  CHECK(queue.out == "posix-mq EINVAL\n");
}

TEST_CASE("ipc: limits beyond their range are refused by name") {
  const HostUnchanged unchanged;
  for (const char* line :
       {"msgmax = -1", "msg_max = 0", "msg_max = 65537", "msgsize_max = 127", "shmmni = 40000",
        "sem = [1, 2, 3]", "sem = [1, 2, 3, -4]", "sem = [1, 2, 3, 99999999999]", "shm_size = 0",
        "shm_size = \"-1M\"", "msgmni = \"many\"", "shm_rmid_forced = 2"}) {
    CAPTURE(line);
    const auto result = launch(std::string("[ipc]\n") + line + "\n", {"/bin/true"});
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find("ipc." +
                                   std::string(line).substr(0, std::string(line).find(' '))) !=
          std::string::npos);
  }
}

}  // namespace mini_container::test
