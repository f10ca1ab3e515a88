// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

TEST_CASE("sysctl: a value is set inside, and the host keeps its own") {
  const HostUnchanged unchanged;
  const auto forward = read_file("/proc/sys/net/ipv4/ip_forward");
  const auto largest = read_file("/proc/sys/kernel/msgmax");
  const auto out =
      run_inside({"pid", "net", "ipc", "--sysctl.set=net.ipv4.ip_forward=1",
                  "--sysctl.set=kernel/msgmax=12345", "--sysctl.set=fs.mqueue.msg_max=33"},
                 {"cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/msgmax",
                  "/proc/sys/fs/mqueue/msg_max"});
  CHECK(out == "1\n12345\n33\n");
  CHECK(read_file("/proc/sys/net/ipv4/ip_forward") == forward);
  CHECK(read_file("/proc/sys/kernel/msgmax") == largest);
}

struct Family {
  const char* key;  // one that every kernel has
  const char* value;
  const char* table;             // the namespace's
  std::vector<std::string> own;  // what gives the container one
};
const Family families[] = {
    {"kernel.msgmni", "321", "ipc", {"--ipc"}},
    {"kernel.sem", "100\t200\t30\t40", "ipc", {"--ipc"}},
    {"kernel.shmall", "4321", "ipc", {"--ipc"}},
    {"fs.mqueue.queues_max", "77", "ipc", {"--ipc"}},
    {"net.ipv4.ip_default_ttl", "33", "net", {"--net"}},
    {"net.core.somaxconn", "99", "net", {"--net"}},
    {"net/ipv4/conf/lo/forwarding", "1", "net", {"--net"}},
    {"user.max_uts_namespaces", "7", "user", {"--user.mode=single"}},
};

std::string path_of(const std::string& key) {
  std::string path = "/proc/sys/" + key;
  if (key.find('/') == std::string::npos) std::replace(path.begin() + 10, path.end(), '.', '/');
  return path;
}

Result launch(std::vector<std::string> flags, const std::vector<std::string>& command) {
  flags.insert(flags.begin(), {"-r", shared_root(), "--pid"});
  flags.emplace_back("--");
  flags.insert(flags.end(), command.begin(), command.end());
  return run(flags);
}

TEST_CASE(
    "sysctl: each family is set in the container's own namespace, and refused in the host's") {
  for (const auto& family : families) {
    CAPTURE(family.key);
    const HostUnchanged unchanged;
    const auto path = path_of(family.key);
    const auto before = read_file(path);
    REQUIRE(!before.empty());
    CHECK(before != std::string(family.value) + "\n");
    auto flags = family.own;
    flags.push_back("--sysctl.set=" + std::string(family.key) + "=" + family.value);
    CHECK(launch(flags, {"cat", path}).out == std::string(family.value) + "\n");
    const auto refused = launch({flags.back()}, {"true"});
    CHECK(refused.exit_code == 125);
    CHECK_MESSAGE(refused.last_error().find("belongs to the host's " + std::string(family.table) +
                                            " namespace") != std::string::npos,
                  refused);
    CHECK(read_file(path) == before);
  }
}

TEST_CASE("sysctl: no spelling leads to a key of the host") {
  const HostUnchanged unchanged;
  const auto panic = read_file("/proc/sys/kernel/panic");
  for (const char* key : {"kernel.panic",
                          "kernel/panic",
                          "net/../kernel/panic",
                          "net.ipv4/../../kernel.panic",
                          "net/./../kernel/panic",
                          "net//ipv4/ip_forward",
                          "/kernel/panic",
                          "net/ipv4/ip_forward/",
                          "../sys/kernel/panic",
                          "net..ipv4",
                          ".net.ipv4.ip_forward",
                          "kernel.msgmax/../panic",
                          "fs.mqueue/../file-max",
                          "user/../kernel/panic",
                          "vm.swappiness",
                          "fs.file-max",
                          "kernel.ns_last_pid",
                          "kernel.core_pattern",
                          "dev.tty.legacy_tiocsti",
                          "net",
                          "user",
                          ""}) {
    CAPTURE(key);
    const auto result =
        launch({"--net", "--ipc", "--user.mode=single", "--sysctl.set=" + std::string(key) + "=1"},
               {"true"});
    CHECK_MESSAGE(result.exit_code == 125, result);
    CHECK(result.last_error().find("sysctl") != std::string::npos);
  }
  CHECK(read_file("/proc/sys/kernel/panic") == panic);
}

TEST_CASE("sysctl: what is the whole host's is not set through a network namespace either") {
  const auto before = read_file("/proc/sys/net/core/netdev_budget");
  const auto result = launch({"--net", "--sysctl.set=net.core.netdev_budget=301"}, {"true"});
  CHECK(result.exit_code == 125);
  CHECK(read_file("/proc/sys/net/core/netdev_budget") == before);
}

TEST_CASE("sysctl: a root with its own idea of /proc takes no part") {
  const auto root = fresh_root();
  run_program({"sh", "-c", "rmdir " + root + "/proc; ln -s /tmp " + root + "/proc"});
  const auto result = run({"-r", root, "--net", "--rootfs.proc=false",
                           "--sysctl.set=net.ipv4.ip_forward=1", "--", "true"});
  CHECK_MESSAGE(result.exit_code == 0, result);
  CHECK(run_program({"ls", root + "/tmp"}).out.find("sys") == std::string::npos);
}

TEST_CASE("sysctl: keys of the host are refused, each in one line") {
  const HostUnchanged unchanged;
  const auto refused = [](std::vector<std::string> flags) {
    std::vector<std::string> all = {"-r", shared_root()};
    all.insert(all.end(), flags.begin(), flags.end());
    all.insert(all.end(), {"--", "true"});
    const auto result = run(all);
    CHECK_MESSAGE(result.exit_code == 125, result);
    return result.last_error();
  };
  CHECK(refused({"--sysctl.set=vm.swappiness=1"}).find("whole host") != std::string::npos);
  CHECK(refused({"--net", "--sysctl.set=kernel.msgmax=1"}).find("ipc namespace") !=
        std::string::npos);
  CHECK(refused({"--sysctl.set=net.ipv4.ip_forward=1"}).find("net namespace") != std::string::npos);
  CHECK(refused({"--net", "--net.mode=join", "--sysctl.set=net.ipv4.ip_forward=1",
                 "--net.join=/proc/self/ns/net"})
            .find("net") != std::string::npos);
  CHECK(refused({"--uts", "--sysctl.set=kernel.hostname=x"}).find("uts.hostname") !=
        std::string::npos);
  CHECK(refused({"--net", "--sysctl.set=net/../kernel/panic=1"}).find("no name") !=
        std::string::npos);
  CHECK(refused({"--net", "--sysctl.set=net.ipv4.no_such=1"}).find("ENOENT") != std::string::npos);
  CHECK(refused({"--net", "--sysctl.set=net.ipv4.ip_forward=yes"}).find("EINVAL") !=
        std::string::npos);
  CHECK(
      refused({"--net", "--sysctl.set=net.ipv4.ip_forward=1", "--sysctl.set=net/ipv4/ip_forward=0"})
          .find("twice") != std::string::npos);
}

}  // namespace
