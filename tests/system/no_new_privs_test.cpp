// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/system/container_root.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

TEST_CASE("no_new_privs is on by default, and can be left off") {
  CHECK(value(run_inside({"no_new_privs"}, {"attest", "privileges"}), "no_new_privs") == "1");
  CHECK(value(run_inside({}, {"attest", "privileges"}), "no_new_privs") == "0");
  CHECK(value(run_inside({"no_new_privs.enabled=false"}, {"attest", "privileges"}),
              "no_new_privs") == "0");
}

TEST_CASE("a set-user-ID program gives nothing with it, and does without it") {
  // The private host's /run, where roots are, allows none.
  REQUIRE(::mount(nullptr, "/run", nullptr, MS_REMOUNT | MS_BIND, nullptr) == 0);
  const auto root = fresh_root();
  const auto program = root + "/bin/attest";
  REQUIRE(::chmod(program.c_str(), 04755) == 0);
  const auto effective_uid = [&](const std::string& more) {
    const auto result = run({"run", "--config",
                             launch_file("[container]\nuser = '1000:1000'\n" + more +
                                         "\n[rootfs]\npath = '" + root + "'\n"),
                             "--", "attest", "ids"});
    return value(result.out, "uid");
  };
  CHECK(effective_uid("") == "1000 0 0");
  CHECK(effective_uid("[no_new_privs]") == "1000 1000 1000");
}
