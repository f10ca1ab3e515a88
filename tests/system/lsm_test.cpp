// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/skip.hpp"
#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

bool has_apparmor() {
  return read_file("/sys/module/apparmor/parameters/enabled").starts_with('Y');
}
bool has_selinux() { return std::filesystem::exists("/sys/fs/selinux/enforce"); }

Result launch(const std::string& text, const std::vector<std::string>& command) {
  std::vector<std::string> arguments = {"run", "--config", launch_file(text), "--"};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return run(arguments);
}

}  // namespace

TEST_CASE("a profile or label is refused where the module is not active") {
  const HostUnchanged unchanged;
  if (!has_apparmor()) {
    const auto result = launch("[lsm]\napparmor = 'docker-default'", {"true"});
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find("AppArmor is not active") != std::string::npos);
  }
  if (!has_selinux()) {
    const auto result = launch("[lsm]\nselinux = 'system_u:system_r:container_t:s0'", {"true"});
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find("SELinux is not active") != std::string::npos);
    CHECK(launch("[lsm]\nmount_label = 'x:y:z:s0'", {"true"}).exit_code == 125);
  }
}

TEST_CASE("with optional the launch goes on, and says so") {
  if (has_apparmor()) SKIP_CASE("AppArmor is active");
  const auto result = launch("[lsm]\napparmor = 'docker-default'\noptional = true", {"true"});
  CHECK(result.exit_code == 0);
  CHECK(result.err.find("AppArmor is not active") != std::string::npos);
}

TEST_CASE("an AppArmor profile is the command's") {
  if (!has_apparmor()) SKIP_CASE("AppArmor is not active");
  const auto result =
      launch("[pid]\n[lsm]\napparmor = 'unconfined'", {"cat", "/proc/self/attr/current"});
  CHECK(result.out.find("unconfined") != std::string::npos);
  CHECK(launch("[pid]\n[lsm]\napparmor = 'no-such-profile'", {"true"}).exit_code != 0);
}

TEST_CASE("an SELinux label is the command's") {
  if (!has_selinux()) SKIP_CASE("SELinux is not active");
  const std::string label = "system_u:system_r:container_t:s0";
  const auto result =
      launch("[pid]\n[lsm]\nselinux = '" + label + "'", {"cat", "/proc/self/attr/current"});
  CHECK(result.out.find(label) != std::string::npos);
}
