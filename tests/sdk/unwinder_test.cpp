// SPDX-License-Identifier: Apache-2.0
// Plugins that throw through the core's unwinder, in each hook of both processes.
#include <dlfcn.h>
#include <doctest/doctest.h>

#include "mini_container/error.hpp"
#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

Result launch(const std::string& hook) {
  return run({"--plugin-dir", FIXTURES, "-r", shared_root(), "--borrowing.hook", hook, "--", "echo",
              "ran"});
}

struct Closed {
  void operator()(void* library) const { ::dlclose(library); }
};

}  // namespace

TEST_CASE("what a plugin throws through the core's unwinder is its hook's error") {
  CHECK(launch("none").out == "ran\n");
  for (const std::string hook :
       {"create", "plan", "pre_clone", "post_clone", "before_pivot", "after_pivot", "seal"}) {
    CAPTURE(hook);
    const HostUnchanged unchanged;
    const auto result = launch(hook);
    CAPTURE(result);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error() == "mini_container: borrowing: " + hook + ": thrown in " + hook);
    CHECK(result.out.empty());
  }
}

TEST_CASE("so it is where the command runs, or has run") {
  const HostUnchanged unchanged;
  const auto early = launch("post_exec");
  CHECK(early.exit_code == 125);
  CHECK(early.last_error() == "mini_container: borrowing: post_exec: thrown in post_exec");
  const auto late = launch("post_exit");
  CHECK(late.exit_code == 0);
  CHECK(late.out == "ran\n");
  CHECK(late.err.find("borrowing: post_exit: thrown in post_exit") != std::string::npos);
}

TEST_CASE("a core that lends no unwinder is named, and nothing of the plugin runs") {
  const std::unique_ptr<void, Closed> library(
      ::dlopen(FIXTURES "/borrowing.so", RTLD_NOW | RTLD_LOCAL));
  REQUIRE(library);
  const auto* plugin = static_cast<const mc_plugin*>(::dlsym(library.get(), MC_PLUGIN_SYMBOL));
  REQUIRE(plugin != nullptr);
  mc_host host{};
  host.size = sizeof host;
  host.extension = [](const mc_host*, const char*) -> const void* { return nullptr; };
  void* self = nullptr;
  mc_error error = mc::no_error();
  CHECK(plugin->create(&host, &self, &error) == -1);
  CHECK(std::string(error.text) ==
        "this mini_container is older than the plugin and has no unwinder");
  CHECK(std::string(error.hint).find("update mini_container") == 0);
  CHECK(self == nullptr);
}
