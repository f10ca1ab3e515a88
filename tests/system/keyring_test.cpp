// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

std::string keyring(const std::vector<std::string>& flags) {
  return value(run_inside(flags, {"attest", "privileges"}), "keyring");
}

/// Writes a key into this process's session keyring, so that there is something not to be seen.
long join_session_with_key(const char* name) {
  REQUIRE(::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name) > 0);
  const long key = ::syscall(SYS_add_key, "user", "secret", "x", 1, KEY_SPEC_SESSION_KEYRING);
  REQUIRE(key > 0);
  return key;
}

}  // namespace

TEST_CASE("the container has a session keyring of its own") {
  const HostUnchanged unchanged;
  join_session_with_key("mini-container-test-caller");
  const std::string own =
      std::to_string(::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
  CHECK(keyring({}) == own);
  const std::string inside = keyring({"keyring"});
  CHECK(inside != own);
  CHECK(std::stol(inside) > 0);
}

TEST_CASE("the caller's keys cannot be read in it") {
  const std::string key = std::to_string(join_session_with_key("mini-container-test-caller"));
  // KEYCTL_READ, which only one who holds the key may.
  CHECK(run({"-r", shared_root(), "--", "attest", "syscall", std::to_string(SYS_keyctl), "11", key})
            .out == "syscall ok\n");
  CHECK(run({"-r", shared_root(), "--keyring", "--", "attest", "syscall",
             std::to_string(SYS_keyctl), "11", key})
            .out == "syscall EACCES\n");
}

TEST_CASE("it is named after the container") {
  const auto result = run({"run", "--id", "keyring-test", "--config",
                           launch_file("[pid]\n[keyring]\n[rootfs]\nmasked_paths = []\npath = '" +
                                       shared_root() + "'\n"),
                           "--", "cat", "/proc/keys"});
  REQUIRE(result.exit_code == 0);
  CHECK(result.out.find("keyring-test: empty") != std::string::npos);
}

TEST_CASE("the host sees it while the container lives, exec joins it, and it goes with it") {
  const HostUnchanged unchanged;
  const auto on_host = [] {
    return read_file("/proc/keys").find("keyring-live: ") != std::string::npos;
  };
  CHECK(!on_host());
  Process container(
      runtime_command({"run", "--id", "keyring-live", "-r", shared_root(), "--pid", "--keyring",
                       "--", "sh", "-c", "attest privileges; echo up; exec cat"}));
  REQUIRE(container.wait_for("up"));
  CHECK(on_host());
  const auto joined = run({"exec", "keyring-live", "attest", "privileges"});
  CHECK_MESSAGE(joined.exit_code == 0, joined);
  CHECK(value(joined.out, "keyring") == value(container.output(), "keyring"));
  container.close_input();
  CHECK(container.finish().exit_code == 0);
  // The kernel collects what nobody holds after the last process is gone.
  CHECK(eventually([&] { return !on_host(); }));
}

TEST_CASE("a keyring of that name that holds keys is refused") {
  join_session_with_key("mini-container-test-taken");
  // Searchable for the owner, so that the kernel finds it by its name.
  REQUIRE(::syscall(SYS_keyctl, KEYCTL_SETPERM, KEY_SPEC_SESSION_KEYRING, 0x3f0b0000) == 0);
  const auto result =
      run({"-r", shared_root(), "--keyring.name", "mini-container-test-taken", "--", "true"});
  CHECK(result.exit_code == 125);
  INFO(result.last_error());
  CHECK(result.last_error().find("in use and holds keys") != std::string::npos);
}

TEST_CASE("a keyring of another user is refused") {
  Process other({"setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "keyctl", "session",
                 "mini-container-test-other", "sh", "-c",
                 "keyctl setperm @s 0x3f0b0b0b && echo ready && exec sleep 30"});
  REQUIRE(other.wait_for("ready"));
  const auto result =
      run({"-r", shared_root(), "--keyring.name", "mini-container-test-other", "--", "true"});
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("belongs to another user") != std::string::npos);
}
