// SPDX-License-Identifier: Apache-2.0
// ctest: RESOURCE_LOCK cgroups
// The agent beside its container: signals, ends, and what is left running.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "tests/skip.hpp"
#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

using Words = std::vector<std::string>;

Words in_root(Words rest) {
  rest.insert(rest.begin(), {"-r", shared_root()});
  return runtime_command(rest);
}

/// The processes of this host whose command line holds `text`.
std::set<std::string> processes_with(const std::string& text) {
  std::set<std::string> found;
  for (const auto& line : host_state())
    if (line.starts_with("process ") && line.find(text) != std::string::npos) found.insert(line);
  return found;
}

// A FUSE file system whose daemon tells of its root, and then reads no request any more.
class SilentFuse {
 public:
  SilentFuse() : path_(fresh_directory()), device_(::open("/dev/fuse", O_RDWR | O_CLOEXEC)) {
    const auto options =
        "fd=" + std::to_string(device_.get()) + ",rootmode=40000,user_id=0,group_id=0";
    mounted_ = device_ &&
               ::mount("silent", path_.c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) == 0;
    if (mounted_) daemon_ = std::thread([this] { serve(); });
  }
  ~SilentFuse() {
    // The daemon's read ends with the last mount, and with that every request.
    if (mounted_) ::umount2(path_.c_str(), MNT_FORCE | MNT_DETACH);
    if (daemon_.joinable()) daemon_.join();
  }
  SilentFuse(const SilentFuse&) = delete;
  SilentFuse& operator=(const SilentFuse&) = delete;

  [[nodiscard]] bool is_mounted() const { return mounted_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void serve() const {
    alignas(fuse_in_header) char request[FUSE_MIN_READ_BUFFER + 65536];
    while (::read(device_.get(), request, sizeof request) > 0) {
      const auto& head = *reinterpret_cast<const fuse_in_header*>(request);
      if (head.opcode == FUSE_INIT) {
        fuse_init_out out{};
        out.major = FUSE_KERNEL_VERSION;
        out.minor = 31;
        out.max_write = 4096;
        answer(head.unique, out);
      } else if (head.opcode == FUSE_GETATTR) {
        fuse_attr_out out{};
        out.attr_valid = 3600;
        out.attr.ino = FUSE_ROOT_ID;
        out.attr.mode = S_IFDIR | 0755;
        out.attr.nlink = 2;
        answer(head.unique, out);
        return;
      }
    }
  }

  template <class Out>
  void answer(std::uint64_t unique, const Out& out) const {
    struct {
      fuse_out_header head;
      Out body;
    } reply{{sizeof reply, 0, unique}, out};
    CHECK(::write(device_.get(), &reply, sizeof reply) == sizeof reply);
  }

  std::string path_;
  mc::Fd device_;
  bool mounted_ = false;
  std::thread daemon_;
};

}  // namespace

TEST_CASE("the agent forwards signals to the container") {
  const HostUnchanged unchanged;
  for (const auto& [number, name] : {std::pair{SIGTERM, "TERM"},
                                     {SIGINT, "INT"},
                                     {SIGHUP, "HUP"},
                                     {SIGUSR1, "USR1"},
                                     {SIGQUIT, "QUIT"},
                                     {SIGWINCH, "WINCH"},
                                     {SIGALRM, "ALRM"},
                                     {SIGCONT, "CONT"}}) {
    CAPTURE(name);
    Process agent(in_root({"-p", "attest", "signal-wait", name}));
    REQUIRE(agent.wait_for("ready"));
    agent.signal(number);
    const auto result = agent.finish();
    INFO(result);
    CHECK(result.out == std::string("ready\ngot ") + name + "\n");
    CHECK(result.exit_code == 0);
  }
}

TEST_CASE("the command starts with no signal blocked or ignored, whatever the caller does") {
  const std::string all = "INT,QUIT,PIPE,CHLD,TERM,USR1,ALRM,RTMIN";
  for (const Words& caller :
       {Words{}, Words{"env", "--ignore-signal=" + all}, Words{"env", "--block-signal=" + all}}) {
    Words words = caller;
    for (const auto& word : in_root({"-p", "sh", "-c", "attest signals; exit 42"}))
      words.push_back(word);
    const auto result = run_program(words);
    INFO(result);
    CHECK(result.exit_code == 42);
    CHECK(result.out.find("signals.blocked") != std::string::npos);
    CHECK(value(result.out, "signals.blocked").empty());
    CHECK(value(result.out, "signals.ignored").empty());
  }
}

TEST_CASE("signals that the caller ignores or blocks are forwarded all the same") {
  for (const char* how : {"--ignore-signal", "--block-signal"}) {
    for (const auto& [number, name] : {std::pair{SIGINT, "INT"},
                                       {SIGTERM, "TERM"},
                                       {SIGALRM, "ALRM"},
                                       {SIGCONT, "CONT"},
                                       {SIGPWR, "PWR"}}) {
      CAPTURE(how);
      CAPTURE(name);
      Words words = {"env", mc::concat(how, "=", name)};
      for (const auto& word : in_root({"-p", "attest", "signal-wait", name})) words.push_back(word);
      Process agent(words);
      REQUIRE(agent.wait_for("ready"));
      agent.signal(number);
      CHECK(agent.finish().out == std::string("ready\ngot ") + name + "\n");
    }
  }
}

TEST_CASE("nohup reaches through") {
  Words words = {"env", "--ignore-signal=HUP"};
  for (const auto& word : in_root({"sh", "-c", "echo ready; read line; echo still here"}))
    words.push_back(word);
  Process agent(words);
  REQUIRE(agent.wait_for("ready"));
  agent.signal(SIGHUP);
  ::usleep(100000);
  agent.close_input();
  CHECK(agent.finish().out == "ready\nstill here\n");
}

TEST_CASE("readers that go away end neither the agent nor its tidying up") {
  const HostUnchanged unchanged;
  for (const char* flags : {"-v", "-v -p -t", "-v -p --init"}) {
    CAPTURE(flags);
    const auto words = in_root({});
    const auto result =
        run_program({"bash", "-c",
                     mc::concat(words.at(0), " ", words.at(1), " ", words.at(2), " ", flags,
                                " sh -c 'sleep 0.1; test -t 1 && echo a; exit 9' 2>&1 | true; "
                                "echo ${PIPESTATUS[0]}")});
    INFO(result);
    CHECK(result.out == "9\n");
  }
}

TEST_CASE("the container dies with its agent") {
  const HostUnchanged unchanged;
  // Another user's process, and one behind an init, have what ties them to the agent as well.
  for (const Words& flags : {Words{"-p"}, Words{}, Words{"--user", "app"}, Words{"-p", "--init"},
                             Words{"-p", "--user", "app"}}) {
    CAPTURE(flags);
    Words words = flags;
    words.insert(words.end(), {"attest", "sleep", "60"});
    Process agent(in_root(words));
    REQUIRE(agent.wait_for("sleeping"));
    CHECK(processes_with("attest sleep 60 ").size() >= 1);
    agent.signal(SIGKILL);
    agent.finish();
    CHECK(eventually([] { return processes_with(std::string("attest sleep 60 ")).empty(); }));
    // What the killed agent left is found and removed by its id.
    const auto listed = run({"list"});
    for (const auto& entry : std::filesystem::directory_iterator("/run/mini_container")) {
      const std::string id = entry.path().filename();
      if (id.starts_with('.')) continue;
      CHECK(listed.out.find(id) != std::string::npos);
      CHECK(eventually([&] { return run({"delete", id}).exit_code == 0; }));
    }
  }
}

TEST_CASE(
    "an agent that is killed at any moment leaves no process, and nothing that delete leaves") {
  const HostUnchanged unchanged;
  const std::string id = own_name("cut");
  const std::string state = "/run/mini_container/" + id;
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    Words words = {"--id", id, "-i", "--hostname", "x", "--cgroup", "attest", "sleep", "62"};
    if (round % 2 == 0) words.insert(words.begin(), "-p");
    Process agent(in_root(words));
    std::this_thread::sleep_for(std::chrono::microseconds(round * 150));
    agent.signal(SIGKILL);
    agent.finish();
    CHECK(eventually([] { return processes_with("attest sleep 62 ").empty(); }));
    if (std::filesystem::exists(state))
      CHECK(eventually([&] { return run({"delete", id}).exit_code == 0; }));
    CHECK_FALSE(std::filesystem::exists(state));
    CHECK(cgroups_named(id).empty());
  }
}

TEST_CASE("an agent that is stopped by a signal at any moment tidies up itself") {
  const HostUnchanged unchanged;
  const std::string id = own_name("stop");
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    const int number = round % 2 == 0 ? SIGTERM : SIGINT;
    Process agent(in_root({"--id", id, "-p", "--init", "--cgroup", "attest", "sleep", "63"}));
    std::this_thread::sleep_for(std::chrono::microseconds(round * 300));
    agent.signal(number);
    const auto result = agent.finish();
    INFO(result);
    // Before it listens there is nothing to tidy up, and the signal ends it as it ends others.
    CHECK((result.exit_code == 128 + number || result.signal == number));
    CHECK_FALSE(result.timed_out);
    CHECK(processes_with("attest sleep 63 ").empty());
    CHECK_FALSE(std::filesystem::exists("/run/mini_container/" + id));
    CHECK(cgroups_named(id).empty());
  }
}

TEST_CASE("an agent whose container waits for a file system without an answer can be stopped") {
  const HostUnchanged unchanged;
  const SilentFuse silent;
  if (!silent.is_mounted()) SKIP_CASE("no FUSE");
  const auto file = write_file(
      "launch.toml", "[container]\ncwd = \"/mnt/x\"\ncommand = [\"true\"]\n[rootfs]\npath = \"" +
                         shared_root() + "\"\n[[rootfs.mounts]]\ntype = \"bind\"\nsource = \"" +
                         silent.path() + "\"\ndestination = \"/mnt\"\n[pid]\n");
  for (const int number : {SIGTERM, SIGINT}) {
    CAPTURE(number);
    Process agent(runtime_command({"run", "--config", file}));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    agent.signal(number);
    const auto result = agent.finish();
    INFO(result);
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == 128 + number);
    CHECK(result.duration < std::chrono::seconds(3));
  }
}

TEST_CASE("every process of a container with its own process ids ends with its first") {
  const HostUnchanged unchanged;
  const auto result = run({"-r", shared_root(), "-p", "sh", "-c",
                           "sleep 61 & sleep 61 & sleep 61 & sleep 0.1; exit 4"});
  INFO(result);
  CHECK(result.exit_code == 4);
  CHECK(processes_with("sleep 61").empty());
}

TEST_CASE("a command cannot forge a line of the list, or say something to the terminal") {
  REQUIRE(run({"-r", shared_root(), "-p", "--detach", "--id", "forging", "sh", "-c",
               "sleep 60; : \033[2J\nother running"})
              .exit_code == 0);
  const auto listed = run({"list"}).out;
  INFO(listed);
  CHECK(listed.find("sh -c sleep 60; : ?[2J?other running\n") != std::string::npos);
  CHECK(run({"delete", "--force", "forging"}).exit_code == 0);
}

TEST_CASE("detach leaves a container running that list, exec, kill and delete find again") {
  const HostUnchanged unchanged;
  const auto started = run(
      {"-r", shared_root(), "-p", "--hostname", "box", "--detach", "--id", "left", "sh", "-c",
       "echo said; echo wrong >&2; trap 'echo ended; exit 3' TERM; while :; do sleep 0.05; done"});
  INFO(started);
  REQUIRE(started.exit_code == 0);
  CHECK(started.out == "left\n");
  CHECK_FALSE(started.left_open);

  const auto listed = run({"list"});
  INFO(listed);
  CHECK(listed.out.find("left") != std::string::npos);
  CHECK(listed.out.find("running") != std::string::npos);

  const auto inside = run({"exec", "left", "attest", "names", "process", "fds"});
  INFO(inside);
  CHECK(inside.exit_code == 0);
  CHECK(value(inside.out, "hostname") == "box");
  CHECK(value(inside.out, "pid") != "1");
  CHECK(values(inside.out, "fd").size() == 3);
  CHECK(run({"exec", "left", "sh", "-c", "exit 9"}).exit_code == 9);
  const auto shell = run({"exec", "left", "ps"});
  CHECK(shell.out.find("echo said") != std::string::npos);

  const std::string log = "/run/mini_container/.logs/left";
  CHECK(eventually([&] { return read_file(log) == "said\nwrong\n"; }));

  CHECK(run({"delete", "left"}).exit_code != 0);
  CHECK(run({"kill", "left", "TERM"}).exit_code == 0);
  CHECK(eventually([&] {
    return read_file(log).find("ended") != std::string::npos ||
           run({"list"}).out.find("running") == std::string::npos;
  }));
  CHECK(eventually([] { return run({"list"}).out.find("running") == std::string::npos; }));
  run({"delete", "left"});
  CHECK(run({"list"}).out.find("left") == std::string::npos);
}

TEST_CASE("a state directory that takes no more keeps no detached container from being tidied up") {
  const auto state = fresh_directory();
  const auto log = fresh_directory() + "/log";
  REQUIRE(::mount("small", state.c_str(), "tmpfs", 0, "mode=700,nr_inodes=20") == 0);
  const auto start = [&] {
    REQUIRE(run({"--state-dir", state, "-r", shared_root(), "-p", "--cgroup", "--detach",
                 "--output", log, "--id", "brimful", "sh", "-c", "sleep 0.5; exit 7"})
                .exit_code == 0);
    CHECK_FALSE(cgroups_named("brimful").empty());
  };
  SUBCASE("full: the end is noted all the same") {
    start();
    for (int i = 0; ::mkdir((state + "/." + std::to_string(i)).c_str(), 0700) == 0;) ++i;
    CHECK(errno == ENOSPC);
    CHECK(eventually([] { return cgroups_named("brimful").empty(); }));
    CHECK(std::filesystem::read_symlink(state + "/brimful/status") == "stopped 7");
  }
  SUBCASE("read-only: the log says it") {
    start();
    REQUIRE(::mount(nullptr, state.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) ==
            0);
    CHECK(eventually([&] { return read_file(log).find("note 'status'") != std::string::npos; }));
    CHECK(cgroups_named("brimful").empty());
    REQUIRE(::mount(nullptr, state.c_str(), nullptr, MS_REMOUNT | MS_BIND, nullptr) == 0);
  }
  CHECK(run({"--state-dir", state, "delete", "brimful"}).exit_code == 0);
  CHECK(::umount2(state.c_str(), MNT_DETACH) == 0);
}

TEST_CASE("the agent of a detached container holds no descriptor of the caller's") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const mc::Fd reader(ends[0]);
  mc::Fd writer(ends[1]);
  const auto start = [&](const std::string& id, const Words& rest) {
    Words words = {"-r", shared_root(), "-p", "--detach", "--id", id};
    words.insert(words.end(), rest.begin(), rest.end());
    return run(words, {.keep = {writer.get()}}).exit_code;
  };
  CHECK(start("without", {"sleep", "60"}) == 0);
  const std::string kept = std::to_string(writer.get());
  CHECK(start("with", {"--container.keep_fds", kept, "sh", "-c",
                       "echo kept >/proc/self/fd/" + kept + "; exec sleep 60"}) == 0);
  writer.reset();
  char text[8];
  REQUIRE(::read(reader.get(), text, sizeof text) == 5);
  pollfd end{reader.get(), POLLIN, 0};
  CHECK(::poll(&end, 1, 100) == 0);  // the one that keeps it runs
  CHECK(run({"kill", "with", "KILL"}).exit_code == 0);
  CHECK(::poll(&end, 1, 5000) == 1);
  CHECK(::read(reader.get(), text, sizeof text) == 0);
  CHECK(run({"list"}).out.find("running") != std::string::npos);
  run({"delete", "--force", "without", "with"});
}

TEST_CASE("a detached container keeps no file system busy in which it was launched") {
  const std::string here = fresh_directory();
  REQUIRE(::mount("here", here.c_str(), "tmpfs", 0, nullptr) == 0);
  CHECK(run({"-r", shared_root(), "-p", "--detach", "--id", "away", "sleep", "60"},
            {.directory = here})
            .exit_code == 0);
  CHECK(::umount2(here.c_str(), 0) == 0);
  // What was named from there is found all the same.
  CHECK(run({"--root", "state", "-r", shared_root(), "-p", "--detach", "--id", "near", "false"},
            {.directory = here})
            .exit_code == 0);
  CHECK(eventually([&] {
    return run({"--root", here + "/state", "list"}).out.find("stopped") != std::string::npos;
  }));
  CHECK(run({"--root", here + "/state", "delete", "near"}).exit_code == 0);
  CHECK(run({"delete", "--force", "away"}).exit_code == 0);
}

TEST_CASE("a detached container's terminal and its agent's words go to the log, and nobody types") {
  const HostUnchanged unchanged;
  REQUIRE(run({"-v", "-r", shared_root(), "-p", "-t", "--detach", "--id", "logged", "sh", "-c",
               "tty; read -t 1 line; echo read=$?; exit 5"})
              .exit_code == 0);
  const std::string log = "/run/mini_container/.logs/logged";
  CHECK(eventually(
      [&] { return read_file(log).find("exited with status: 5\n") != std::string::npos; }));
  const auto text = read_file(log);
  INFO(text);
  CHECK(text.starts_with("[Agent] Container pid: "));
  CHECK(text.find("/dev/pts/0\r\n") != std::string::npos);
  CHECK(text.find("read=1\r\n") != std::string::npos);
  CHECK(text.find("^D") == std::string::npos);
  CHECK(eventually([] { return run({"delete", "logged"}).exit_code == 0; }));
}

TEST_CASE("a verb refuses an argument too many") {
  for (const Words& words :
       {Words{"list", "surplus"}, {"kill", "one", "TERM", "surplus"}, {"list", "-q", "surplus"}}) {
    const auto result = run(words);
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(result.out.empty());
    CHECK(result.last_error() ==
          "mini_container: " + words.front() + ": 'surplus' is one argument too many");
  }
}

TEST_CASE("verbs on a container that is not there name it") {
  for (const Words& words :
       {Words{"kill", "nosuch"}, Words{"delete", "nosuch"}, Words{"exec", "nosuch", "true"}}) {
    const auto result = run(words);
    INFO(result);
    CHECK(result.exit_code != 0);
    CHECK(result.last_error().find("nosuch") != std::string::npos);
  }
}

// The agent learns of the execve(2) a moment later; whoever has seen output must not wait for that.
TEST_CASE("a container whose program runs is running, also before its agent has noted so") {
  const HostUnchanged unchanged;
  const std::string stop_agent =
      "hooks.start_container=[{path='/bin/sh', args=['sh', '-c', "
      "'kill -STOP $(cut -d \" \" -f 4 /proc/$PPID/stat)']}]";
  Process box(in_root({"--id", "unnoted", "--set", stop_agent, "sh", "-c", "echo up; sleep 30"}));
  REQUIRE(box.wait_for("up"));
  const auto inside = run({"exec", "unnoted", "echo", "inside"});
  CHECK_MESSAGE(inside.out == "inside\n", inside);
  CHECK(run({"list"}).out.find("running") != std::string::npos);
  CHECK(run({"kill", "unnoted", "KILL"}).exit_code == 0);
  box.signal(SIGCONT);
  CHECK(box.finish().exit_code == 137);
}

// One that works in the agent's memory is known to it alone until then: it is waited for.
TEST_CASE("a container whose agent has yet to say which process it is, is waited for") {
  const HostUnchanged unchanged;
  // On one processor it seldom comes first.
  std::vector<std::string> argv = {"taskset", "-c", std::to_string(::sched_getcpu())};
  for (auto& word : runtime_command({"-r", shared_root(), "--id", "unknown", "sh", "-c",
                                     "kill -STOP $PPID; echo up; sleep 0.2; kill -CONT $PPID; "
                                     "sleep 30"}))
    argv.push_back(std::move(word));
  Process box(argv);
  REQUIRE(box.wait_for("up"));
  const auto inside = run({"exec", "unknown", "echo", "inside"});
  CHECK_MESSAGE(inside.out == "inside\n", inside);
  CHECK(run({"kill", "unknown", "KILL"}).exit_code == 0);
  box.signal(SIGCONT);  // which the command had no time for where the agent came first
  CHECK(box.finish().exit_code == 137);
}

TEST_CASE("a pid file holds the first process, as the host sees it") {
  const HostUnchanged unchanged;
  const auto directory = fresh_directory();
  const auto result = run({"-r", shared_root(), "-p", "--pid-file", directory + "/pid", "--detach",
                           "--id", "filed", "sleep", "30"});
  REQUIRE(result.exit_code == 0);
  const auto pid = read_file(directory + "/pid");
  CHECK(std::distance(std::filesystem::directory_iterator(directory), {}) == 1);
  CHECK(read_file("/proc/" + pid + "/cmdline").find("sleep") == 0);
  CHECK(run({"kill", "filed", "KILL"}).exit_code == 0);
  CHECK(eventually([] { return run({"list"}).out.find("running") == std::string::npos; }));
  run({"delete", "filed"});
}

TEST_CASE("no command runs for a pid file or a trace that cannot be written") {
  const HostUnchanged unchanged;
  const auto directory = fresh_directory();
  for (const char* flag : {"--pid-file", "--trace"})
    for (const auto& path : {directory + "/no/file", directory}) {
      const auto result =
          run({"-r", shared_root(), "-p", flag, path, "--", "sh", "-c", "echo ran; exit 3"});
      CHECK_MESSAGE(result.out.empty(), path);
      CHECK(result.exit_code == 125);
      CHECK(result.last_error().find(std::string(flag) + ": ") != std::string::npos);
      CHECK(result.last_error().find("'" + path + "'") != std::string::npos);
    }
}

TEST_CASE("who waits for the reader of a FIFO can be stopped, and nobody goes on waiting") {
  const HostUnchanged unchanged;
  const auto fifo = fresh_directory() + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  for (const Words& flags : {Words{"--trace", fifo},
                             {"--detach", "--output", fifo},
                             {"--log", fifo},
                             {"--detach", "--log", fifo}})
    for (const int number : {SIGINT, SIGTERM}) {
      CAPTURE(flags.front());
      Words words = flags;
      words.insert(words.end(), {"-p", "sh", "-c", "echo ready"});
      Process caller(in_root(words));
      const bool attached = flags.front() == "--trace";
      if (attached) REQUIRE(caller.wait_for("ready"));
      const auto waits = [&] {
        return read_file("/proc/" + std::to_string(caller.pid()) + "/wchan") == "wait_for_partner";
      };
      REQUIRE(eventually(waits));
      caller.signal(number);
      const auto result = caller.finish();
      INFO(result);
      CHECK(result.signal == number);
      CHECK(!result.timed_out);
    }
}

TEST_CASE("the list passes over what is no container's") {
  const HostUnchanged unchanged;
  const auto state = fresh_directory();
  REQUIRE(::symlink("/etc", (state + "/link").c_str()) == 0);
  write_file("file", "", state);
  REQUIRE(::mkdir((state + "/no id").c_str(), 0700) == 0);
  for (const Words& form : {Words{"list"}, {"list", "--quiet"}, {"list", "--format", "json"}}) {
    Words words = {"--root", state};
    words.insert(words.end(), form.begin(), form.end());
    const auto result = run(words);
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    for (const char* stray : {"link", "file", "no id"})
      CHECK(result.out.find(stray) == std::string::npos);
  }
}

TEST_CASE("a pid file takes the place of no device") {
  const HostUnchanged unchanged;
  const auto device = fresh_directory() + "/null";
  REQUIRE(::mknod(device.c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0);
  const auto result = run({"-r", shared_root(), "-p", "--pid-file", device, "true"});
  INFO(result);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("'" + device + "' is there, and is not a regular file") !=
        std::string::npos);
  CHECK(std::filesystem::is_character_file(device));
}

TEST_CASE("sixty-four containers start at the same time, and none fails") {
  const HostUnchanged unchanged;
  std::vector<Process> agents;
  for (int number = 0; number < 64; ++number)
    agents.emplace_back(
        in_root({"-p", "-i", "--hostname", "h" + std::to_string(number), "attest", "names"}),
        RunOptions{.timeout = std::chrono::milliseconds(60000)});
  for (int number = 0; number < 64; ++number) {
    const auto result = agents[static_cast<std::size_t>(number)].finish();
    CAPTURE(number);
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(value(result.out, "hostname") == "h" + std::to_string(number));
  }
}
