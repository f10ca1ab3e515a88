// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

// A hook that runs this shell text; `more` is further keys of its entry.
std::string hook(const std::string& stage, const std::string& script,
                 const std::string& more = "") {
  return "[[hooks." + stage + "]]\npath = \"/bin/sh\"\nargs = [\"sh\", \"-c\", '''" + script +
         "''']\nenv = [\"PATH=/usr/bin:/bin\"]\n" + more + "\n";
}

Result launch(const std::string& hooks, const std::string& command = "true") {
  return run({"run", "--config",
              launch_file("[container]\ncommand = [\"sh\", \"-c\", \"" + command +
                          "\"]\n[pid]\n[uts]\nhostname = \"inside\"\n" + hooks)});
}

TEST_CASE("hooks: every stage runs, in order, where it belongs, with the state") {
  const HostUnchanged unchanged;
  const auto directory = fresh_directory();
  std::string text;
  for (const char* stage :
       {"prestart", "create_runtime", "create_container", "poststart", "poststop"})
    text += hook(
        stage, "(echo " + std::string(stage) + " $(hostname); cat; echo) >> " + directory + "/log");
  const auto root = fresh_root();
  text += "[rootfs]\npath = \"" + root + "\"\n" +
          hook("start_container", "(echo start_container $(hostname); cat; echo) >> /tmp/log");
  const auto result = launch(text, "sleep 0.2; hostname");
  CHECK_MESSAGE(result.exit_code == 0, result);
  const auto log = read_file(directory + "/log");
  std::vector<std::string> places;
  for (const char* line : {"prestart testhost\n", "create_runtime testhost\n", "create_container ",
                           "poststart testhost\n", "poststop testhost\n"}) {
    CHECK_MESSAGE(log.find(line) != std::string::npos, line, " in ", log);
    places.push_back(line);
  }
  CHECK(log.find("prestart") < log.find("create_runtime"));
  CHECK(log.find("create_runtime") < log.find("create_container"));
  CHECK(log.find("create_container") < log.find("poststart"));
  CHECK(log.find("poststart") < log.find("poststop"));
  CHECK(log.find(R"("status":"creating","pid":)") != std::string::npos);
  CHECK(log.find(R"("status":"running","pid":)") != std::string::npos);
  CHECK(log.find(R"("status":"stopped","bundle":)") != std::string::npos);
  const auto inside = read_file(root + "/tmp/log");
  CHECK(inside.find("start_container inside\n") == 0);
  CHECK(inside.find(R"("status":"created","pid":1,)") != std::string::npos);
}

// Every stage, since those of the child run where others have worked before.
TEST_CASE(
    "hooks: the environment is the launch's alone, and no descriptor or signal mask crosses") {
  const mc::Fd inherited(::open("/", O_PATH));
  const int above = ::fcntl(inherited.get(), F_DUPFD, 200);
  REQUIRE(above >= 200);
  const mc::Fd kept(above);
  for (const char* stage : {"prestart", "create_runtime", "create_container", "start_container",
                            "poststart", "poststop"}) {
    CAPTURE(stage);
    const auto root = fresh_root();
    const bool inside = std::string(stage) == "start_container";
    const auto directory = inside ? std::string("/tmp") : fresh_directory();
    // Read by the shell itself, and first: it clears its mask for what it starts.
    const auto script =
        "while read -r key value; do case $key in Sig[BI]*) echo $key $value;; esac; done < "
        "/proc/$$/status > " +
        directory + "/signals; tr '\\0' '\\n' < /proc/self/environ > " + directory +
        "/env; ls /proc/self/fd > " + directory + "/fds";
    const auto file = launch_file("[container]\ncommand = [\"sleep\", \"0.2\"]\nkeep_fds = [" +
                                  std::to_string(above) + "]\n[pid]\n[rootfs]\npath = \"" + root +
                                  "\"\n" + hook(stage, script));
    auto launch = runtime_command({"run", "--config", file});
    launch.insert(launch.begin(), {"sh", "-c", "trap '' USR1; exec \"$@\"", "sh"});
    const auto result = run_program(launch, {.keep = {above}});
    CHECK_MESSAGE(result.exit_code == 0, result);
    const auto seen = (inside ? root : std::string()) + directory;
    CHECK(read_file(seen + "/env") == "PATH=/usr/bin:/bin\n");
    // The container's shell, busybox, ignores SIGQUIT for itself.
    CHECK(read_file(seen + "/signals") ==
          std::string("SigBlk: 0000000000000000\nSigIgn: 000000000000000") +
              (inside ? "4\n" : "0\n"));
    CHECK(read_file(seen + "/fds") == "0\n1\n2\n3\n");  // 3 is the listing itself
  }
}

// The program is the image's, as the command is.
TEST_CASE("hooks: start_container has the rights of the command, and no more") {
  const auto root = fresh_root();
  const auto rights = [&](const std::string& stage) { return read_file(root + "/tmp/" + stage); };
  const auto look = [](const std::string& stage) {
    return "grep -E '^(Cap|NoNewPrivs|Seccomp|Max open)' /proc/self/status /proc/self/limits > "
           "/tmp/" +
           stage;
  };
  const auto file =
      launch_file("[container]\ncommand = [\"sh\", \"-c\", \"\"\"" + look("command") +
                  "\"\"\"]\n[pid]\n[rootfs]\npath = \"" + root +
                  "\"\n[capabilities]\nkeep = [\"CHOWN\"]\n[no_new_privs]\n[rlimits]\nnofile = "
                  "{ soft = 99, hard = 99 }\n[seccomp]\n" +
                  hook("start_container", look("hook")));
  const auto result = run({"run", "--config", file});
  CHECK_MESSAGE(result.exit_code == 0, result);
  CHECK(rights("command").find("CapEff:\t0000000000000001\n") != std::string::npos);
  CHECK(rights("command").find("Seccomp:\t2\n") != std::string::npos);
  CHECK(rights("hook") == rights("command"));
}

// The container's filter holds for the runtime as well by then.
TEST_CASE("hooks: start_container runs under a filter without pidfd_open and close_range") {
  const auto file =
      launch_file("[container]\ncommand = [\"echo\", \"ran\"]\n[pid]\n[rootfs]\npath = \"" +
                  shared_root() + "\"\n[seccomp]\ndeny = [\"pidfd_open\", \"close_range\"]\n" +
                  hook("start_container", "exit $(sleep 0.1)", "timeout = \"5s\""));
  const auto result = run({"run", "--config", file});
  CHECK_MESSAGE(result.exit_code == 0, result);
  CHECK(result.out == "ran\n");
  CHECK(result.duration < std::chrono::seconds(3));
}

TEST_CASE("hooks: one that fails ends the launch, its words are shown, and poststop runs") {
  const HostUnchanged unchanged;
  for (const char* stage :
       {"prestart", "create_runtime", "create_container", "start_container", "poststart"}) {
    const auto directory = fresh_directory();
    const auto result = launch(hook(stage, "echo its last words >&2; exit 3") +
                                   hook("poststop", "echo over > " + directory + "/stopped"),
                               "sleep 5; echo it ran on");
    CHECK_MESSAGE(result.exit_code == 125, stage, ": ", result);
    const std::string said = std::string(stage) + " hook '/bin/sh': its last words";
    CHECK_MESSAGE(result.err.find(said) != std::string::npos, result);
    CHECK_MESSAGE(result.last_error().find("exited with status 3") != std::string::npos, result);
    CHECK(result.last_error().find(stage) != std::string::npos);
    CHECK(result.out.find("it ran on") == std::string::npos);
    CHECK_MESSAGE(read_file(directory + "/stopped") == "over\n", stage);
  }
}

TEST_CASE("hooks: a poststop that cannot be executed is told with the reason") {
  const auto result = launch("[[hooks.poststop]]\npath = \"/none\"\n", "exit 4");
  CHECK_MESSAGE(result.err.find("execute poststop hook '/none': No such file or directory\n") !=
                    std::string::npos,
                result);
  CHECK(result.exit_code == 4);
}

TEST_CASE("hooks: a failing poststop is told, and the program's exit code stays") {
  const auto result = launch(hook("poststop", "echo too bad; exit 9"), "exit 4");
  CHECK(result.exit_code == 4);
  CHECK_MESSAGE(result.err.find("too bad") != std::string::npos, result);
  CHECK(result.err.find("status 9") != std::string::npos);
}

TEST_CASE("hooks: the standard error of one that succeeds is shown with its name, its output not") {
  for (const char* stage : {"create_runtime", "create_container", "start_container", "poststop"}) {
    const auto result = launch(hook(stage, "echo a remark >&2; echo chatter"), "echo ran");
    CHECK(result.exit_code == 0);
    CHECK(result.out == "ran\n");
    CHECK_MESSAGE(
        result.err.find(std::string(stage) + " hook '/bin/sh': a remark\n") != std::string::npos,
        result);
    CHECK(result.err.find("chatter") == std::string::npos);
  }
}

TEST_CASE("hooks: one that hangs is killed with what it started, at every stage") {
  const HostUnchanged unchanged;
  for (const char* stage : {"prestart", "create_runtime", "create_container", "start_container",
                            "poststart", "poststop"}) {
    const auto result = launch(hook(stage, "sleep 61 & sleep 62", "timeout = \"300ms\""), "exit 0");
    const bool over = std::string(stage) == "poststop";
    // Once the program has ended there is nothing left to stop.
    if (std::string(stage) != "poststart")
      CHECK_MESSAGE(result.exit_code == (over ? 0 : 125), stage, ": ", result);
    CHECK(result.duration < std::chrono::seconds(5));
    CHECK_MESSAGE(
        result.err.find(std::string(stage) + " hook '/bin/sh' did not end within 0.3 s and "
                                             "was killed") != std::string::npos,
        result);
    CHECK_FALSE(result.left_open);
  }
}

TEST_CASE("hooks: one that hangs without a timeout does not keep the launch from being stopped") {
  const HostUnchanged unchanged;
  const auto hung = [] { return !run_program({"pgrep", "-fx", "sleep 64.5"}).out.empty(); };
  Process process(runtime_command(
      {"run", "--config",
       launch_file("[container]\ncommand = [\"true\"]\n[rootfs]\npath = \"" + shared_root() +
                   "\"\n" + hook("create_runtime", "sleep 64.5; exit 0", "timeout = \"none\""))}));
  REQUIRE(eventually(hung));
  process.signal(SIGTERM);
  const auto result = process.finish();
  CHECK_MESSAGE(result.exit_code == 128 + SIGTERM, result);
  CHECK(result.last_error() == "mini_container: stopped by SIGTERM while starting");
  CHECK(result.duration < std::chrono::seconds(5));
  CHECK_FALSE(hung());
}

TEST_CASE("hooks: a container that one holds up dies with its agent") {
  const HostUnchanged unchanged;
  const auto hung = [] { return !run_program({"pgrep", "-fx", "sleep 65.5"}).out.empty(); };
  for (const char* stage : {"create_container", "start_container"}) {
    CAPTURE(stage);
    Process process(runtime_command(
        {"run", "--id", "held", "--config",
         launch_file("[container]\ncommand = [\"true\"]\n[rootfs]\npath = \"" + shared_root() +
                     "\"\n" + hook(stage, "exec sleep 65.5", "timeout = \"none\""))}));
    REQUIRE(eventually(hung));
    process.signal(SIGKILL);
    process.finish();
    CHECK(eventually([&] { return !hung(); }));
    CHECK(run({"delete", "--force", "held"}).exit_code == 0);
  }
}

TEST_CASE("hooks: 10 MB of output is drained, and its end is shown") {
  const auto quiet = launch(hook("create_runtime", "head -c 10000000 /dev/zero"));
  CHECK_MESSAGE(quiet.exit_code == 0, quiet);
  const auto loud = launch(hook("create_runtime", "yes line | head -c 10000000; echo end; exit 1"));
  CHECK(loud.exit_code == 125);
  CHECK(loud.err.size() < 20000);
  CHECK(loud.err.find("end") != std::string::npos);
}

TEST_CASE("hooks: a child left in the background does not hold the launch up") {
  const auto result = launch(hook("create_runtime", "sleep 3.25 & exit 0"));
  CHECK(result.exit_code == 0);
  CHECK(result.duration < std::chrono::milliseconds(2500));
  CHECK(eventually([] { return run_program({"pgrep", "-fx", "sleep 3.25"}).out.empty(); }));
}

TEST_CASE("hooks: bad input gets one line") {
  const HostUnchanged unchanged;
  const auto refused = [](const std::string& text) {
    const auto result = launch(text);
    CHECK_MESSAGE(result.exit_code == 125, text, result);
    return result.last_error();
  };
  CHECK(refused("[[hooks.prestart]]\npath = \"/nonexistent\"\n").find("ENOENT") !=
        std::string::npos);
  CHECK(refused("[[hooks.prestart]]\npath = \"/etc/passwd\"\n").find("EACCES") !=
        std::string::npos);
  CHECK(refused("[[hooks.prestart]]\nargs = [\"x\"]\n").find("names no program") !=
        std::string::npos);
  CHECK(refused("[[hooks.start_container]]\npath = \"bin/true\"\n").find("absolute") !=
        std::string::npos);
  CHECK(refused("[[hooks.prestart]]\npath = \"/bin/true\"\nenv = [\"x\"]\n").find("NAME=VALUE") !=
        std::string::npos);
  CHECK(refused("[[hooks.prestart]]\npath = \"/bin/true\"\ntimeout = \"-1s\"\n").find("timeout") !=
        std::string::npos);
}

}  // namespace
