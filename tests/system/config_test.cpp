// SPDX-License-Identifier: Apache-2.0
// The launches of config/, run as they are but for the root, seen from inside and from the host.
// ctest: RESOURCE_LOCK cgroups
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/skip.hpp"
#include "tests/system/container_root.hpp"
#include "tests/system/find_process.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

std::string config(const std::string& name) {
  return std::string(TEST_SOURCE_DIR) + "/config/" + name;
}

// What the report holds of every capability set, in one.
void check_no_more_than(const std::string& report, unsigned long long allowed) {
  for (const char* set :
       {"cap.bounding", "cap.permitted", "cap.effective", "cap.inheritable", "cap.ambient"}) {
    CAPTURE(set);
    CHECK((std::stoull(value(report, set), nullptr, 16) & ~allowed) == 0);
  }
}

// chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service sys_chroot setfcap
constexpr unsigned long long engines_default = 0x800405fb;

}  // namespace

TEST_CASE("hardened.toml: everything is on, from inside") {
  const HostUnchanged unchanged;
  const auto result = run({"run", "--config", config("hardened.toml"), "--set",
                           "rootfs.path=" + fresh_root(), "--", "/bin/attest", "all"});
  REQUIRE(result.exit_code == 0);
  const auto& report = result.out;
  CHECK(value(report, "uid_map").find("100000") != std::string::npos);
  CHECK(value(report, "hostname") == "hardened");
  CHECK(value(report, "seccomp") == "2");
  CHECK(value(report, "no_new_privs") == "1");
  CHECK(value(report, "limit.core") == "0 0");
  CHECK(value(report, "limit.nofile") == "1024 4096");
  check_no_more_than(report, engines_default);
  // 0, 1 and 2 alone: a further line would be a descriptor that came along.
  for (const auto& fd : values(report, "fd")) CHECK(std::stoi(fd) <= 2);
}

TEST_CASE("hardened.toml: what is asked of the kernel inside is refused") {
  const auto inside = [](const std::string& script) {
    return run({"run", "--config", config("hardened.toml"), "--set", "rootfs.path=" + fresh_root(),
                "--", "sh", "-c", script});
  };
  CHECK(inside("mount -t tmpfs none /mnt").exit_code != 0);
  CHECK(inside("touch /etc/written").exit_code != 0);
  CHECK(inside("echo 1 > /proc/sys/kernel/hostname").exit_code != 0);
  CHECK(inside("hostname other").exit_code != 0);
  CHECK(inside("cat /proc/keys | grep -q .").exit_code != 0);
  CHECK(inside("touch /tmp/written && hostname").out == "hardened\n");
}

TEST_CASE("hardened.toml: seen from the host, root inside is an ordinary id") {
  const HostUnchanged unchanged;
  Process container(mini_container::test::mini_container(
      {"run", "--id", "hardened-test", "--config", config("hardened.toml"), "--set",
       "rootfs.path=" + fresh_root(), "--", "sh", "-c", "echo up; exec cat"}));
  REQUIRE(container.wait_for("up"));
  struct stat owner {};
  // The first process is the init program; its child is the command.
  const auto first = first_process("hardened-test");
  REQUIRE(::stat(("/proc/" + first).c_str(), &owner) == 0);
  const auto status = read_file("/proc/" + first + "/status");
  CHECK(status.find("Uid:\t100000\t100000") != std::string::npos);
  CHECK(cgroups_named("hardened-test").size() > 0);
  container.close_input();
  CHECK(container.finish().exit_code == 0);
  CHECK(cgroups_named("hardened-test").empty());
}

TEST_CASE("rootless.toml: an ordinary user needs no rights of others") {
  const auto root = fresh_root();
  const auto state = fresh_directory();
  REQUIRE(::chown(state.c_str(), 1000, 1000) == 0);
  RunOptions user;
  user.uid = 1000;
  const auto result = run({"--root", state, "run", "--config", config("rootless.toml"), "--set",
                           "rootfs.path=" + root, "--", "sh", "-c", "touch /written && attest all"},
                          user);
  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(value(result.out, "hostname") == "rootless");
  CHECK(value(result.out, "uid") == "0 0 0");
  CHECK(value(result.out, "uid_map").find("1000") != std::string::npos);
  CHECK(value(result.out, "seccomp") == "2");
  CHECK(value(result.out, "no_new_privs") == "1");
  check_no_more_than(result.out, engines_default);
  // The overlay took it: the directory is as it was.
  CHECK(!std::filesystem::exists(root + "/written"));
  CHECK(std::filesystem::is_empty(state));
}
