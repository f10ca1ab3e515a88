// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sched.h>

#include "mini_container/error.hpp"
#include "plugins/sysctl/key.hpp"

namespace {

std::string refused(std::string_view key) {
  try {
    static_cast<void>(sysctl::read_key(key, "x.toml:1:1"));
  } catch (const mc::Error& error) {
    return error.attempt() + "; " + error.hint();
  }
  return "";
}

TEST_CASE("sysctl: both spellings name one key, and the first separator decides") {
  CHECK(sysctl::read_key("net.ipv4.ip_forward", "").path == "net/ipv4/ip_forward");
  CHECK(sysctl::read_key("net/ipv4/conf/eth0.1/forwarding", "").path ==
        "net/ipv4/conf/eth0.1/forwarding");
  CHECK(sysctl::read_key("net.ipv4.conf.eth0/1.forwarding", "").path ==
        "net/ipv4/conf/eth0.1/forwarding");
}

TEST_CASE("sysctl: a key belongs to one namespace") {
  CHECK(sysctl::read_key("kernel.msgmax", "").name_space == CLONE_NEWIPC);
  CHECK(sysctl::read_key("fs/mqueue/msg_max", "").name_space == CLONE_NEWIPC);
  CHECK(sysctl::read_key("net.core.somaxconn", "").name_space == CLONE_NEWNET);
  CHECK(sysctl::read_key("user.max_ipc_namespaces", "").name_space == CLONE_NEWUSER);
}

TEST_CASE("sysctl: a key of the host, or none at all, is refused") {
  for (const char* key : {"vm.swappiness", "kernel.panic", "kernel", "fs.mqueue", "net", "",
                          "fs/file-max", "kernel.msgmax2", "kernel.core_pattern", "netx.a"})
    CHECK_MESSAGE(!refused(key).empty(), key);
  for (const char* key : {"net/../kernel/panic", "net//ipv4", "net..ipv4", "/net/ipv4", "net/.",
                          "net.ipv4.", "net/ipv4\n", "net/a b", "net.ipv4/../../kernel"})
    CHECK_MESSAGE(!refused(key).empty(), key);
  CHECK(refused("kernel.hostname").find("uts.hostname") != std::string::npos);
  CHECK(refused(std::string(5000, 'n')).find("no name") != std::string::npos);
}

}  // namespace
