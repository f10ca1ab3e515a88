// SPDX-License-Identifier: Apache-2.0
// ctest: TIMEOUT 600
// A plugin that breaks in each of its hooks, in the agent and in the child: the error names plugin
// and hook, the command never ran, and nothing is left.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/socket.h>

#include <chrono>
#include <filesystem>

#include "mini_container/abi.h"
#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> before_the_command = {
    "create", "plan", "pre_clone", "post_clone", "before_pivot", "pivot", "after_pivot", "seal"};

// What each fault is called in the error. In the agent a hook is told from a crash by its own
// words.
struct Fault {
  const char* name;
  const char* word;
};
constexpr Fault faults[] = {
    {"error", "try the door: No such device (ENODEV); knock first"},
    {"throw", "an exception of unknown type"},
    // Caught by the core, or the plugin's own C++ runtime aborts: who of them is asked first.
    {"escape", "the plugin "},
    // A process 1 that does not end by SIGABRT is ended by abort(3) otherwise.
    {"abort", "the plugin crashed"},
    {"crash", "SIGSEGV"},
    {"exit", "exit()"},
    {"leave", "exit()"},
    {"loop", "deadline"},
    {"close", "closed descriptors"},
};

class NothingLeft {
 public:
  ~NothingLeft() { CHECK(cgroups_named("faulty-launch").empty()); }

 private:
  HostUnchanged unchanged_;
};

const std::string& root() {
  static const std::string path = fresh_root();
  return path;
}

/// A launch whose child works in the agent's memory, and breaks there.
std::vector<std::string> sharing_arguments(const std::string& hook, const std::string& fault,
                                           const std::string& timeout) {
  return {"--plugin-dir",
          FIXTURES,
          "run",
          "--id",
          "faulty-launch",
          "--rootfs.path",
          root(),
          "--pid",
          "--container.hook_timeout",
          timeout,
          "--faulty_sharing.hook",
          hook,
          "--faulty_sharing.fault",
          fault,
          "--",
          "touch",
          "/ran"};
}
Result launch_sharing(const std::string& hook, const std::string& fault) {
  return run(sharing_arguments(hook, fault, "300ms"));
}

/// A launch of `command` with the faulty plugin between others, told how to break.
std::vector<std::string> arguments_for(const std::string& hook, const std::string& fault,
                                       const std::string& command) {
  const bool pivots = hook == "pivot";
  const std::string name = pivots ? "faulty_pivot" : "faulty";
  // What made something on the host before the fault has to undo it.
  std::string text =
      "[container]\nid = \"faulty-launch\"\nhook_timeout = \"300ms\"\n"
      "command = [\"/bin/sh\", \"-c\", \"" +
      command + "\"]\n";
  if (!pivots)
    text += "[rootfs]\npath = \"" + root() + "\"\n[cgroup]\nmemory_max = \"64M\"\n[ipc]\n[pid]\n";
  text += "[uts]\nhostname = \"inside\"\n[" + name + "]\nhook = \"" + hook + "\"\nfault = \"" +
          fault + "\"\n";
  return {"--plugin-dir", FIXTURES, "run", "--config", write_file("launch.toml", text)};
}

Result launch(const std::string& hook, const std::string& fault, const std::string& command) {
  return run(arguments_for(hook, fault, command));
}

TEST_CASE("a deadline is by the agent's clock, wherever the container's stands") {
  for (const std::string seconds : {"864000", "-1"}) {
    CAPTURE(seconds);
    const auto before = std::chrono::steady_clock::now();
    const auto result = run({"--plugin-dir", FIXTURES, "-r", root(), "--time.monotonic", seconds,
                             "--container.hook_timeout", "2s", "--faulty.hook=seal",
                             "--faulty.fault=loop", "--", "true"});
    CHECK_MESSAGE(
        result.last_error().find("faulty: seal: the plugin did not return") != std::string::npos,
        result);
    CHECK(std::chrono::steady_clock::now() - before >= std::chrono::seconds(2));
  }
}

// What a hook reports does not change what the program did; a broken agent is another matter.
bool is_reported(const Fault& fault) {
  return fault.name == std::string_view("error") || fault.name == std::string_view("throw");
}

std::string where(const std::string& hook) {
  return (hook == "pivot" ? "faulty_pivot: " : "faulty: ") + hook + ": ";
}

// A container whose agent is killed while it runs: its cleanup, with the fault, is for `delete`.
void leave_to_clean_up(const std::string& id, const std::string& plugin, const std::string& fault,
                       const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {"--plugin-dir",
                                    FIXTURES,
                                    "run",
                                    "--id",
                                    id,
                                    "--rootfs.path",
                                    root(),
                                    "--pid",
                                    "--" + plugin + ".hook",
                                    "cleanup",
                                    "--" + plugin + ".fault",
                                    fault};
  words.insert(words.end(), more.begin(), more.end());
  words.insert(words.end(), {"--", "sh", "-c", "echo up; exec sleep 60"});
  Process container(mini_container::test::mini_container(words));
  REQUIRE(container.wait_for("up"));
  container.signal(SIGKILL);
  container.finish();
  CHECK(eventually([] { return run({"list"}).out.find("running") == std::string::npos; }));
}

}  // namespace

TEST_CASE("the faulty plugin does no harm where it is not told to") {
  const NothingLeft nothing_left;
  CHECK(launch("none", "crash", "echo ran").out == "ran\n");
}

TEST_CASE("a fault before the command: named, undone, and the command never ran") {
  for (const auto& hook : before_the_command)
    for (const auto& fault : faults) {
      CAPTURE(hook);
      CAPTURE(fault.name);
      const NothingLeft nothing_left;
      const auto result = launch(hook, fault.name, "touch /ran /run/ran");
      CAPTURE(result);
      CHECK(result.exit_code == 125);
      CHECK(result.last_error().find(where(hook)) != std::string::npos);
      CHECK(result.last_error().find(fault.word) != std::string::npos);
      // Who undoes it looks for the plugins where the launch did.
      CHECK(result.err.find("there is no plugin") == std::string::npos);
      CHECK_FALSE(fs::remove(root() + "/ran"));
      CHECK_FALSE(fs::remove("/run/ran"));
    }
}

TEST_CASE(
    "the child works in the agent's memory where every plugin says that it may, else on a copy") {
  const NothingLeft nothing_left;
  const auto said = [](const std::string& plugin, const std::vector<std::string>& more) {
    std::vector<std::string> argv = {
        "--plugin-dir", FIXTURES, "run", "--rootfs.path", root(), "--pid", "--" + plugin + ".tell"};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.insert(argv.end(), {"--", "true"});
    const auto result = run(argv);
    CAPTURE(result);
    CHECK(result.exit_code == 0);
    return result.err;
  };
  // A bare [net] has nothing to do once the child exists; time has.
  for (const auto& more : std::vector<std::vector<std::string>>{{}, {"--net"}})
    CHECK(said("faulty_sharing", more).find("the child's change is here") != std::string::npos);
  for (const auto& [plugin, more] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"faulty", {}},
           {"faulty_sharing", {"--faulty"}},
           {"faulty_sharing", {"-v"}},
           {"faulty_sharing", {"--time.boottime=5"}},
           {"faulty_sharing", {"--container.terminal"}}}) {
    CAPTURE(plugin);
    CAPTURE(more.size());
    CHECK(said(plugin, more).find("the child's change is not here") != std::string::npos);
  }
}

TEST_CASE("a fault in a child that works in the agent's memory: named, undone, nothing ran") {
  for (const std::string hook : {"before_pivot", "after_pivot", "seal"})
    for (const auto& fault : faults) {
      CAPTURE(hook);
      CAPTURE(fault.name);
      const NothingLeft nothing_left;
      const auto result = launch_sharing(hook, fault.name);
      CAPTURE(result);
      CHECK(result.exit_code == 125);
      CHECK(result.last_error().find("faulty_sharing: " + hook + ": ") != std::string::npos);
      CHECK(result.last_error().find(fault.word) != std::string::npos);
      // Who undoes it looks for the plugins where the launch did.
      CHECK(result.err.find("there is no plugin") == std::string::npos);
      CHECK_FALSE(fs::remove(root() + "/ran"));
    }
}

TEST_CASE("a child that spoils the agent's memory and ends: nothing of it is used any more") {
  const NothingLeft nothing_left;
  // With a long number the first thing that the agent would do is an allocation.
  auto argv =
      mini_container::test::mini_container(sharing_arguments("before_pivot", "heap", "300ms"));
  argv.insert(argv.begin(),
              {"unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c",
               "echo 20000 >/proc/sys/kernel/ns_last_pid && \"$0\" \"$@\"; exit $?"});
  const auto result = run_program(argv);
  CAPTURE(result);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("faulty_sharing: before_pivot: the plugin called exit()") !=
        std::string::npos);
  CHECK_FALSE(fs::remove(root() + "/ran"));
}

TEST_CASE("who asks a launch to stop need not wait for a hook in the agent's memory") {
  for (const auto& [number, word] : {std::pair{SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"}}) {
    CAPTURE(word);
    const NothingLeft nothing_left;
    Process launch(
        mini_container::test::mini_container(sharing_arguments("before_pivot", "loop", "9s")));
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    launch.signal(number);
    const auto result = launch.finish();
    CAPTURE(result);
    CHECK(result.exit_code == 128 + number);
    CHECK(result.last_error() ==
          std::string("mini_container: stopped by ") + word + " while starting");
    CHECK(result.duration < std::chrono::seconds(5));
    CHECK(run({"list", "--quiet"}).out.empty());
  }
}

TEST_CASE("a launch that is undone is undone although it has been asked to stop") {
  for (const std::string plugin : {"faulty", "faulty_sharing"}) {
    CAPTURE(plugin);
    const NothingLeft nothing_left;
    Process launch(mini_container::test::mini_container(
        {"--plugin-dir", FIXTURES, "run", "--id", "faulty-launch", "--rootfs.path", root(), "--pid",
         "--container.hook_timeout", "900ms", "--" + plugin + ".hook", "pre_clone",
         "--" + plugin + ".fault", "loop", "--", "touch", "/ran"}));
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    launch.signal(SIGTERM);
    const auto result = launch.finish();
    CAPTURE(result);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find(plugin + ": pre_clone: ") != std::string::npos);
    CHECK(run({"list", "--quiet"}).out.empty());
  }
}

TEST_CASE("a fault in a detached launch is told to who started it, and leaves no log") {
  for (const std::string hook : {"create", "pre_clone", "before_pivot", "post_exec"})
    for (const std::string fault : {"crash", "exit", "loop", "close", "error"}) {
      CAPTURE(hook);
      CAPTURE(fault);
      const NothingLeft nothing_left;
      auto arguments = arguments_for(hook, fault, "sleep 30");
      arguments.insert(arguments.begin() + 3, "--detach");
      const auto result = run(arguments);
      CAPTURE(result);
      CHECK(result.exit_code == 125);
      CHECK(result.out.empty());
      CHECK(result.last_error().find(where(hook)) != std::string::npos);
      CHECK_FALSE(fs::exists("/run/mini_container/.logs/faulty-launch"));
    }
}

TEST_CASE(
    "a plugin that ends the agent by the system call is noticed by who waits for a --detach") {
  const NothingLeft nothing_left;
  auto arguments = arguments_for("post_exec", "vanish", "sleep 30");
  arguments.insert(arguments.begin() + 3, "--detach");
  const auto result = run(arguments);
  CAPTURE(result);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("the agent of 'faulty-launch' ended by itself, with status 0") !=
        std::string::npos);
  CHECK(result.last_error().find("delete --force faulty-launch") != std::string::npos);
  CHECK(run({"--plugin-dir", FIXTURES, "delete", "--force", "faulty-launch"}).exit_code == 0);
}

TEST_CASE("a deadline holds although who starts us blocks SIGALRM") {
  for (const std::string hook : {"plan", "pre_clone", "before_pivot", "post_exec"}) {
    CAPTURE(hook);
    const NothingLeft nothing_left;
    auto argv = mini_container::test::mini_container(arguments_for(hook, "loop", "sleep 30"));
    argv.insert(argv.begin(), {"env", "--block-signal=ALRM"});
    const auto result = run_program(argv);
    CAPTURE(result);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find(where(hook)) != std::string::npos);
    CHECK(result.last_error().find("deadline") != std::string::npos);
  }
}

TEST_CASE("what a child in the agent's memory says is in the host's log, between the agent's") {
  const auto log = fresh_directory() + "/said.log";
  // The same path inside must not be taken for it.
  fs::create_directories(root() + fs::path(log).parent_path().string());
  const auto result = run({"--plugin-dir", FIXTURES, "--log", log, "run", "--rootfs.path", root(),
                           "--pid", "--faulty_sharing.tell", "--", "true"});
  CAPTURE(result);
  CHECK(result.exit_code == 0);
  const auto said = read_file(log);
  CAPTURE(said);
  const auto inside = said.find("faulty_sharing: said inside");
  CHECK(inside != std::string::npos);
  CHECK(said.find("faulty_sharing: the child's change is here") > inside);
  CHECK(said.find("faulty_sharing: the child's change is here") != std::string::npos);
  CHECK_FALSE(fs::exists(root() + log));
}

TEST_CASE("a reader of standard error who has gone away ends no launch") {
  const auto code = fresh_directory() + "/code";
  auto argv =
      mini_container::test::mini_container({"--plugin-dir", FIXTURES, "run", "--rootfs.path",
                                            root(), "--faulty_sharing.tell", "--", "true"});
  argv.insert(argv.begin(), {"sh", "-c",
                             R"({ sleep 0.5; "$@" 2>&1 >/dev/null; echo "$?" >"$0"; } | :; )"
                             R"(while [ ! -s "$0" ]; do sleep 0.1; done)",
                             code});
  run_program(argv);
  CHECK(read_file(code) == "0\n");
}

TEST_CASE("without a timer to be had, the child works on a copy") {
  auto argv =
      mini_container::test::mini_container({"--plugin-dir", FIXTURES, "run", "--rootfs.path",
                                            root(), "--faulty_sharing.tell", "--", "true"});
  argv.insert(argv.begin(), {"prlimit", "--sigpending=0", "--"});
  const auto result = run_program(argv);
  CAPTURE(result);
  CHECK(result.exit_code == 0);
  CHECK(result.err.find("the child's change is not here") != std::string::npos);
}

TEST_CASE("an error whose texts are not ended is shown to their ends") {
  for (const auto& hook : before_the_command) {
    CAPTURE(hook);
    const auto result = launch(hook, "unended", "true");
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().ends_with(where(hook) + std::string(sizeof mc_error::text - 1, 'x') +
                                        "; " + std::string(sizeof mc_error::hint - 1, 'y')));
  }
}

TEST_CASE("an error that says nothing is said to say nothing, with its errno where it has one") {
  for (const auto& hook : before_the_command) {
    CAPTURE(hook);
    CHECK(launch(hook, "silent", "true")
              .last_error()
              .ends_with(where(hook) + "failed and did not say why"));
    CHECK(launch(hook, "silent_errno", "true")
              .last_error()
              .ends_with(where(hook) + "failed and did not say why: No such device (ENODEV)"));
  }
}

TEST_CASE("a thread that is left running before the clone ends the launch, and is named") {
  for (const std::string hook : {"create", "plan", "pre_clone"}) {
    CAPTURE(hook);
    const NothingLeft nothing_left;
    const auto result = launch(hook, "thread", "touch /ran");
    CAPTURE(result);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find(where(hook) + "refuse to clone: a plugin has left 1 thread") !=
          std::string::npos);
    CHECK_FALSE(fs::remove(root() + "/ran"));
  }
}

TEST_CASE("a fault in post_exec stops the container") {
  for (const auto& fault : faults) {
    CAPTURE(fault.name);
    const NothingLeft nothing_left;
    const auto result = launch("post_exec", fault.name, "sleep 30; touch /ran");
    CAPTURE(result);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find(where("post_exec")) != std::string::npos);
    CHECK(result.last_error().find(fault.word) != std::string::npos);
    CHECK_FALSE(fs::remove(root() + "/ran"));
  }
}

TEST_CASE("what a broken agent says is written at once, whoever else writes there") {
  const NothingLeft nothing_left;
  // Where each write(2) is a message of its own.
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  const mc::Fd reader(ends[0]);
  const mc::Fd writer(ends[1]);
  for (const std::string hook : {"plan", "post_exec"}) {
    CAPTURE(hook);
    auto argv = mini_container::test::mini_container(arguments_for(hook, "crash", "sleep 30"));
    argv.insert(argv.begin(), {"sh", "-c", "exec \"$@\" 2>&" + std::to_string(ends[1]), "sh"});
    CHECK(run_program(argv, {.keep = {ends[1]}}).exit_code == 125);
    char said[1024] = {};
    const auto length = ::recv(ends[0], said, sizeof said - 1, MSG_DONTWAIT);
    const std::string line(said, length > 0 ? static_cast<std::size_t>(length) : 0);
    CAPTURE(line);
    CHECK(line.starts_with("mini_container: " + where(hook) + "the plugin crashed (SIGSEGV)"));
    CHECK(line.ends_with("; repair or disable the plugin\n"));
    CHECK(::recv(ends[0], said, sizeof said, MSG_DONTWAIT) < 0);
  }
}

TEST_CASE("a fault in post_exit is named, and everything is cleaned up") {
  for (const auto& fault : faults) {
    CAPTURE(fault.name);
    const NothingLeft nothing_left;
    const auto result = launch("post_exit", fault.name, "exit 3");
    CAPTURE(result);
    CHECK(result.exit_code == (is_reported(fault) ? 3 : 125));
    CHECK(result.err.find(where("post_exit")) != std::string::npos);
    CHECK(result.err.find(fault.word) != std::string::npos);
  }
}

TEST_CASE("a fault in cleanup is named; what it cannot clean up stays until it is told to go") {
  for (const auto& fault : faults) {
    CAPTURE(fault.name);
    const NothingLeft nothing_left;
    const auto result = launch("cleanup", fault.name, "exit 3");
    CAPTURE(result);
    CHECK(result.exit_code == (is_reported(fault) ? 3 : 125));
    CHECK(result.err.find(where("cleanup")) != std::string::npos);
    CHECK(result.err.find(fault.word) != std::string::npos);
    // The later process that undoes the launch has descriptors of its own to close.
    if (fault.name == std::string_view("close")) continue;
    CHECK(result.err.find("kept for: mini_container delete --force faulty-launch\n") !=
          std::string::npos);
    CHECK(run({"list", "--quiet"}).out == "faulty-launch\n");
    run({"--plugin-dir", FIXTURES, "delete", "--force", "faulty-launch"});
  }
}

TEST_CASE("a fault in join ends the exec; the container goes on") {
  const NothingLeft nothing_left;
  // On a copy of the agent's memory, and in it.
  for (const std::string plugin : {"faulty", "faulty_sharing"})
    for (const auto& fault : faults) {
      CAPTURE(plugin);
      CAPTURE(fault.name);
      const std::string text =
          "[container]\nhook_timeout = \"300ms\"\ncommand = [\"sleep\", \"60\"]\n[rootfs]\npath "
          "= \"" +
          root() + "\"\n[pid]\n[" + plugin + "]\nhook = \"join\"\nfault = \"" + fault.name + "\"\n";
      const auto started = run({"--plugin-dir", FIXTURES, "run", "--detach", "--id", "joined",
                                "--config", write_file("launch.toml", text)});
      CAPTURE(started);
      REQUIRE(started.exit_code == 0);
      const auto result = run({"--plugin-dir", FIXTURES, "exec", "joined", "touch", "/ran"});
      CAPTURE(result);
      CHECK(result.exit_code == 125);
      CHECK(result.last_error().find(plugin + ": join: ") != std::string::npos);
      CHECK(result.last_error().find(fault.word) != std::string::npos);
      CHECK(result.last_error().find("is undone") == std::string::npos);
      CHECK_FALSE(fs::remove(root() + "/ran"));
      CHECK(run({"list"}).out.find("running") != std::string::npos);
      CHECK(run({"--plugin-dir", FIXTURES, "delete", "--force", "joined"}).exit_code == 0);
    }
}

TEST_CASE("with the standard descriptors closed too, it is named, nothing runs, nothing is left") {
  auto hooks = before_the_command;
  hooks.insert(hooks.end(), {"post_exec", "post_exit", "cleanup"});
  for (const auto& hook : hooks) {
    CAPTURE(hook);
    const NothingLeft nothing_left;
    // Into a file: who reads a pipe has seen its end when its last writer is closed.
    const auto said = fresh_directory() + "/said";
    const bool before = hook != "post_exit" && hook != "cleanup";
    auto argv = mini_container::test::mini_container(
        arguments_for(hook, "close_all", before ? "sleep 0.5; touch /ran" : "true"));
    argv.insert(argv.begin(), {"sh", "-c", "exec \"$@\" 2>\"$0\"", said});
    const auto result = run_program(argv);
    CAPTURE(result);
    CHECK(result.exit_code == 125);
    CHECK(read_file(said).find(where(hook) + "the plugin closed descriptors") != std::string::npos);
    CHECK_FALSE(fs::remove(root() + "/ran"));
  }
}

TEST_CASE("a fault in seal ends an exec; the container goes on") {
  const NothingLeft nothing_left;
  const auto started =
      run({"--plugin-dir", FIXTURES, "run", "--detach", "--id", "sealed", "--rootfs.path", root(),
           "--pid", "--faulty.only_exec", "--faulty.hook", "seal", "--container.hook_timeout",
           "300ms", "--faulty.fault", "crash", "--", "sleep", "60"});
  CAPTURE(started);
  REQUIRE(started.exit_code == 0);
  const auto result = run({"--plugin-dir", FIXTURES, "exec", "sealed", "touch", "/ran"});
  CAPTURE(result);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find(where("seal")) != std::string::npos);
  CHECK_FALSE(fs::remove(root() + "/ran"));
  CHECK(run({"list"}).out.find("running") != std::string::npos);
  CHECK(run({"--plugin-dir", FIXTURES, "delete", "--force", "sealed"}).exit_code == 0);
}

TEST_CASE("a fault in a later process's cleanup is named, and does not stop the others") {
  // Each plugin's has a process of its own there, so that descriptors are its own to close: on a
  // copy of the memory, or in it, which is left for a fresh one when the plugin breaks.
  for (const std::string plugin : {"faulty", "faulty_sharing"})
    for (const std::string fault : {"error", "escape", "abort", "crash", "exit", "loop"}) {
      CAPTURE(plugin);
      CAPTURE(fault);
      const NothingLeft nothing_left;
      for (const std::string id : {"faulty-launch", "other-launch"}) {
        leave_to_clean_up(id, plugin, fault, {"--cgroup", "--container.hook_timeout", "300ms"});
      }
      const auto result = run({"--plugin-dir", FIXTURES, "delete", "faulty-launch"});
      CAPTURE(result);
      CHECK(result.exit_code == 125);
      CHECK(result.err.find(plugin + ": cleanup: ") != std::string::npos);
      CHECK(result.err.find("container 'faulty-launch' is not removed") != std::string::npos);
      CHECK(cgroups_named("faulty-launch").empty());
      // Forced, what a plugin does to one container does not keep the next from its turn.
      const auto forced =
          run({"--plugin-dir", FIXTURES, "delete", "--force", "--regex", "launch$"});
      CAPTURE(forced);
      CHECK(forced.exit_code == 0);
      CHECK(cgroups_named("other-launch").empty());
      CHECK(run({"list", "--quiet"}).out.empty());
    }
}

TEST_CASE("a cleanup that ends by a signal without a name is named by its number") {
  const NothingLeft nothing_left;
  leave_to_clean_up("faulty-launch", "faulty", "nameless");
  const auto result = run({"--plugin-dir", FIXTURES, "delete", "--force", "faulty-launch"});
  CAPTURE(result);
  CHECK(result.exit_code == 0);
  CHECK(result.err.find("faulty: cleanup: the plugin crashed (signal " +
                        std::to_string(SIGRTMIN + 1) + ")") != std::string::npos);
  CHECK(run({"list", "--quiet"}).out.empty());
}

TEST_CASE("what a cleanup in delete's memory says is in the log, before delete's own word") {
  const NothingLeft nothing_left;
  const auto log = fresh_directory() + "/said.log";
  leave_to_clean_up("faulty-launch", "faulty_sharing", "error");
  const auto result = run({"--plugin-dir", FIXTURES, "--log", log, "delete", "faulty-launch"});
  CAPTURE(result);
  CHECK(result.exit_code == 125);
  CHECK(result.err.find("LOG ERROR") == std::string::npos);
  const auto said = read_file(log);
  CAPTURE(said);
  const auto cleanup = said.find("faulty_sharing: cleanup: try the door");
  const auto own = said.find("container 'faulty-launch' is not removed");
  CHECK(cleanup != std::string::npos);
  CHECK(own != std::string::npos);
  CHECK(cleanup < own);
  run({"--plugin-dir", FIXTURES, "delete", "--force", "faulty-launch"});
}
