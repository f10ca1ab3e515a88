// SPDX-License-Identifier: Apache-2.0
// What the cgroup plugin offers other verbs, called as they call it: by a process that did not
// launch the container, with the plugin's state directory alone.
// ctest: RESOURCE_LOCK cgroups
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>

#include "mini_container/extensions.h"
#include "mini_container/fd.hpp"
#include "tests/skip.hpp"
#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;
namespace fs = std::filesystem;

namespace {

const mc_resources* resources() {
  static const mc_resources* found = [] {
    void* handle =
        ::dlopen((build_directory() + "/plugins.d/cgroup.so").c_str(), RTLD_NOW | RTLD_LOCAL);
    REQUIRE_MESSAGE(handle != nullptr, ::dlerror());
    const auto* plugin = static_cast<const mc_plugin*>(::dlsym(handle, MC_PLUGIN_SYMBOL));
    REQUIRE(plugin != nullptr);
    CHECK(plugin->extension("mc.something.else") == nullptr);
    return static_cast<const mc_resources*>(plugin->extension(MC_EXTENSION_RESOURCES));
  }();
  REQUIRE(found != nullptr);
  return found;
}

// A container of two processes that count as they run, and its state directory.
class Counting {
 public:
  explicit Counting(const std::string& name)
      : process_(mini_container::test::mini_container(
            {"run", "--id", name, "-r", shared_root(), "--pid", "--pid.init",
             "--cgroup.path=/mini_container_test/" + name, "-R", "64M", "--", "sh", "-c",
             "echo up; while :; do echo tick; sleep 0.02; done"})) {
    REQUIRE(process_.wait_for("up"));
    state_ = mc::Fd(::open(("/run/mini_container/" + name + "/plugin.cgroup").c_str(),
                           O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(state_.valid());
  }

  [[nodiscard]] int state() const { return state_.get(); }
  Process& process() { return process_; }
  // Not by SIGKILL: the agent is to clean up.
  Result end() {
    process_.signal(SIGTERM);
    return process_.finish();
  }
  // Whether output comes within a fifth of a second.
  bool ticks() {
    const auto before = process_.output().size();
    process_.wait_for("never said", false, std::chrono::milliseconds(200));
    return process_.output().size() > before;
  }
  [[nodiscard]] std::vector<int> processes() const {
    std::vector<int> out;
    mc_error error{};
    CHECK(
        resources()->processes(
            state(),
            [](void* to, std::int32_t pid) { static_cast<std::vector<int>*>(to)->push_back(pid); },
            &out, &error) == 0);
    return out;
  }

 private:
  Process process_;
  mc::Fd state_;
};

TEST_CASE("cgroup: a container is paused and resumed from outside") {
  if (!fs::exists(build_directory() + "/plugins.d/cgroup.so")) SKIP_CASE("the plugin is built in");
  Counting box("pausing");
  mc_error error{};
  std::int32_t paused = -1;
  CHECK(box.ticks());
  CHECK(resources()->paused(box.state(), &paused, &error) == 0);
  CHECK(paused == 0);
  for (int i = 0; i < 2; ++i)
    CHECK_MESSAGE(resources()->pause(box.state(), &error) == 0, error.text);
  CHECK(resources()->paused(box.state(), &paused, &error) == 0);
  CHECK(paused == 1);
  box.ticks();  // what was on its way
  CHECK_FALSE(box.ticks());
  for (int i = 0; i < 2; ++i) CHECK(resources()->resume(box.state(), &error) == 0);
  CHECK(box.ticks());
  box.end();
}

TEST_CASE("cgroup: statistics of a running container") {
  if (!fs::exists(build_directory() + "/plugins.d/cgroup.so")) SKIP_CASE("the plugin is built in");
  Counting box("counted");
  std::string json;
  mc_error error{};
  CHECK(resources()->statistics(
            box.state(), [](void* to, const char* text) { *static_cast<std::string*>(to) = text; },
            &json, &error) == 0);
  CHECK(json.front() == '{');
  CHECK(json.find("\"limit\":67108864") != std::string::npos);
  CHECK(json.find("\"pids\":{\"current\":") != std::string::npos);
  CHECK(json.find("\"cpu\":{\"usage\":{\"total\":") != std::string::npos);
  CHECK(json.find("\"oom_kills\":0}") != std::string::npos);
  std::uint64_t kills = 7;
  CHECK(resources()->oom_kills(box.state(), &kills, &error) == 0);
  CHECK(kills == 0);
  box.end();
}

TEST_CASE("cgroup: its processes are listed, signalled and ended") {
  if (!fs::exists(build_directory() + "/plugins.d/cgroup.so")) SKIP_CASE("the plugin is built in");
  Counting box("listed");
  const auto all = box.processes();
  CHECK(all.size() >= 2);
  for (const int pid : all) CHECK(::kill(pid, 0) == 0);
  mc_error error{};
  CHECK(resources()->signal_all(box.state(), SIGCONT, &error) == 0);
  // Paused processes are ended as well.
  CHECK(resources()->pause(box.state(), &error) == 0);
  CHECK(resources()->signal_all(box.state(), SIGKILL, &error) == 0);
  CHECK(box.process().finish().exit_code == 137);
}

TEST_CASE("cgroup: a process enters a running container's cgroups in each of the ways") {
  if (!fs::exists(build_directory() + "/plugins.d/cgroup.so")) SKIP_CASE("the plugin is built in");
  Counting box("entered");
  mc_error error{};
  Process outsider({"sleep", "60"});
  CHECK_MESSAGE(resources()->enter(box.state(), nullptr, outsider.pid(), &error) == 0, error.text);
  const auto all = box.processes();
  CHECK(std::find(all.begin(), all.end(), outsider.pid()) != all.end());
  CHECK(read_file("/proc/" + std::to_string(outsider.pid()) + "/cgroup")
            .find("memory:/mini_container_test/entered") != std::string::npos);
  outsider.signal(SIGKILL);
  outsider.finish();

  std::int32_t fds[16];
  std::uint32_t count = 1;
  CHECK(resources()->entries(box.state(), "", fds, &count, &error) == -1);
  CHECK(error.error_number == ERANGE);
  count = 16;
  CHECK(resources()->entries(box.state(), "", fds, &count, &error) == 0);
  CHECK(count >= 2);
  const pid_t pid = ::fork();
  if (pid == 0) {
    int failed = 0;
    for (std::uint32_t i = 0; i < count; ++i) failed |= ::write(fds[i], "0", 1) != 1;
    failed |= read_file("/proc/self/cgroup").find("memory:/mini_container_test/entered") ==
              std::string::npos;
    ::_exit(failed);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  CHECK(status == 0);
  for (std::uint32_t i = 0; i < count; ++i) ::close(fds[i]);

  std::int32_t born = -1;
  CHECK(resources()->birth(box.state(), "", &born, &error) == 0);
  if (born >= 0) ::close(born);
  for (const char* path : {"..", "a/../..", "/none"}) {
    CHECK(resources()->birth(box.state(), path, &born, &error) == -1);
    CHECK(resources()->enter(box.state(), path, ::getpid(), &error) == -1);
  }
  box.end();
}

TEST_CASE("cgroup: without a record every call says so") {
  if (!fs::exists(build_directory() + "/plugins.d/cgroup.so")) SKIP_CASE("the plugin is built in");
  const mc::Fd empty(::open(fresh_directory().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  mc_error error{};
  CHECK(resources()->pause(empty.get(), &error) == -1);
  CHECK(error.error_number == ENOENT);
  CHECK(resources()->signal_all(empty.get(), SIGKILL, &error) == -1);
}

}  // namespace
