// SPDX-License-Identifier: Apache-2.0
// ctest: TIMEOUT 600
// Whatever is killed and whenever: list and state answer, and `delete --force` leaves nothing.
#include <doctest/doctest.h>

#include <algorithm>
#include <climits>
#include <functional>

#include "core/state.hpp"
#include "tests/oci/bundle.hpp"
#include "tests/oci/killed.hpp"

using namespace mini_container;
using namespace mini_container::test;
using std::chrono::microseconds;

namespace {

using Words = std::vector<std::string>;

/// With all that has something to undo.
Bundle full_bundle() {
  Bundle bundle;
  bundle.add("hooks.createRuntime", R"({"path": "/bin/true"})");
  bundle.add("hooks.poststop", R"({"path": "/bin/true"})");
  bundle.set("linux.resources.pids", R"({"limit": 50})");
  bundle.write();
  return bundle;
}

void check_answers(const std::string& id) {
  const auto listed = run({"list"});
  INFO(listed);
  CHECK(listed.exit_code == 0);
  CHECK(listed.err.empty());
  const auto json = run({"list", "-f", "json"});
  CHECK(json.exit_code == 0);
  const auto state = run({"state", id});
  INFO(state);
  CHECK((state.exit_code == 0 || state.err.find("does not exist") != std::string::npos));
}

void check_forced_delete(const std::string& id) {
  check_answers(id);
  const auto removed = run({"delete", "--force", id});
  INFO(removed);
  CHECK(removed.exit_code == 0);
  CHECK(removed.err.empty());
  CHECK(removed.duration < microseconds(5'000'000));
}

/// `prepare`, then `verb` killed at one system call after another, each with a container of its
/// own. In short form at about 16 of them.
void sweep(const std::function<void(const std::string&)>& prepare,
           const std::function<Words(const std::string&)>& verb) {
  constexpr int some = 16;
  const auto once = [&](int point) {
    const auto id = fresh_id();
    INFO("killed at system call " << point << ", container " << id);
    const NothingLeft nothing(id);
    prepare(id);
    const int made = run_killed_at(runtime_command(verb(id)), point);
    check_forced_delete(id);
    return made;
  };
  const int points = once(INT_MAX);
  REQUIRE(points > 50);
  const int step = thorough() ? 1 : std::max(1, points / some);
  for (int point = 1; point <= points; point += step) once(point);
  MESSAGE(points << " system calls, killed at every " << step);
}

void nothing(const std::string&) {}

std::function<void(const std::string&)> created(const Bundle& bundle) {
  return [&bundle](const std::string& id) {
    REQUIRE(run_and_leave({"create", "-b", bundle.directory(), id}).exit_code == 0);
  };
}

std::function<void(const std::string&)> running(const Bundle& bundle) {
  return [&bundle](const std::string& id) {
    REQUIRE(run_and_leave({"run", "-d", "-b", bundle.directory(), id}).exit_code == 0);
  };
}

}  // namespace

TEST_CASE("create, killed at any system call") {
  const auto bundle = full_bundle();
  sweep(nothing, [&](const std::string& id) -> Words {
    return {"create", "-b", bundle.directory(), id};
  });
}

TEST_CASE("create of a container with a user namespace, killed at any system call") {
  auto bundle = full_bundle();
  bundle.add("linux.namespaces", R"({"type": "user"})");
  for (const char* map : {"linux.uidMappings", "linux.gidMappings"})
    bundle.set(map, R"([{"containerID": 0, "hostID": 0, "size": 65536}])");
  bundle.write();
  sweep(nothing, [&](const std::string& id) -> Words {
    return {"create", "-b", bundle.directory(), id};
  });
}

TEST_CASE("start, killed at any system call") {
  const auto bundle = full_bundle();
  sweep(created(bundle), [](const std::string& id) -> Words { return {"start", id}; });
}

TEST_CASE("run, killed at any system call") {
  auto bundle = full_bundle();
  bundle.set("process.args", R"(["true"])").write();
  sweep(nothing, [&](const std::string& id) -> Words {
    return {"run", "-b", bundle.directory(), id};
  });
}

TEST_CASE("exec, killed at any system call") {
  const auto bundle = full_bundle();
  SUBCASE("attached") {
    sweep(running(bundle), [](const std::string& id) -> Words { return {"exec", id, "true"}; });
  }
  SUBCASE("detached") {
    sweep(running(bundle), [](const std::string& id) -> Words {
      return {"exec", "-d", id, "sleep", "1000"};
    });
  }
}

TEST_CASE("delete --force, killed at any system call") {
  const auto bundle = full_bundle();
  sweep(running(bundle), [](const std::string& id) -> Words { return {"delete", "--force", id}; });
}

TEST_CASE("pause and resume, killed at any system call") {
  const auto bundle = full_bundle();
  SUBCASE("pause") {
    sweep(running(bundle), [](const std::string& id) -> Words { return {"pause", id}; });
  }
  SUBCASE("resume") {
    sweep(
        [&](const std::string& id) {
          running(bundle)(id);
          REQUIRE(run({"pause", id}).exit_code == 0);
        },
        [](const std::string& id) -> Words {
          return {"resume", id};
        });
  }
}

TEST_CASE("without a PID namespace, what the container has started ends with it") {
  auto bundle = full_bundle();
  auto& namespaces = *find_value(bundle.config(), "linux.namespaces")->as<List>();
  std::erase_if(namespaces,
                [](Value& space) { return *space.find("type")->as<std::string>() == "pid"; });
  bundle.set("process.args", R"(["sh", "-c", "sleep 1001 & sleep 1002 & sleep 1003"])").write();
  sweep(running(bundle), [](const std::string& id) -> Words { return {"delete", "--force", id}; });
}

// The agent and the child side by side, as they really run.
TEST_CASE("a run that is killed after any time") {
  const auto bundle = full_bundle();
  const int steps = thorough() ? 400 : 30;
  for (int step = 0; step < steps; ++step) {
    const auto id = fresh_id();
    const microseconds delay(step * 15'000 / steps);
    INFO("killed after " << delay.count() << " us, container " << id);
    const NothingLeft nothing_left(id);
    run_killed_after(runtime_command({"run", "-b", bundle.directory(), id}), delay);
    check_forced_delete(id);
  }
}
