// SPDX-License-Identifier: Apache-2.0
// Several invocations at once on one container: one wins, the others say why not, and what is left
// is one whole container or none.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <filesystem>

#include "tests/oci/bundle.hpp"

using namespace mini_container;
using namespace mini_container::test;

namespace {

using Words = std::vector<std::string>;

std::vector<Result> all_at_once(const std::vector<Words>& commands) {
  std::vector<Process> running;
  running.reserve(commands.size());
  for (const auto& words : commands)
    running.emplace_back(
        runtime_command(words),
        RunOptions{.timeout = std::chrono::seconds(60), .grace = std::chrono::milliseconds(20)});
  std::vector<Result> out;
  for (auto& process : running) out.push_back(process.finish());
  return out;
}

long successes(const std::vector<Result>& results) {
  return std::ranges::count(results, 0, &Result::exit_code);
}

/// A failure is one line that names the reason.
void check_refusals(const std::vector<Result>& results, const std::vector<std::string>& reasons) {
  for (const auto& result : results) {
    if (result.exit_code == 0) continue;
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(result.err.find('\n') + 1 == result.err.size());
    CHECK(std::ranges::any_of(reasons, [&](const std::string& reason) {
      return result.err.find(reason) != std::string::npos;
    }));
  }
}

std::string status_of(const std::string& id) {
  const auto out = run({"state", id}).out;
  const std::string key = "\"status\": \"";
  const auto start = out.find(key);
  if (start == std::string::npos) return "none";
  return out.substr(start + key.size(), out.find('"', start + key.size()) - start - key.size());
}

Result forced_delete(const std::string& id) { return run({"delete", "--force", id}); }

/// A bundle whose program says that it runs in a file of its root.
Bundle counting_bundle() {
  Bundle bundle{fresh_root()};
  bundle.set("process.args", R"(["sh", "-c", "echo started >>/tmp/starts; exec sleep 1000"])");
  bundle.write();
  return bundle;
}

}  // namespace

TEST_CASE("of many creates of one id one succeeds") {
  const auto bundle = Bundle().write();
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  const Words create = {"create", "-b", bundle.directory(), id};
  const auto results = all_at_once(std::vector<Words>(12, create));
  CHECK(successes(results) == 1);
  check_refusals(results, {"is in use"});
  CHECK(status_of(id) == "created");
  CHECK(run({"start", id}).exit_code == 0);
  CHECK(status_of(id) == "running");
  CHECK(forced_delete(id).exit_code == 0);
}

TEST_CASE("of many starts one succeeds, and the program is started once") {
  const auto bundle = counting_bundle();
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  REQUIRE(run_and_leave({"create", "-b", bundle.directory(), id}).exit_code == 0);
  const auto results = all_at_once(std::vector<Words>(12, {"start", id}));
  CHECK(successes(results) == 1);
  check_refusals(results, {"it is running, not created"});
  CHECK(eventually([&] { return read_file(bundle.root() + "/tmp/starts") == "started\n"; }));
  CHECK(forced_delete(id).exit_code == 0);
}

TEST_CASE("start and delete --force at once: the container is gone") {
  const auto bundle = Bundle().write();
  for (int round = 0; round < 20; ++round) {
    const auto id = fresh_id();
    const NothingLeft nothing(id);
    REQUIRE(run_and_leave({"create", "-b", bundle.directory(), id}).exit_code == 0);
    const auto results = all_at_once({{"start", id}, {"delete", "--force", id}, {"start", id}});
    INFO(results[0] << results[1] << results[2]);
    CHECK(results[1].exit_code == 0);
    check_refusals({results[0], results[2]}, {"not created", "does not exist", "ended before",
                                              "deleted", "reach the first", "Connection reset"});
    CHECK(status_of(id) == "none");
  }
}

TEST_CASE("create and delete --force at once leave a whole container or none") {
  const auto bundle = Bundle().write();
  for (int round = 0; round < 20; ++round) {
    const auto id = fresh_id();
    const NothingLeft nothing(id);
    const Words create = {"create", "-b", bundle.directory(), id};
    const Words remove = {"delete", "--force", id};
    const auto results = all_at_once({create, remove, create, remove});
    INFO(results[0] << results[1] << results[2] << results[3]);
    CHECK(results[1].exit_code == 0);
    CHECK(results[3].exit_code == 0);
    const auto status = status_of(id);
    CHECK((status == "created" || status == "none"));
    if (status == "created") CHECK(run({"start", id}).exit_code == 0);
    CHECK(forced_delete(id).exit_code == 0);
  }
}

TEST_CASE("kill while create is at work is refused until the container is created") {
  const auto bundle = Bundle().write();
  for (int round = 0; round < 10; ++round) {
    const auto id = fresh_id();
    const NothingLeft nothing(id);
    Process create(runtime_command({"create", "-b", bundle.directory(), id}),
                   {.grace = std::chrono::milliseconds(20)});
    Result killed;
    for (int attempt = 0; attempt < 500 && killed.exit_code != 0; ++attempt) {
      killed = run({"kill", id, "KILL"});
      const bool early = killed.err.find("does not exist") != std::string::npos ||
                         killed.err.find("is creating") != std::string::npos;
      INFO(killed);
      CHECK((killed.exit_code == 0 || early));
    }
    CHECK(killed.exit_code == 0);
    const auto result = create.finish();
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(eventually([&] { return status_of(id) == "stopped"; }));
    CHECK(run({"delete", id}).exit_code == 0);
    CHECK(status_of(id) == "none");
  }
}

TEST_CASE("run ends and is deleted at once: its exit code is its own, and nothing is left") {
  auto bundle = Bundle();
  bundle.set("process.args", R"(["sh", "-c", "exit 7"])").write();
  for (int round = 0; round < 20; ++round) {
    const auto id = fresh_id();
    const NothingLeft nothing(id);
    Process attached(runtime_command({"run", "-b", bundle.directory(), id}));
    eventually([&] { return status_of(id) != "none"; }, std::chrono::milliseconds(100));
    const auto removed = forced_delete(id);
    const auto result = attached.finish();
    INFO(removed << result);
    CHECK(removed.exit_code == 0);
    CHECK(removed.err.empty());
    CHECK((result.exit_code == 7 || result.exit_code == 137 || result.exit_code == 1));
    CHECK(status_of(id) == "none");
  }
}

TEST_CASE("delete that waited for a container that is gone leaves the next one of its id") {
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  const auto state = "/run/mini_container/" + id;
  const auto start = [&](const Words& command) {
    Words words = {"-r", shared_root(), "-p", "--detach", "--id", id};
    words.insert(words.end(), command.begin(), command.end());
    REQUIRE(run_and_leave(words).exit_code == 0);
  };
  start({"true"});
  REQUIRE(eventually([&] { return status_of(id) == "stopped"; }));
  mc::Fd held(::open(state.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(eventually([&] { return ::flock(held.get(), LOCK_EX | LOCK_NB) == 0; }));
  Process removal(runtime_command({"delete", "--force", id}));
  // "1: -> FLOCK ADVISORY WRITE PID ...": who waits.
  const auto waits = "-> FLOCK  ADVISORY  WRITE " + std::to_string(removal.pid()) + " ";
  CHECK(eventually([&] { return read_file("/proc/locks").find(waits) != std::string::npos; }));
  std::filesystem::remove_all(state);
  start({"sleep", "1000"});
  held.reset();
  const auto removed = removal.finish();
  CHECK_MESSAGE(removed.exit_code == 0, removed);
  CHECK(status_of(id) == "running");
  CHECK(forced_delete(id).exit_code == 0);
}

TEST_CASE("a launch that fails takes nothing that is another's by now") {
  auto bundle = Bundle();
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  const auto state = "/run/mini_container/" + id;
  bundle
      .set("hooks.createRuntime", R"([{"path": "/bin/sh", "args": ["sh", "-c", "mv )" + state +
                                      ' ' + state + "-old && mkdir " + state + " && echo x >" +
                                      state + R"(/kept; exit 3"]}])")
      .write();
  const auto failed = run({"run", "-b", bundle.directory(), id});
  CHECK_MESSAGE(failed.exit_code != 0, failed);
  CHECK(read_file(state + "/kept") == "x\n");
  std::filesystem::remove_all(state);
  std::filesystem::remove_all(state + "-old");
}

TEST_CASE("list answers while containers come and go") {
  const auto bundle = Bundle().write();
  const auto first = fresh_id();
  const auto second = fresh_id();
  const NothingLeft nothing(first);
  const NothingLeft nothing_second(second);
  for (int round = 0; round < 10; ++round) {
    std::vector<Words> commands;
    for (const auto& id : {first, second})
      commands.push_back({"run", "-d", "-b", bundle.directory(), id});
    for (int i = 0; i < 4; ++i) commands.push_back({"list", "-f", i % 2 == 0 ? "json" : "table"});
    for (const auto& id : {first, second}) commands.push_back({"delete", "--force", id});
    for (int i = 0; i < 4; ++i) commands.push_back({"list"});
    const auto results = all_at_once(commands);
    for (std::size_t i = 0; i < commands.size(); ++i) {
      INFO(commands[i][0] << ' ' << results[i]);
      if (commands[i][0] != "run") CHECK(results[i].exit_code == 0);
      if (commands[i][0] == "list") CHECK(results[i].err.empty());
    }
    forced_delete(first);
    forced_delete(second);
  }
}

TEST_CASE("sixty-four creates at once") {
  const auto bundle = Bundle().write();
  const auto name = fresh_id();
  const NothingLeft nothing(name);
  std::vector<Words> creates;
  std::vector<Words> starts;
  for (int i = 0; i < 64; ++i) {
    const auto id = name + "-" + std::to_string(i);
    creates.push_back({"create", "-b", bundle.directory(), id});
    starts.push_back({"start", id});
  }
  const auto created = all_at_once(creates);
  CHECK(successes(created) == 64);
  check_refusals(created, {});
  CHECK(successes(all_at_once(starts)) == 64);
  const auto listed = run({"list", "-q"}).out;
  CHECK(std::ranges::count(listed, '\n') == 64);
  const auto removed = run({"delete", "--force", "--regex", "^" + name + "-"},
                           {.timeout = std::chrono::seconds(60)});
  INFO(removed);
  CHECK(removed.exit_code == 0);
}
