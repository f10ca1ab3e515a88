// SPDX-License-Identifier: Apache-2.0
// Plugins of other years, in real containers: built against ABI 1.0 as it was published, against a
// later minor version, and with the shortest structs that the rules allow.
#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;
namespace fs = std::filesystem;

namespace {

const std::string look = "echo $FROZEN; hostname; grep ' /mnt ' /proc/mounts; ls /mnt";

Result launch(const std::string& plugin, const std::vector<std::string>& options = {}) {
  std::vector<std::string> arguments = {"--plugin-dir", FIXTURES, "-r", shared_root(),
                                        "--" + plugin};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.insert(arguments.end(), {"--", "sh", "-c", look});
  return run(arguments);
}

void check_whole(const std::string& plugin) {
  const HostUnchanged unchanged;
  const auto result = launch(plugin);
  CAPTURE(result);
  CHECK(result.exit_code == 0);
  CHECK(result.out.starts_with("1 -5 hello 2048 3000 a b 0.5 /srv green x=1 deep\n" + plugin +
                               "\nfrozen /mnt tmpfs "));
  CHECK(result.out.find("size=64k") != std::string::npos);
  CHECK(launch(plugin, {"--" + plugin + ".number", "7"}).out.starts_with("1 7 hello"));
}

}  // namespace

TEST_CASE("a plugin that was built against ABI 1.0 works as it did") { check_whole("frozen"); }

TEST_CASE("a plugin of a later minor version works, and what it has more is not read") {
  check_whole("grown");
}

TEST_CASE("a plugin with the shortest structs works, and what lies behind them is not read") {
  const HostUnchanged unchanged;
  const auto result =
      launch("short", {"--short.yes", "--short.number", "-5", "--short.word", "hi", "--short.size",
                       "2K", "--short.time", "3ms", "--short.list", "a,b"});
  CAPTURE(result);
  CHECK(result.exit_code == 0);
  CHECK(result.out.starts_with("1 -5 hi 2048 3000 a b\nshort\nfrozen /mnt tmpfs "));
}

TEST_CASE("plugin check and plugin info read plugins of other years") {
  for (const std::string plugin : {"frozen", "grown"}) {
    CAPTURE(plugin);
    const auto checked = run({"plugin", "check", FIXTURES "/" + plugin + ".so"});
    CAPTURE(checked);
    CHECK(checked.exit_code == 0);
    const auto told = run({"--plugin-dir", FIXTURES, "plugin", "info", plugin});
    CHECK(told.out.find("colour (one of red, green, default 'green')") != std::string::npos);
  }
}

TEST_CASE("a hook learns the command's user once it is known, and nothing wrong before") {
  const HostUnchanged unchanged;
  const auto result = run({"--plugin-dir", FIXTURES, "-r", shared_root(), "--telling",
                           "--container.user", "12:34", "--", "true"});
  CAPTURE(result);
  CHECK(result.exit_code == 0);
  const std::string nobody = std::to_string(UINT32_MAX) + " " + std::to_string(UINT32_MAX) + "\n";
  for (const std::string hook : {"before_pivot", "after_pivot", "post_exec", "cleanup"}) {
    CAPTURE(hook);
    CHECK(result.err.find(hook + ": " + nobody) != std::string::npos);
  }
  CHECK(result.err.find("seal: 12 34\n") != std::string::npos);
  const std::string number = "12 " + std::to_string(UINT32_MAX) + "\n";
  const auto by_name = run({"--plugin-dir", FIXTURES, "-r", shared_root(), "--telling",
                            "--container.user", "app:34", "--", "true"});
  for (const std::string hook : {"pre_clone", "post_clone"}) {
    CAPTURE(hook);
    CHECK(result.err.find(hook + ": " + number) != std::string::npos);
    CHECK_MESSAGE(by_name.err.find(hook + ": " + nobody) != std::string::npos, by_name);
  }
  CHECK_MESSAGE(by_name.err.find("seal: 1000 34\n") != std::string::npos, by_name);
}

TEST_CASE("a cleanup that a plugin skips in plan is called by nobody") {
  const HostUnchanged unchanged;
  for (const std::string name : {"telling", "skipping"}) {
    CAPTURE(name);
    const bool is_called = name == "telling";
    const auto tells = [](const auto& result) {
      return result.err.find("cleanup: ") != std::string::npos;
    };
    const auto launched =
        run({"--plugin-dir", FIXTURES, "-r", shared_root(), "--" + name, "--", "true"});
    CHECK_MESSAGE(launched.exit_code == 0, launched);
    CHECK_MESSAGE(tells(launched) == is_called, launched);
    const bool is_late =
        launched.err.find("pre_clone: skip the hook 'cleanup'") != std::string::npos;
    CHECK_MESSAGE(is_late != is_called, launched);

    // The one whose cleanup is not owed is not missed, either.
    const auto directory = fresh_directory();
    const auto file = directory + "/" + name + ".so";
    fs::copy_file(std::string(FIXTURES) + "/" + name + ".so", file);
    const std::string id = "skips-" + name;
    Process agent(runtime_command({"--plugin-dir", directory, "run", "--id", id, "-r",
                                   shared_root(), "--" + name, "--", "sh", "-c",
                                   "echo up; sleep 30"}));
    REQUIRE(agent.wait_for("up"));
    agent.signal(SIGKILL);
    agent.finish();
    fs::remove(file);
    const auto deleted = run({"delete", "--force", id});
    CHECK_MESSAGE(deleted.exit_code == 0, deleted);
    CHECK_MESSAGE((deleted.err.find(file) != std::string::npos) == is_called, deleted);
  }
}

TEST_CASE(
    "descriptors that a plugin keeps are the command's, and in the way of none of the core's") {
  for (const std::string init : {"--no-pid.init", "--init"}) {
    CAPTURE(init);
    const auto result = run({"--plugin-dir", FIXTURES, "-r", shared_root(), "--keeping", "--pid",
                             init, "--", "cat", "/proc/self/fd/3", "/proc/self/fd/40"});
    CAPTURE(result);
    CHECK(result.exit_code == 0);
    CHECK(result.out == "kept\nkept\n");
  }
}
