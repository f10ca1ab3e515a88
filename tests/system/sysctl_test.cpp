// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

TEST_CASE("sysctl: a value is set inside, and the host keeps its own") {
  const HostUnchanged unchanged;
  const auto forward = read_file("/proc/sys/net/ipv4/ip_forward");
  const auto largest = read_file("/proc/sys/kernel/msgmax");
  const auto out = run_inside({"pid", "net", "ipc", "--sysctl.set=net.ipv4.ip_forward=1",
                               "--sysctl.set=kernel/msgmax=12345",
                               "--sysctl.set=fs.mqueue.msg_max=33"},
                              {"cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/msgmax",
                               "/proc/sys/fs/mqueue/msg_max"});
  CHECK(out == "1\n12345\n33\n");
  CHECK(read_file("/proc/sys/net/ipv4/ip_forward") == forward);
  CHECK(read_file("/proc/sys/kernel/msgmax") == largest);
}

TEST_CASE("sysctl: a root with its own idea of /proc takes no part") {
  const auto root = fresh_root();
  run_program({"sh", "-c", "rmdir " + root + "/proc; ln -s /tmp " + root + "/proc"});
  const auto result =
      run({"-r", root, "--net", "--rootfs.proc=false", "--sysctl.set=net.ipv4.ip_forward=1", "--",
           "true"});
  CHECK_MESSAGE((result.exit_code == 0 || result.exit_code == 125), result);
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
  CHECK(refused({"--sysctl.set=net.ipv4.ip_forward=1"}).find("net namespace") !=
        std::string::npos);
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
  CHECK(refused({"--net", "--sysctl.set=net.ipv4.ip_forward=1", "--sysctl.set=net/ipv4/ip_forward=0"})
            .find("twice") != std::string::npos);
}

}  // namespace
