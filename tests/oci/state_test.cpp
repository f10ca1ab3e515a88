// SPDX-License-Identifier: Apache-2.0
// Every verb in every state of a container; state that is half written; process ids used again.
#include <doctest/doctest.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/json.hpp"
#include "core/process_mark.hpp"
#include "core/state.hpp"
#include "tests/oci/bundle.hpp"

using namespace mini_container;
using namespace mini_container::test;

namespace {

using Words = std::vector<std::string>;

constexpr const char* states[] = {"missing", "creating", "created", "running", "paused", "stopped"};

struct Row {
  const char* name;
  Words words;  // "ID" stands for the id
  // By state, in the order of `states`: does it succeed?
  bool works[6];
};

const Row rows[] = {
    {"create", {"create", "-b", "BUNDLE", "ID"}, {true, false, false, false, false, false}},
    {"run", {"run", "-d", "-b", "BUNDLE", "ID"}, {true, false, false, false, false, false}},
    {"start", {"start", "ID"}, {false, false, true, false, false, false}},
    {"state", {"state", "ID"}, {false, true, true, true, true, true}},
    {"kill", {"kill", "ID", "WINCH"}, {false, false, true, true, true, false}},
    {"kill --all", {"kill", "--all", "ID", "WINCH"}, {false, false, true, true, true, true}},
    {"exec", {"exec", "ID", "true"}, {false, false, true, true, false, false}},
    {"ps", {"ps", "ID"}, {false, true, true, true, true, true}},
    {"pause", {"pause", "ID"}, {false, false, true, true, false, false}},
    {"resume", {"resume", "ID"}, {false, false, false, false, true, false}},
    {"update", {"update", "--pids-limit", "50", "ID"}, {false, false, true, true, true, false}},
    {"events", {"events", "--stats", "ID"}, {false, false, true, true, true, false}},
    {"delete", {"delete", "ID"}, {false, false, false, false, false, true}},
    {"delete --force", {"delete", "--force", "ID"}, {true, true, true, true, true, true}},
};

Words filled(Words words, const std::string& id, const std::string& bundle) {
  for (auto& word : words) {
    if (word == "ID") word = id;
    if (word == "BUNDLE") word = bundle;
  }
  return words;
}

std::string shown_status(const std::string& id) {
  const auto shown = run({"state", id});
  if (shown.exit_code != 0) return "missing";
  const auto state = parse_json(shown.out, "state");
  return *state.find("status")->as<std::string>();
}

/// Keeps a `create` busy in a hook until it goes out of scope.
class Creating {
 public:
  Creating(Bundle& bundle, const std::string& id)
      : create_((prepare(bundle), runtime_command({"create", "-b", bundle.directory(), id}))) {
    CHECK(eventually([&] { return shown_status(id) == "creating"; }));
  }

 private:
  static void prepare(Bundle& bundle) {
    bundle.add("hooks.createRuntime", R"({"path": "/bin/sleep", "args": ["sleep", "20"]})");
    bundle.write();
  }
  Process create_;
};

void bring_to(const std::string& state, const std::string& id, const Bundle& bundle) {
  if (state == "missing") return;
  REQUIRE(run_and_leave({"create", "-b", bundle.directory(), id}).exit_code == 0);
  if (state != "created") REQUIRE(run({"start", id}).exit_code == 0);
  if (state == "paused") REQUIRE(run({"pause", id}).exit_code == 0);
  if (state == "stopped") {
    REQUIRE(run({"kill", id, "KILL"}).exit_code == 0);
    REQUIRE(eventually([&] { return shown_status(id) == "stopped"; }));
  }
}

std::string file_name(const std::string& name, const std::string& id) {
  return default_state_root() + "/" + id + "/" + name;
}

/// What is noted as a link's text: core/state.hpp.
std::string note(const std::string& name, const std::string& id) {
  return std::filesystem::read_symlink(file_name(name, id)).string();
}

void change_note(const std::string& name, const std::string& id, const std::string& text) {
  std::filesystem::remove(file_name(name, id));
  std::filesystem::create_symlink(text, file_name(name, id));
}

/// A container that runs; its state is then damaged by a test.
std::string running_container(const Bundle& bundle) {
  const auto id = fresh_id();
  REQUIRE(run_and_leave({"run", "-d", "-b", bundle.directory(), id}).exit_code == 0);
  return id;
}

}  // namespace

TEST_CASE("every verb in every state does its work or says in one line why not") {
  for (std::size_t state = 0; state < std::size(states); ++state)
    for (const Row& row : rows) {
      const auto id = fresh_id();
      const NothingLeft nothing(id);
      INFO(std::string(row.name) << " of a container that is " << std::string(states[state]) << ", "
                                 << id);
      Bundle bundle;
      std::optional<Creating> creating;
      if (states[state] == std::string("creating"))
        creating.emplace(bundle, id);
      else
        bring_to(states[state], id, bundle.write());
      REQUIRE(shown_status(id) == states[state]);

      const auto result = run_and_leave(filled(row.words, id, bundle.directory()));
      INFO(result);
      CHECK((result.exit_code == 0) == row.works[state]);
      if (row.works[state]) {
        CHECK(result.err.empty());
      } else {
        CHECK(result.exit_code > 0);
        CHECK(result.out.empty());
        CHECK(result.err.find('\n') + 1 == result.err.size());
        CHECK(result.err.find(id) != std::string::npos);
        CHECK(shown_status(id) == states[state]);
      }
      CHECK(run({"delete", "--force", id}).exit_code == 0);
    }
}

TEST_CASE("a state that was cut off anywhere is listed, and delete --force removes it") {
  const auto bundle = Bundle().write();
  for (const std::string name : {"record.jsonl", "process", "status"}) {
    const bool is_note = name != "record.jsonl";
    const auto whole_size = [&] {
      const auto id = running_container(bundle);
      const auto size =
          is_note ? note(name, id).size() : std::filesystem::file_size(file_name(name, id));
      run({"delete", "--force", id});
      return size;
    }();
    const std::size_t step = thorough() && !is_note ? 37 : std::max<std::size_t>(1, whole_size / 6);
    for (std::size_t size = is_note ? 1 : 0; size < whole_size; size += step) {
      const auto id = fresh_id();
      const NothingLeft nothing(id);
      INFO(name << " cut off at " << size << " of " << whole_size);
      REQUIRE(run_and_leave({"run", "-d", "-b", bundle.directory(), id}).exit_code == 0);
      if (is_note)
        change_note(name, id, note(name, id).substr(0, size));
      else
        std::filesystem::resize_file(file_name(name, id), size);
      const auto listed = run({"list"});
      INFO(listed);
      CHECK(listed.exit_code == 0);
      CHECK(listed.out.find(id) != std::string::npos);
      CHECK(run({"list", "-f", "json"}).exit_code == 0);
      CHECK(run({"state", id}).exit_code == 0);
      // Refused or done, but no crash.
      for (const Words& words : {Words{"exec", id, "true"},
                                 {"pause", id},
                                 {"resume", id},
                                 {"ps", id},
                                 {"start", id},
                                 {"kill", id, "WINCH"}}) {
        const auto result = run(words);
        INFO(words[0] << ": " << result);
        CHECK(result.signal == 0);
        CHECK(result.exit_code <= 125);
      }
      const auto removed = run({"delete", "--force", id});
      INFO(removed);
      CHECK(removed.exit_code == 0);
    }
  }
}

TEST_CASE("a record that is spoilt where a plugin stands is told, and everything is cleaned up") {
  const auto bundle = Bundle().write();
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  REQUIRE(run_and_leave({"run", "-d", "-b", bundle.directory(), id}).exit_code == 0);
  std::string record = read_file(file_name("record.jsonl", id));
  // One line for each plugin, behind the container's.
  for (auto at = record.find('\n'); at + 1 < record.size(); at = record.find('\n', at + 1))
    record[at + 1] = '[';
  std::ofstream(file_name("record.jsonl", id)) << record;
  CHECK(run({"state", id}).exit_code == 0);
  CHECK(run({"exec", id, "true"}).exit_code > 0);
  const auto removed = run({"delete", "--force", id});
  INFO(removed);
  CHECK(removed.exit_code == 0);
  CHECK(removed.err.find("record.jsonl:1:") != std::string::npos);
}

TEST_CASE("files of the state that are missing or are something else") {
  const auto bundle = Bundle().write();
  for (const std::string name : {"record.jsonl", "process", "status", "start.sock"})
    for (const bool as_directory : {false, true}) {
      const auto id = fresh_id();
      const NothingLeft nothing(id);
      INFO(name << std::string(as_directory ? " is a directory" : " is missing"));
      REQUIRE(run_and_leave({"create", "-b", bundle.directory(), id}).exit_code == 0);
      std::filesystem::remove(file_name(name, id));
      if (as_directory) std::filesystem::create_directory(file_name(name, id));
      const auto listed = run({"list"});
      INFO(listed);
      CHECK(listed.exit_code == 0);
      CHECK(listed.out.find(id) != std::string::npos);
      const auto started = run({"start", id});
      CHECK(started.signal == 0);
      const auto removed = run({"delete", "--force", id});
      INFO(removed);
      CHECK(removed.exit_code == 0);
    }
}

// After a boot the kernel gives out inodes of pidfds as it gives out numbers: both come again.
TEST_CASE("a state that outlives the machine's boot tells processes by their start times") {
  const auto bundle = Bundle().write();
  for (const std::string above : {"/dev/shm", ".", "/var/tmp"}) {
    struct statfs system {};
    REQUIRE(::statfs(above.c_str(), &system) == 0);
    const bool is_in_memory = system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC;
    const auto id = fresh_id();
    const NothingLeft nothing(id);
    const auto root = std::filesystem::absolute(above).lexically_normal() / ("state." + id);
    CAPTURE(root);
    REQUIRE(run_and_leave({"--root", root, "run", "-d", "-b", bundle.directory(), id}).exit_code ==
            0);
    const auto process = std::filesystem::read_symlink(root / id / "process").string();
    const bool has_pidfs = ProcessMark::of(::getpid(), false).inode != 0;
    CHECK((process.find(" inode ") != process.npos) == (is_in_memory && has_pidfs));
    const auto record = read_file(root / id / "record.jsonl");
    CHECK((record.find(" inode ") != record.npos) == (is_in_memory && has_pidfs));
    CHECK(run({"--root", root, "exec", id, "true"}).exit_code == 0);
    CHECK(run({"--root", root, "delete", "--force", id}).exit_code == 0);
    CHECK(std::filesystem::remove(root));
  }
}

TEST_CASE("notes that are files, as earlier versions left them, are understood") {
  const auto bundle = Bundle().write();
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  REQUIRE(run_and_leave({"run", "-d", "-b", bundle.directory(), id}).exit_code == 0);
  const auto pid = note("process", id).substr(0, note("process", id).find(' '));
  const auto stat = read_file("/proc/" + pid + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string start_time;
  for (int field = 3; field <= 22; ++field) fields >> start_time;
  for (const char* name : {"process", "status"}) std::filesystem::remove(file_name(name, id));
  std::ofstream(file_name("process", id)) << pid << ' ' << start_time << '\n';
  std::ofstream(file_name("status", id)) << "running\n";
  CHECK(shown_status(id) == "running");
  CHECK(run({"exec", id, "true"}).exit_code == 0);
  CHECK(run({"kill", id, "KILL"}).exit_code == 0);
  CHECK(eventually([&] { return shown_status(id) == "stopped"; }));
  CHECK(run({"delete", id}).exit_code == 0);
}

TEST_CASE("a first process that waits for another to be reaped is none to exec beside") {
  const auto bundle = Bundle().write();
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  REQUIRE(run_and_leave({"run", "-d", "-b", bundle.directory(), id}).exit_code == 0);
  Process other(runtime_command({"exec", id, "sh", "-c", "echo there; sleep 100"}));
  REQUIRE(other.wait_for("there"));
  other.signal(SIGSTOP);
  REQUIRE(run({"kill", id, "KILL"}).exit_code == 0);
  const auto pid = note("process", id).substr(0, note("process", id).find(' '));
  CHECK(eventually([&] { return !std::filesystem::exists("/proc/" + pid + "/ns/mnt"); }));
  const auto result = run({"exec", id, "true"});
  CAPTURE(result);
  CHECK(result.exit_code != 0);
  CHECK(result.err.find("container not running: '" + id + "'") != std::string::npos);
  other.signal(SIGCONT);
  CHECK(run({"delete", "--force", id}).exit_code == 0);
}

TEST_CASE("a directory that a killed create left empty is a stopped container, and is deleted") {
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  std::filesystem::create_directories(default_state_root() + "/" + id);
  CHECK(shown_status(id) == "stopped");
  CHECK(run({"list"}).out.find(id) != std::string::npos);
  const auto removed = run({"delete", id});
  INFO(removed);
  CHECK(removed.exit_code == 0);
}

TEST_CASE("a process that has the number of an ended container's is not touched") {
  const auto bundle = Bundle().write();
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  Process other({"sleep", "1000"});
  REQUIRE(run_and_leave({"run", "-d", "-b", bundle.directory(), id}).exit_code == 0);
  REQUIRE(run({"kill", id, "KILL"}).exit_code == 0);
  REQUIRE(eventually([&] { return shown_status(id) == "stopped"; }));

  // As if the number had been used again: another inode of a pidfd, or start time.
  auto mark = note("process", id);
  mark.replace(0, mark.find(' '), std::to_string(other.pid()));
  mark.insert(mark.rfind(' ') + 1, "1");
  change_note("process", id, mark);
  CHECK(shown_status(id) == "stopped");
  const auto killed = run({"kill", id, "KILL"});
  CHECK(killed.exit_code != 0);
  CHECK(killed.err.find("not running") != std::string::npos);
  CHECK(run({"exec", id, "true"}).exit_code != 0);
  CHECK(run({"delete", "--force", id}).exit_code == 0);
  CHECK(std::filesystem::exists("/proc/" + std::to_string(other.pid())));
  CHECK(read_file("/proc/" + std::to_string(other.pid()) + "/stat").find(") Z") ==
        std::string::npos);
}

TEST_CASE("a start that was killed after it let the program go leaves a running container") {
  const auto bundle = Bundle().write();
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  REQUIRE(run_and_leave({"create", "-b", bundle.directory(), id}).exit_code == 0);
  REQUIRE(run({"start", id}).exit_code == 0);
  change_note("status", id, "created");
  CHECK(shown_status(id) == "running");
  const auto again = run({"start", id});
  CHECK(again.exit_code == 1);
  CHECK(again.err.find("it is running, not created") != std::string::npos);
  CHECK(run({"delete", id}).exit_code != 0);
  CHECK(run({"delete", "--force", id}).exit_code == 0);
}

// Who ends a process group that a verb ran in does not mean what that verb has left running.
TEST_CASE("a hook that fails in a later process is told by its place in config.json") {
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  Bundle bundle;
  bundle.set("hooks", R"({"poststart": [{"path": "/bin/true"}, {"path": "/bin/false"}],
      "poststop": [{"path": "/bin/true"}, {"path": "/no/such/program"}, {"path": "/bin/false"}]})");
  bundle.write();
  const std::string file = bundle.directory() + "/config.json";
  // The line at which the element `number` of `stage` begins.
  const auto place = [&](const std::string& stage, std::size_t number) {
    const auto* hook = find_value(bundle.config(), "hooks." + stage + "." + std::to_string(number));
    REQUIRE(hook != nullptr);
    const auto read = mini_container::parse_json(read_file(file), file.c_str());
    const auto* list = read.find("hooks")->find(stage)->as<mini_container::List>();
    return (*list)[number].place().text() + ": ";
  };
  REQUIRE(run_and_leave({"create", "--bundle", bundle.directory(), id}).exit_code == 0);
  const auto started = run({"start", id});
  CHECK_MESSAGE(started.last_error().find(place("poststart", 1) + "poststart hook '/bin/false'") !=
                    std::string::npos,
                started);
  const auto removed = run({"delete", "--force", id});
  CHECK(removed.exit_code == 0);
  const std::string told = started.err + removed.err;
  CHECK_MESSAGE(told.find(place("poststop", 1) + "execute poststop hook '/no/such/program'") !=
                    std::string::npos,
                told);
  CHECK_MESSAGE(told.find(place("poststop", 2) + "poststop hook '/bin/false'") != std::string::npos,
                told);
  CHECK_MESSAGE(told.find("record.jsonl") == std::string::npos, told);
}

TEST_CASE("what outlives its verb has a session of its own") {
  const auto bundle = Bundle().write();
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  const auto file = bundle.directory() + "/pid";
  const auto check_session = [&] {
    const int pid = std::stoi(read_file(file));
    CHECK(::getsid(pid) == pid);
  };
  REQUIRE(run_and_leave({"create", "-b", bundle.directory(), "--pid-file", file, id}).exit_code ==
          0);
  check_session();
  REQUIRE(run({"start", id}).exit_code == 0);
  REQUIRE(run_and_leave({"exec", "-d", "--pid-file", file, id, "sleep", "1000"}).exit_code == 0);
  check_session();
  CHECK(run({"delete", "--force", id}).exit_code == 0);
}

TEST_CASE("a pid file that cannot be written undoes what was started") {
  const auto bundle = Bundle().write();
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  for (const char* verb : {"create", "run"}) {
    Words words = {verb, "-b", bundle.directory(), "--pid-file", "/nowhere/pid", id};
    if (words[0] == "run") words.insert(words.begin() + 1, "-d");
    const auto result = run(words);
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(result.last_error().find("'/nowhere/pid") != std::string::npos);
    CHECK(shown_status(id) == "missing");
  }
  REQUIRE(run_and_leave({"run", "-d", "-b", bundle.directory(), id}).exit_code == 0);
  const auto before = run({"ps", id}).out;
  CHECK(run({"exec", "-d", "--pid-file", "/nowhere/pid", id, "sleep", "1000"}).exit_code != 0);
  CHECK(eventually([&] { return run({"ps", id}).out == before; }));
  CHECK(run({"delete", "--force", id}).exit_code == 0);
}
