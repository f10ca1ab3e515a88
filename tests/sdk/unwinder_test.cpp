// SPDX-License-Identifier: Apache-2.0
// Plugins that throw through the core's unwinder, in each hook of both processes.
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <unwind.h>

#include <memory>

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

namespace {

mc_unwinder lent;

/// What `create` says on a host that lends `lent`, or nothing where it is of no size. The host has
/// no configuration: the constructor throws.
std::string create_on_another_host(std::uint32_t size) {
  const std::unique_ptr<void, Closed> library(
      ::dlopen(FIXTURES "/borrowing.so", RTLD_NOW | RTLD_LOCAL));
  REQUIRE(library);
  const auto* plugin = static_cast<const mc_plugin*>(::dlsym(library.get(), MC_PLUGIN_SYMBOL));
  REQUIRE(plugin != nullptr);
#define LEND(NAME) lent.NAME = reinterpret_cast<void (*)()>(_Unwind_##NAME)
  LEND(RaiseException);
  LEND(Resume);
  LEND(Resume_or_Rethrow);
  LEND(DeleteException);
  LEND(GetLanguageSpecificData);
  LEND(GetRegionStart);
  LEND(GetIPInfo);
  LEND(SetGR);
  LEND(SetIP);
  LEND(GetTextRelBase);
  LEND(GetDataRelBase);
#undef LEND
  lent.size = size;
  mc_host host{};
  host.size = sizeof host;
  host.extension = [](const mc_host*, const char*) -> const void* {
    return lent.size != 0 ? &lent : nullptr;
  };
  host.config = [](const mc_host*) -> const mc_node* { return nullptr; };
  void* self = nullptr;
  mc_error error = mc::no_error();
  CHECK(plugin->create(&host, &self, &error) == -1);
  CHECK(self == nullptr);
  return error.text;
}

}  // namespace

TEST_CASE(
    "a core that lends no unwinder, or less of one, is named, and nothing of the plugin runs") {
  const std::string older = "this mini_container is older than the plugin and has no unwinder";
  CHECK(create_on_another_host(0) == older);
  CHECK(create_on_another_host(sizeof(mc_unwinder) - sizeof(void (*)())) == older);
}

TEST_CASE("what a later core lends beyond this header is passed over") {
  CHECK(create_on_another_host(sizeof(mc_unwinder) + 64).find("an option that is absent") !=
        std::string::npos);
}

TEST_CASE("what throws before create is named before it ends the process") {
  const auto result = run({"--plugin-dir", HASTY, "plugin", "list"});
  CAPTURE(result);
  CHECK(result.exit_code == 125);
  CHECK(result.err.find("UNWINDER_OF_CORE throws before its `create`") != std::string::npos);
  CHECK(result.last_error().find("load plugin '" HASTY "/hasty.so': it crashed (SIGABRT)") !=
        std::string::npos);
}
