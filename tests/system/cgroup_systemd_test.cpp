// SPDX-License-Identifier: Apache-2.0
// The systemd driver of the cgroup plugin, against a process that plays systemd on a bus of the
// test's own: what it is asked for, and what comes of it in the hierarchies.
// ctest: RESOURCE_LOCK cgroups
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/skip.hpp"
#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* unified = "/sys/fs/cgroup/unified";
constexpr const char* named = "/sys/fs/cgroup/systemd";
constexpr const char* slice = "mini_container_test.slice";

bool can_run() {
  return fs::exists("/usr/bin/dbus-daemon") && fs::exists(build_directory() + "/fake_systemd") &&
         fs::exists(unified) && fs::exists(named) && fs::exists("/sys/fs/cgroup/memory/tasks");
}

// A message bus, and the one who answers for systemd on it.
class Systemd {
 public:
  Systemd()
      : directory_(fresh_directory()),
        bus_({"dbus-daemon", "--nofork", "--print-address", "--config-file=" + configuration()}),
        options_{.env = {{"DBUS_SYSTEM_BUS_ADDRESS", "unix:path=" + directory_ + "/bus"}}},
        systemd_(start()) {
    REQUIRE(systemd_.wait_for("ready"));
  }
  Systemd(const Systemd&) = delete;
  Systemd& operator=(const Systemd&) = delete;

  [[nodiscard]] const RunOptions& options() const { return options_; }
  /// Whether it was asked this, in a line of its own.
  bool heard(const std::string& line) {
    return systemd_.wait_for("\n" + line + "\n", false, patience);
  }
  [[nodiscard]] const std::string& all() const { return systemd_.output(); }

 private:
  static constexpr std::chrono::milliseconds patience{1000};

  [[nodiscard]] std::string configuration() const {
    return write_file("bus.conf",
                      "<busconfig><type>system</type><listen>unix:path=" + directory_ +
                          "/bus</listen><auth>EXTERNAL</auth><policy context=\"default\">"
                          "<allow send_destination=\"*\"/><allow receive_sender=\"*\"/>"
                          "<allow own=\"*\"/><allow user=\"*\"/></policy></busconfig>",
                      directory_);
  }
  Process start() {
    REQUIRE(bus_.wait_for("unix:path="));
    return Process({build_directory() + "/fake_systemd", unified, named}, options_);
  }

  std::string directory_;
  Process bus_;
  RunOptions options_;
  Process systemd_;
};

std::vector<std::string> command(const std::string& name, std::vector<std::string> flags,
                                 const std::string& script) {
  std::vector<std::string> out{"run",
                               "--id",
                               name,
                               "-r",
                               shared_root(),
                               "--pid",
                               "--pid.init",
                               "--cgroup.driver=systemd",
                               std::string("--cgroup.path=") + slice + ":web:" + name};
  out.insert(out.end(), flags.begin(), flags.end());
  out.insert(out.end(), {"--", "sh", "-c", script});
  return out;
}

}  // namespace

TEST_CASE("cgroup: systemd makes the scope with the limits it knows; the rest is ours") {
  if (!can_run()) SKIP_CASE("no dbus-daemon, no libsystemd headers, or no hybrid cgroups");
  const auto cgroups = cgroups_named("mini_container_test");
  {
    const HostUnchanged unchanged;
    Systemd systemd;
    Process box(mini_container::test::runtime_command(command(
                    "scoped",
                    {"-R", "64M", "--cgroup.memory_swap=96M", "--cgroup.pids_max=77",
                     "--cgroup.cpu_shares=1024", "--cgroup.cpus=0.5"},
                    "cat /sys/fs/cgroup/memory/memory.limit_in_bytes; cat /proc/self/cgroup; "
                    "echo up; sleep 30")),
                systemd.options());
    const bool up = box.wait_for("up");
    REQUIRE_MESSAGE(up, box.errors());
    CHECK(systemd.heard("StartTransientUnit web-scoped.scope fail"));
    CHECK(systemd.heard(std::string("Slice s ") + slice));
    CHECK(systemd.heard("Delegate b 1"));
    CHECK(systemd.heard("DefaultDependencies b 0"));
    CHECK(systemd.heard("CollectMode s inactive-or-failed"));
    CHECK(systemd.heard("MemoryMax t 67108864"));
    CHECK(systemd.heard("MemorySwapMax t 33554432"));
    CHECK(systemd.heard("TasksMax t 77"));
    CHECK(systemd.heard("CPUWeight t 39"));
    CHECK(systemd.heard("CPUQuotaPerSecUSec t 500000"));
    // What it sees is its own cgroup, also where systemd made it.
    CHECK(box.output().starts_with("67108864\n"));
    CHECK(box.output().find("web-scoped") == std::string::npos);
    const std::string scope = std::string("/") + slice + "/web-scoped.scope";
    const auto processes = read_file(unified + scope + "/cgroup.procs");
    CHECK(std::count(processes.begin(), processes.end(), '\n') >= 2);
    // systemd made none in these: the runtime did, rather than limit the caller's own.
    CHECK(read_file("/sys/fs/cgroup/memory" + scope + "/cgroup.procs") == processes);
    CHECK(read_file("/sys/fs/cgroup/memory" + scope + "/memory.limit_in_bytes") == "67108864\n");
    CHECK(read_file("/sys/fs/cgroup/pids" + scope + "/pids.max") == "77\n");

    const auto updated =
        run({"update", "--memory", "50331648", "--memory-swap", "100663296", "scoped"},
            systemd.options());
    CHECK_MESSAGE(updated.exit_code == 0, updated);
    CHECK(systemd.heard("SetUnitProperties web-scoped.scope 1"));
    CHECK(systemd.heard("MemoryMax t 50331648"));
    CHECK(read_file("/sys/fs/cgroup/memory" + scope + "/memory.limit_in_bytes") == "50331648\n");

    box.signal(SIGTERM);
    box.finish();
    CHECK(systemd.heard("StopUnit web-scoped.scope replace"));
    CHECK(systemd.heard("ResetFailedUnit web-scoped.scope"));
  }
  CHECK(cgroups_named("mini_container_test") == cgroups);
}

TEST_CASE("cgroup: systemd's scope belongs to the command's user where it is mounted read-write") {
  if (!can_run()) SKIP_CASE("no dbus-daemon, no libsystemd headers, or no hybrid cgroups");
  Systemd systemd;
  const std::string scope = std::string(unified) + "/" + slice + "/web-owned.scope";
  for (const auto& [mode, owner] : {std::pair{"rw", uid_t{7}}, std::pair{"ro", uid_t{0}}}) {
    CAPTURE(mode);
    Process box(
        mini_container::test::runtime_command(command(
            "owned", {std::string("--cgroup.mount=") + mode, "--user=7:8"}, "echo up; sleep 30")),
        systemd.options());
    const bool up = box.wait_for("up");
    REQUIRE_MESSAGE(up, box.errors());
    for (const char* file : {"", "/cgroup.procs", "/cgroup.subtree_control"}) {
      struct stat found {};
      REQUIRE(::stat((scope + file).c_str(), &found) == 0);
      CHECK(found.st_uid == owner);
    }
    box.signal(SIGTERM);
    box.finish();
    CHECK(eventually([&] { return cgroups_named("web-owned").empty(); }));
  }
}

TEST_CASE("cgroup: a scope that systemd refuses, or fails to start, ends the launch by name") {
  if (!can_run()) SKIP_CASE("no dbus-daemon, no libsystemd headers, or no hybrid cgroups");
  const HostUnchanged unchanged;
  Systemd systemd;
  const auto refused = run(command("refused", {}, "echo ran"), systemd.options());
  CHECK(refused.exit_code == 125);
  CHECK(refused.out.empty());
  CHECK_MESSAGE(
      refused.last_error().find("start the scope 'web-refused.scope': Unit already exists.") !=
          std::string::npos,
      refused);
  const auto failing = run(command("failing", {}, "echo ran"), systemd.options());
  CHECK(failing.exit_code == 125);
  CHECK_MESSAGE(failing.last_error().find("systemd says 'failed'") != std::string::npos, failing);
}

// The agent's timer ticks meanwhile, which wakes whoever waits.
TEST_CASE("cgroup: a systemd that takes its time is waited for") {
  if (!can_run()) SKIP_CASE("no dbus-daemon, no libsystemd headers, or no hybrid cgroups");
  const HostUnchanged unchanged;
  Systemd systemd;
  const auto slow = run(command("slow", {}, "echo ran"), systemd.options());
  CHECK_MESSAGE(slow.exit_code == 0, slow);
  CHECK(slow.out == "ran\n");
  CHECK(slow.err.empty());
}
