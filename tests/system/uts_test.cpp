// SPDX-License-Identifier: Apache-2.0
// The plugin uts, seen from inside and from the host.
#include <doctest/doctest.h>

#include <sys/utsname.h>
#include <unistd.h>

#include <csignal>

#include "tests/system/container_root.hpp"
#include "tests/system/find_process.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

namespace mini_container::test {

namespace {

std::string host_names() {
  utsname names{};
  ::uname(&names);
  return std::string(names.nodename) + " " + names.domainname;
}

std::string error_of(const std::string& toml) {
  const HostUnchanged unchanged;
  const auto result = run({"run", "--config", launch_file(toml), "--", "/bin/touch", "/tmp/ran"});
  CHECK(result.exit_code == 125);
  CHECK(read_file(shared_root() + "/tmp/ran").empty());
  return result.last_error();
}

}  // namespace

TEST_CASE("uts: the names are the container's, and the host keeps its own") {
  const auto before = host_names();
  CHECK(run_inside({"--hostname=box"}, {"hostname"}) == "box\n");
  CHECK(run_inside({"--domainname=lab.example"}, {"cat", "/proc/sys/kernel/domainname"}) ==
        "lab.example\n");
  CHECK(run({"--rootfs.path", shared_root(), "-d", "short", "--", "/bin/cat",
             "/proc/sys/kernel/domainname"})
            .out == "short\n");
  CHECK(run_inside({"--domain=lab"}, {"cat", "/proc/sys/kernel/domainname"}) == "lab\n");
  CHECK(host_names() == before);
}

TEST_CASE("uts: without a name the host's is kept") {
  CHECK(run_inside({"uts"}, {"hostname"}) == "testhost\n");
}

TEST_CASE("uts: a name set inside stays inside, by call and by /proc") {
  const auto before = host_names();
  CHECK(run_inside({"--hostname=box"}, {"sh", "-c", "hostname other && hostname && uname -n"}) ==
        "other\nother\n");
  CHECK(run_inside({"--hostname=box", "--set=rootfs.readonly_paths=[]"},
                   {"sh", "-c", "echo third > /proc/sys/kernel/hostname && hostname"}) ==
        "third\n");
  CHECK(host_names() == before);
}

TEST_CASE("uts: 64 bytes are taken, 65 and none are refused") {
  const std::string longest(64, 'h');
  CHECK(run_inside({"--hostname=" + longest}, {"hostname"}) == longest + "\n");
  CHECK(run_inside({"--domain=" + longest}, {"cat", "/proc/sys/kernel/domainname"}) ==
        longest + "\n");
  for (const char* key : {"hostname", "domainname"}) {
    const auto too_long = error_of(std::string("[uts]\n") + key + " = \"" + longest + "h\"\n");
    CHECK(too_long.find(std::string("uts.") + key) != std::string::npos);
    CHECK(too_long.find("64") != std::string::npos);
    CHECK(error_of(std::string("[uts]\n") + key + " = \"\"\n").find(std::string("uts.") + key) !=
          std::string::npos);
  }
}

TEST_CASE("uts: two containers that join one namespace see one name") {
  Process first(mini_container({"--rootfs.path", shared_root(), "--hostname", "shared", "-p", "--",
                                "/bin/sh", "-c", "echo up; sleep 30"}));
  REQUIRE(first.wait_for("up"));
  const auto process = process_directory("sleep 30");
  const auto path = process + "/ns/uts";
  CHECK(run_inside({"--uts.join=" + path}, {"hostname"}) == "shared\n");
  CHECK(run_inside({"--uts.join=" + path, "--hostname=renamed"}, {"hostname"}) == "renamed\n");
  CHECK(host_names().starts_with("testhost "));
  end_with_container(first, process);
}

TEST_CASE("uts: what cannot be joined is named, and the host is never renamed") {
  CHECK(error_of("[uts]\njoin = \"/nowhere\"\n").find("'/nowhere'") != std::string::npos);
  CHECK(error_of("[uts]\njoin = \"/etc/passwd\"\n").find("is not a namespace") !=
        std::string::npos);
  CHECK(error_of("[uts]\njoin = \"/proc/self/ns/net\"\n").find("another type") !=
        std::string::npos);
  CHECK(error_of("[uts]\njoin = \"/proc/self/ns/uts\"\nhostname = \"x\"\n").find("the host's") !=
        std::string::npos);
}

}  // namespace mini_container::test
