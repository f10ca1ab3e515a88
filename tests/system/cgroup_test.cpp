// SPDX-License-Identifier: Apache-2.0
// Real cgroups of this machine, v1 and v2 as they are, below /mini_container_test.
// ctest: RESOURCE_LOCK cgroups
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/skip.hpp"
#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"
#include "tests/system/traced_clone.hpp"

using namespace mini_container::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* top = "/sys/fs/cgroup";

// The directory of a container's cgroup in one hierarchy of this machine, v1 or v2.
std::string cgroup_of(const std::string& controller, const std::string& path) {
  for (const char* mount : {"", "/unified"}) {
    const std::string base = std::string(top) + mount;
    if (read_file(base + "/cgroup.controllers").find(controller) != std::string::npos)
      return base + path;
  }
  return std::string(top) + "/" + controller + path;
}

// Where v2 is mounted; empty: nowhere.
std::string cgroup_v2_top() {
  for (const char* mount : {"", "/unified"})
    if (fs::exists(std::string(top) + mount + "/cgroup.controllers"))
      return std::string(top) + mount;
  return {};
}

bool has(const std::string& controller) { return fs::exists(cgroup_of(controller, "")); }
bool on_v1(const std::string& controller) {
  return fs::exists(std::string(top) + "/" + controller + "/tasks");
}

// Checks at its end that no cgroup of the tests is left.
class CgroupsUnchanged {
 public:
  CgroupsUnchanged() = default;
  ~CgroupsUnchanged() {
    CHECK(eventually([] { return cgroups_named("mini_container_test").empty(); }));
  }
  CgroupsUnchanged(const CgroupsUnchanged&) = delete;
  CgroupsUnchanged& operator=(const CgroupsUnchanged&) = delete;

 private:
  HostUnchanged host_;
};

Result launch(std::vector<std::string> flags, std::vector<std::string> command) {
  std::vector<std::string> all = {"-r", shared_root(), "--pid"};
  // Where nothing else is said, below what only these tests use.
  if (std::none_of(flags.begin(), flags.end(), [](const std::string& flag) {
        return flag.starts_with("--cgroup.path") || flag.starts_with("--cgroup.parent") ||
               flag.starts_with("--cgroup.driver");
      }))
    all.push_back("--cgroup.path=/mini_container_test/box");
  all.insert(all.end(), flags.begin(), flags.end());
  all.push_back("--");
  all.insert(all.end(), command.begin(), command.end());
  return run(all);
}

std::string refused(std::vector<std::string> flags) {
  const auto result = launch(std::move(flags), {"true"});
  CHECK_MESSAGE(result.exit_code == 125, result);
  CHECK_MESSAGE(result.err.find('\n') == result.err.size() - 1, "one line: ", result);
  return result.last_error();
}

// A container that waits, with its cgroup at /mini_container_test/NAME.
class Waiting {
 public:
  Waiting(const std::string& name, std::vector<std::string> flags,
          const std::string& script = "echo up; sleep 30")
      : path_("/mini_container_test/" + name), process_(arguments(name, std::move(flags), script)) {
    REQUIRE(process_.wait_for("up"));
  }
  [[nodiscard]] std::string read(const std::string& controller, const std::string& file) const {
    return read_file(cgroup_of(controller, path_) + "/" + file);
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  Process& process() { return process_; }
  void end() {
    process_.signal(SIGTERM);
    process_.finish();
  }

 private:
  static std::vector<std::string> arguments(const std::string& name, std::vector<std::string> flags,
                                            const std::string& script) {
    std::vector<std::string> all = {"-r", shared_root(), "--pid", "--pid.init",
                                    "--cgroup.path=/mini_container_test/" + name};
    all.insert(all.end(), flags.begin(), flags.end());
    all.insert(all.end(), {"--", "sh", "-c", script});
    return mini_container::test::runtime_command(all);
  }
  std::string path_;
  Process process_;
};

TEST_CASE("cgroup: limits are in the files of the hierarchies, and all is gone afterwards") {
  if (!on_v1("memory") || !on_v1("pids")) SKIP_CASE("memory and pids are not on cgroup v1 here");
  const CgroupsUnchanged unchanged;
  Waiting box("limits",
              {"-R", "64M", "--cgroup.memory_low=32M", "--cgroup.memory_swap=96M",
               "--cgroup.swappiness=7", "--cgroup.pids_max=77", "--cgroup.cpus=0.5",
               "--cgroup.cpu_shares=512", "--cgroup.cpuset_cpus=0", "--cgroup.cpuset_mems=0"});
  CHECK(box.read("memory", "memory.limit_in_bytes") == "67108864\n");
  CHECK(box.read("memory", "memory.soft_limit_in_bytes") == "33554432\n");
  CHECK(box.read("memory", "memory.memsw.limit_in_bytes") == "100663296\n");
  CHECK(box.read("memory", "memory.swappiness") == "7\n");
  CHECK(box.read("pids", "pids.max") == "77\n");
  CHECK(box.read("cpu", "cpu.cfs_quota_us") == "50000\n");
  CHECK(box.read("cpu", "cpu.shares") == "512\n");
  CHECK(box.read("cpuset", "cpuset.cpus") == "0\n");
  // Both its processes, init and the command's shell with its sleep.
  const auto tasks = box.read("memory", "cgroup.procs");
  CHECK(std::count(tasks.begin(), tasks.end(), '\n') >= 2);
  box.end();
}

TEST_CASE("cgroup: it is born inside the unified hierarchy") {
  if (!fs::exists(std::string(top) + "/unified")) SKIP_CASE("no unified mount");
  const CgroupsUnchanged unchanged;
  Waiting box("born", {});
  CHECK(!read_file(std::string(top) + "/unified" + box.path() + "/cgroup.procs").empty());
  CHECK(read_file(std::string(top) + "/unified" + box.path() + "/cgroup.events")
            .find("populated 1") != std::string::npos);
  box.end();
}

// A process that is moved later has lived outside until then, and moving it takes milliseconds.
TEST_CASE("cgroup: clone3 itself puts the first process, and one of exec, into the v2 cgroup") {
  const auto top_v2 = cgroup_v2_top();
  if (top_v2.empty()) SKIP_CASE("no cgroup v2 mount");
  const CgroupsUnchanged unchanged;
  const auto born = clone_calls(runtime_command(
      {"-r", shared_root(), "--pid", "--cgroup.path=/mini_container_test/born", "--", "true"}));
  REQUIRE(born.size() == 1);
  CHECK((born[0].flags & CLONE_INTO_CGROUP) != 0);
  CHECK(born[0].cgroup == top_v2 + "/mini_container_test/born");
  Waiting box("joined", {"--id=joined"});
  const auto joined = clone_calls(runtime_command({"exec", "joined", "true"}));
  REQUIRE(joined.size() == 1);
  CHECK((joined[0].flags & CLONE_INTO_CGROUP) != 0);
  CHECK(joined[0].cgroup == top_v2 + box.path());
#if defined(__x86_64__) || defined(__aarch64__)
  CHECK((joined[0].flags & CLONE_VM) != 0);
#endif
  // Where it is to wait in a paused container, its agent could not be asked to stop meanwhile.
  const auto waiting = clone_calls(runtime_command({"exec", "--ignore-paused", "joined", "true"}));
  REQUIRE(waiting.size() == 1);
  CHECK((waiting[0].flags & CLONE_VM) == 0);
  box.end();
}

TEST_CASE("cgroup: huge pages on the v2 of a hybrid machine, set and raw") {
  if (!has("hugetlb")) SKIP_CASE("no hugetlb controller");
  const CgroupsUnchanged unchanged;
  {
    Waiting box("huge", {"--cgroup.hugetlb=2MB=4M"});
    CHECK(box.read("hugetlb", "hugetlb.2MB.max") == "4194304\n");
    box.end();
  }
  Waiting raw("raw",
              {"--cgroup.unified=hugetlb.2MB.max=8388608", "--cgroup.unified=cgroup.max.depth=3"});
  CHECK(raw.read("hugetlb", "hugetlb.2MB.max") == "8388608\n");
  CHECK(raw.read("hugetlb", "cgroup.max.depth") == "3\n");
  raw.end();
}

TEST_CASE("cgroup: its own cgroup is the root of what it sees, and read-only") {
  const CgroupsUnchanged unchanged;
  const auto result = launch(
      {"--cgroup.path=/mini_container_test/view", "-R", "64M", "--cgroup.controllers=memory"},
      {"sh", "-c",
       "cat /proc/self/cgroup; cat /sys/fs/cgroup/memory/memory.limit_in_bytes || "
       "cat /sys/fs/cgroup/memory.max; mkdir /sys/fs/cgroup/memory/x; mkdir /sys/fs/cgroup/x; "
       "echo 1 > /sys/fs/cgroup/memory/memory.limit_in_bytes"});
  CHECK(result.out.find("mini_container_test") == std::string::npos);
  CHECK(result.out.find("67108864\n") != std::string::npos);
  CHECK(result.err.find("Read-only file system") != std::string::npos);
  const auto host = launch({"--cgroup.namespace=false", "--cgroup.path=/mini_container_test/view"},
                           {"sh", "-c", "cat /proc/self/cgroup; ls -d /sys/fs/cgroup/memory"});
  CHECK_MESSAGE(host.exit_code == 0, host);
  CHECK(host.out.find("/mini_container_test/view") != std::string::npos);
  const auto none = launch({"--cgroup.mount=none"}, {"ls", "/sys/fs/cgroup"});
  CHECK(none.out.find("memory") == std::string::npos);
}

// Who owns what of the v2 cgroup of a container that waits, as "FILE:UID" in the order of the
// names.
std::string owners(const std::string& path) {
  std::string out;
  for (const char* file : {".", "cgroup.events", "cgroup.max.depth", "cgroup.procs",
                           "cgroup.subtree_control", "cgroup.threads"}) {
    struct stat found {};
    REQUIRE(::stat((cgroup_v2_top() + path + "/" + file).c_str(), &found) == 0);
    out += std::string(file) + ":" + std::to_string(found.st_uid) + " ";
  }
  return out;
}

std::string owners_if_given_to(const std::string& uid) {
  return ".:" + uid + " cgroup.events:0 cgroup.max.depth:0 cgroup.procs:" + uid +
         " cgroup.subtree_control:" + uid + " cgroup.threads:" + uid + " ";
}

TEST_CASE("cgroup: a v2 cgroup that is mounted read-write belongs to the command's user") {
  if (cgroup_v2_top().empty()) SKIP_CASE("no cgroup v2 here");
  const CgroupsUnchanged unchanged;
  const std::vector<std::string> mapped = {
      "--set", "user.uid_map=[{container=0,host=100000,size=65536}]", "--set",
      "user.gid_map=[{container=0,host=100000,size=65536}]"};
  struct Case {
    const char* name;
    bool in_user_namespace;
    std::vector<std::string> flags;
    const char* owner;
  };
  const Case cases[] = {
      {"root", true, {"--cgroup.mount=rw"}, "100000"},
      {"user", true, {"--cgroup.mount=rw", "--container.user=7:8"}, "100007"},
      {"slash", true, {"--cgroup.mount=rw", "--cgroup.mount_point=/sys/fs/cgroup/"}, "100000"},
      {"early", true, {"--cgroup.mount=rw", "--cgroup.early"}, "100000"},
      {"unmapped-side", false, {"--cgroup.mount=rw", "--container.user=7:8"}, "7"},
      {"host-root", false, {"--cgroup.mount=rw"}, "0"},
      {"ro", true, {}, "0"},
      {"none", true, {"--cgroup.mount=none"}, "0"},
      {"elsewhere", true, {"--cgroup.mount=rw", "--cgroup.mount_point=/tmp"}, "0"},
      {"host-view", true, {"--cgroup.mount=rw", "--no-cgroup.namespace"}, "0"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.name);
    auto flags = each.flags;
    flags.push_back("--cgroup.pids_max=50");
    if (each.in_user_namespace) flags.insert(flags.end(), mapped.begin(), mapped.end());
    Waiting box(each.name, flags);
    CHECK(owners(box.path()) == owners_if_given_to(each.owner));
    // What v1 has of it is the machine's.
    if (on_v1("pids")) {
      struct stat found {};
      REQUIRE(::stat(cgroup_of("pids", box.path()).c_str(), &found) == 0);
      CHECK(found.st_uid == 0);
    }
    box.end();
  }
  // What it is for, and that its limits stay out of reach.
  std::vector<std::string> flags = {"--cgroup.mount=rw", "--container.user=7:8"};
  flags.insert(flags.end(), mapped.begin(), mapped.end());
  const auto inside =
      launch(flags, {"sh", "-c",
                     "cd /sys/fs/cgroup; [ ! -d unified ] || cd unified; mkdir own && echo 0 > "
                     "own/cgroup.procs && grep ^0: /proc/self/cgroup; echo 5 > cgroup.max.depth"});
  CHECK_MESSAGE(inside.out == "0::/own\n", inside);
  CHECK_MESSAGE(inside.err.find("cgroup.max.depth: Permission denied") != std::string::npos,
                inside);
}

TEST_CASE("cgroup: a v2 cgroup that was there before keeps its owner") {
  if (cgroup_v2_top().empty()) SKIP_CASE("no cgroup v2 here");
  const CgroupsUnchanged unchanged;
  const std::string directory = cgroup_v2_top() + "/mini_container_test/before";
  fs::create_directories(directory);
  {
    Waiting box("before", {"--cgroup.mount=rw", "--container.user=7:8"});
    CHECK(owners(box.path()) == owners_if_given_to("0"));
    box.end();
  }
  CHECK(eventually([&] { return fs::remove(directory); }));
  CHECK(fs::remove(cgroup_v2_top() + "/mini_container_test"));
}

TEST_CASE("cgroup: a share of CPUs holds in a cgroup that has had another period") {
  if (!on_v1("cpu")) SKIP_CASE("cpu is not on cgroup v1 here");
  const CgroupsUnchanged unchanged;
  const std::string directory = cgroup_of("cpu", "/mini_container_test/period");
  fs::create_directories(directory);
  std::ofstream(directory + "/cpu.cfs_period_us") << "20000";
  {
    Waiting box("period", {"--cgroup.cpus=0.5"});
    CHECK(box.read("cpu", "cpu.cfs_period_us") == "100000\n");
    CHECK(box.read("cpu", "cpu.cfs_quota_us") == "50000\n");
    box.end();
  }
  CHECK(eventually([&] { return fs::remove(directory); }));
  CHECK(fs::remove(fs::path(directory).parent_path()));
}

TEST_CASE("cgroup: of a user by name it is said that the v2 cgroup is not given to it") {
  if (cgroup_v2_top().empty()) SKIP_CASE("no cgroup v2 here");
  const CgroupsUnchanged unchanged;
  const auto result = launch({"--cgroup.mount=rw", "--container.user=app"},
                             {"sh", "-c", "stat -c %u /sys/fs/cgroup/unified /sys/fs/cgroup"});
  CHECK_MESSAGE(result.out.starts_with("0\n"), result);
  CHECK_MESSAGE(result.err.find("write container.user as a number") != std::string::npos, result);
}

TEST_CASE("cgroup: an OOM kill is reported, and told apart from another SIGKILL") {
  const CgroupsUnchanged unchanged;
  const auto killed =
      launch({"-R", "32M", "--cgroup.memory_swap=32M"}, {"/bin/attest", "eat-memory", "200000000"});
  CHECK(killed.exit_code == 137);
  CHECK_MESSAGE(killed.err.find("out of memory: the kernel killed the container (memory_max is "
                                "33554432 bytes)") != std::string::npos,
                killed);
  const auto other = launch({"-R", "32M"}, {"sh", "-c", "kill -9 $$"});
  const auto child = launch({"-R", "32M", "--cgroup.memory_swap=32M"},
                            {"sh", "-c", "/bin/attest eat-memory 200000000; exit 3"});
  CHECK(other.err.find("out of memory") == std::string::npos);
  CHECK(child.exit_code == 3);
  CHECK(child.err.find("killed processes of the container") != std::string::npos);
}

TEST_CASE("cgroup: a size without a unit is in bytes; too little to start in is told") {
  const CgroupsUnchanged unchanged;
  CHECK(refused({"-R", "64"})
            .find("memory_max is 64 bytes, in which nothing can run; a size without "
                  "a unit is in bytes; write 64M") != std::string::npos);
  CHECK(refused({"-R", "0"})
            .find("memory_max is 0 bytes, in which nothing can run; \"max\" is no "
                  "limit") != std::string::npos);
  const auto bytes = launch({"-R", "67108864", "--cgroup.namespace=false"},
                            {"sh", "-c",
                             "cat /sys/fs/cgroup/memory/memory.limit_in_bytes || cat "
                             "/sys/fs/cgroup/memory.max"});
  CHECK_MESSAGE(bytes.out == "67108864\n", bytes);
  const auto little = launch({"-R", "8K", "--cgroup.memory_swap=8K"}, {"true"});
  CHECK(little.exit_code == 125);
  CHECK_MESSAGE(
      little.err.find("out of memory: the kernel killed the container (memory_max is 8192 "
                      "bytes)") != std::string::npos,
      little);
}

TEST_CASE("cgroup: a process with a real-time policy is told why it may not enter") {
  const CgroupsUnchanged unchanged;
  const auto launch = [](const char* policy, const char* priority, const char* runtime = "0") {
    std::vector<std::string> argv = {"chrt", policy, priority};
    const auto command =
        runtime_command({"-r", shared_root(), "--cgroup.path", "/mini_container_test",
                         "--cgroup.cpu_rt_runtime", runtime, "--", "true"});
    argv.insert(argv.end(), command.begin(), command.end());
    return run_program(argv);
  };
  const auto result = launch("--fifo", "1");
  CAPTURE(result);
  if (result.err.find("chrt: ") != std::string::npos) SKIP_CASE("no right to a real-time policy");
  if (result.exit_code == 0)
    SKIP_CASE("this kernel gives cgroups no real-time budgets of their own");
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("it has no real-time budget, and this process a real-time policy: "
                                 "Invalid argument (EINVAL); launch without one") !=
        std::string::npos);
  CHECK(launch("--other", "0").exit_code == 0);
  CHECK(launch("--fifo", "1", "10000").exit_code == 0);  // the way out that it names
}

TEST_CASE("cgroup: pids_max holds") {
  const CgroupsUnchanged unchanged;
  const auto result = launch({"--cgroup.pids_max=5"}, {"/bin/attest", "forks", "20"});
  CHECK(result.out.find("EAGAIN") != std::string::npos);
}

TEST_CASE("cgroup: devices can be used only as the rules say") {
  const CgroupsUnchanged unchanged;
  const auto file = launch_file(
      "[container]\ncommand = [\"sh\", \"-c\", \"head -c 1 /dev/zero | wc -c; head -c 1 "
      "/dev/kmsg2; "
      "head -c 1 /dev/loop2; echo x > /dev/null && echo null\"]\n[pid]\n"
      "[cgroup]\npath = \"/mini_container_test/devices\"\ndevices = [{ allow = false }, { allow = "
      "true, type = \"c\", major = 10, "
      "minor = 229, access = \"rw\" }]\n"
      "[[devices.nodes]]\npath = \"/dev/kmsg2\"\ntype = \"c\"\nmajor = 1\nminor = 11\n"
      "[[devices.nodes]]\npath = \"/dev/loop2\"\ntype = \"b\"\nmajor = 7\nminor = 0\n");
  const auto result = run({"run", "--config", file});
  CHECK_MESSAGE(result.out == "1\nnull\n", result);
  CHECK(result.err.find("/dev/kmsg2: Operation not permitted") != std::string::npos);
  CHECK(result.err.find("/dev/loop2: Operation not permitted") != std::string::npos);
}

TEST_CASE("cgroup: whatever the container leaves running ends with it") {
  const CgroupsUnchanged unchanged;
  // No pid namespace: nothing else would end them.
  const auto result = run({"-r", shared_root(), "--cgroup.path=/mini_container_test/left", "--",
                           "sh", "-c", "(setsid sleep 97 &) ; (setsid sleep 97 &) ; exit 0"});
  CHECK(result.exit_code == 0);
  CHECK(run_program({"pgrep", "-fx", "sleep 97"}).out == "");
}

TEST_CASE("cgroup: cgroups that the container made inside are removed with it") {
  if (!fs::exists(std::string(top) + "/unified")) SKIP_CASE("no unified mount");
  const CgroupsUnchanged unchanged;
  const auto result = launch({"--cgroup.mount=rw"}, {"sh", "-c",
                                                     "mkdir -p /sys/fs/cgroup/unified/a/b/c && "
                                                     "mkdir /sys/fs/cgroup/memory/m && echo made"});
  CHECK(result.out == "made\n");
}

TEST_CASE("cgroup: a killed agent leaves nothing that delete does not find") {
  const CgroupsUnchanged unchanged;
  Process agent(mini_container::test::runtime_command(
      {"run", "--id", "orphan", "-r", shared_root(), "--pid",
       "--cgroup.path=/mini_container_test/orphan", "--", "sh", "-c", "echo up; sleep 30"}));
  REQUIRE(agent.wait_for("up"));
  agent.signal(SIGKILL);
  agent.finish();
  CHECK(!cgroups_named("mini_container_test").empty());
  const auto gone = run({"delete", "--force", "orphan"});
  CHECK_MESSAGE(gone.exit_code == 0, gone);
}

TEST_CASE("cgroup: the early way puts it in before other plugins look") {
  const CgroupsUnchanged unchanged;
  const auto directory = fresh_directory();
  const auto file = launch_file(
      "[container]\ncommand = [\"true\"]\n[pid]\n[cgroup]\nearly = true\n"
      "path = \"/mini_container_test/early\"\n"
      "[[hooks.create_runtime]]\npath = \"/bin/sh\"\nargs = [\"sh\", \"-c\", "
      "'''pid=$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/'); /bin/cat /proc/$pid/cgroup > " +
      directory + "/seen''']\nenv = [\"PATH=/usr/bin:/bin\"]\n");
  const auto result = run({"run", "--config", file});
  CHECK_MESSAGE(result.exit_code == 0, result);
  CHECK_MESSAGE(
      read_file(directory + "/seen").find("memory:/mini_container_test/early") != std::string::npos,
      read_file(directory + "/seen"));
}

TEST_CASE("cgroup: a parent that is there is used and stays; one that is not is refused") {
  const CgroupsUnchanged unchanged;
  CHECK(refused({"--cgroup.parent=/mini_container_test"}).find("ENOENT") != std::string::npos);
  CHECK(refused({"--cgroup.parent=../x"}).find("leaves its parent") != std::string::npos);
  CHECK(refused({"--cgroup.parent=/a/../../x"}).find("leaves its parent") != std::string::npos);
  std::vector<std::string> made;
  for (const char* name : {"memory", "unified"})
    if (fs::create_directory(std::string(top) + "/" + name + "/mini_container_test"))
      made.push_back(std::string(top) + "/" + name + "/mini_container_test");
  const auto result = launch({"--cgroup.parent=/mini_container_test", "--cgroup.controllers=memory",
                              "--cgroup.namespace=false"},
                             {"cat", "/proc/self/cgroup"});
  CHECK_MESSAGE(result.out.find("memory:/mini_container_test/mini_container-") != std::string::npos,
                result);
  for (const std::string& path : made) CHECK(fs::remove(path));
}

TEST_CASE("cgroup: a cgroup with others' processes in it is refused, and left alone") {
  const CgroupsUnchanged unchanged;
  Process sleeper({"sleep", "60"});
  const std::string directory = cgroup_of("pids", "/mini_container_test");
  fs::create_directory(directory);
  run_program(
      {"sh", "-c", "echo " + std::to_string(sleeper.pid()) + " > " + directory + "/cgroup.procs"});
  CHECK(refused({"--cgroup.path=/mini_container_test"}).find("holds processes") !=
        std::string::npos);
  CHECK(fs::exists(directory));
  CHECK(::kill(sleeper.pid(), 0) == 0);
  sleeper.signal(SIGKILL);
  sleeper.finish();
  CHECK(eventually([&] { return fs::remove(directory); }));
}

TEST_CASE("cgroup: a cgroup that is frozen is refused: nothing could start in it") {
  const CgroupsUnchanged unchanged;
  const std::string v1 = std::string(top) + "/freezer";
  const bool is_v1 = fs::exists(v1);
  const std::string directory = (is_v1 ? v1 : cgroup_v2_top()) + "/mini_container_test";
  const std::string file = directory + (is_v1 ? "/freezer.state" : "/cgroup.freeze");
  fs::create_directory(directory);
  run_program({"sh", "-c", std::string("echo ") + (is_v1 ? "FROZEN" : "1") + " > " + file});
  const auto error = refused({"--cgroup.path=/mini_container_test", "--cgroup.controllers=all"});
  CHECK_MESSAGE(error.find("it is frozen") != std::string::npos, error);
  run_program({"sh", "-c", std::string("echo ") + (is_v1 ? "THAWED" : "0") + " > " + file});
  CHECK(launch({"--cgroup.path=/mini_container_test", "--cgroup.controllers=all"}, {"true"})
            .exit_code == 0);
  CHECK(eventually([&] { return fs::remove(directory); }));
}

TEST_CASE("cgroup: what is no cgroup file system is refused and never written to") {
  // A tmpfs on the place of a hierarchy: mountinfo still names the cgroup mount below it.
  const CgroupsUnchanged unchanged;
  const auto result = run_program(
      {"unshare", "-m", "sh", "-c",
       "mount -t tmpfs none /sys/fs/cgroup/memory && " + build_directory() + "/mini_container -r " +
           shared_root() + " -R 64M -- true; echo $?; ls /sys/fs/cgroup/memory | wc -l"});
  CHECK_MESSAGE(result.out == "125\n0\n", result);
  CHECK(result.last_error().find("not on a cgroup file system") != std::string::npos);
}

// This program in a mount namespace with v1 alone, or v2 alone with what its mount offers here, as
// long as the object lives. The hierarchies themselves are the machine's.
class OneVersion {
 public:
  explicit OneVersion(bool v2) : before_(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)) {
    REQUIRE(before_.valid());
    REQUIRE(::unshare(CLONE_NEWNS) == 0);
    const auto changed =
        run_program({"sh", "-c",
                     v2 ? "umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup"
                        : "umount /sys/fs/cgroup/unified"});
    REQUIRE_MESSAGE(changed.exit_code == 0, changed);
  }
  ~OneVersion() { CHECK(::setns(before_.get(), CLONE_NEWNS) == 0); }
  OneVersion(const OneVersion&) = delete;
  OneVersion& operator=(const OneVersion&) = delete;

 private:
  mc::Fd before_;
};

// What is contributed after a plugin has skipped its hook calls for the hook all the same.
TEST_CASE("cgroup: a launch in cgroups alone has nothing to do between its clone and its child") {
  const CgroupsUnchanged unchanged;
  const auto result = run(
      {"run", "--timings", "--config",
       launch_file("[pid]\n[net]\n[cgroup]\npath = \"/mini_container_test/own\"\nmount = \"ro\"\n"
                   "[rlimits]\nnofile = { soft = 64, hard = 64 }\n"),
       "--", "true"});
  CHECK_MESSAGE(result.exit_code == 0, result);
  CHECK(result.err.find("pre_clone    cgroup") != std::string::npos);
  CHECK_MESSAGE(result.err.find("post_clone") == std::string::npos, result);
}

TEST_CASE("cgroup: what too few descriptors leave is said to be left for want of them") {
  const CgroupsUnchanged unchanged;
  for (int most = 7; most < 16; ++most) {
    CAPTURE(most);
    auto words = runtime_command({"run", "--id", "few", "-r", shared_root(), "-p",
                                  "--cgroup.path=/mini_container_test/few", "--", "true"});
    words.insert(words.begin(), {"prlimit", "--nofile=" + std::to_string(most)});
    const auto result = run_program(words);
    INFO(result);
    CHECK(result.err.find("EBUSY") == std::string::npos);
    CHECK((result.exit_code == 0 || result.last_error().find("EMFILE") != std::string::npos));
    CHECK(run({"delete", "--force", "few"}).exit_code == 0);
  }
}

// The kernel ends all who share the memory of what it ends for want of memory. The agent of a
// launch would have something to undo then.
TEST_CASE(
    "cgroup: on a machine with v1 alone, the first process has memory of its own, an exec's not") {
  if (!fs::exists(std::string(top) + "/unified")) SKIP_CASE("this machine is not hybrid");
  const CgroupsUnchanged unchanged;
  const OneVersion alone(false);
  const auto born = clone_calls(runtime_command(
      {"-r", shared_root(), "--pid", "--cgroup.path=/mini_container_test/born", "--", "true"}));
  REQUIRE(born.size() == 1);
  CHECK((born[0].flags & CLONE_VM) == 0);
  REQUIRE(run({"-r", shared_root(), "--pid", "--cgroup.path=/mini_container_test/entered", "--id",
               "cgroup-entered", "--detach", "--", "sleep", "100"})
              .exit_code == 0);
  const auto entered = clone_calls(runtime_command({"exec", "cgroup-entered", "true"}));
  CHECK(run({"delete", "--force", "cgroup-entered"}).exit_code == 0);
  REQUIRE(entered.size() == 1);
  CHECK((entered[0].flags & CLONE_VM) != 0);
}

constexpr const char* filtered =
    "[pid]\n[cgroup]\npath = \"/mini_container_test/filtered\"\ndevices = [{ allow = false }, "
    "{ allow = true, type = \"c\", major = 1, minor = 11, access = \"r\" }]\n"
    "[[devices.nodes]]\npath = \"/dev/kmsg2\"\ntype = \"c\"\nmajor = 1\nminor = 11\n"
    "[[devices.nodes]]\npath = \"/dev/mem2\"\ntype = \"c\"\nmajor = 1\nminor = 1\n";

void check_filtered() {
  const auto result = run(
      {"run", "--config", launch_file(filtered), "--", "sh", "-c",
       "head -c 1 /dev/kmsg2 >/tmp/x && wc -c </tmp/x; head -c 1 /dev/mem2; echo x >/dev/kmsg2"});
  CHECK_MESSAGE(result.out == "1\n", result);
  CHECK(result.err.find("/dev/mem2: Operation not permitted") != std::string::npos);
  CHECK(result.err.find("create /dev/kmsg2: Operation not permitted") != std::string::npos);
}

TEST_CASE(
    "cgroup: on a machine with v2 alone: born inside, its view, a limit, a BPF filter, pause") {
  if (!fs::exists(std::string(top) + "/unified")) SKIP_CASE("this machine is not hybrid");
  const CgroupsUnchanged unchanged;
  const OneVersion alone(true);
  {
    Waiting box("alone", {"--cgroup.hugetlb=2MB=4M", "--id=alone"},
                "cat /sys/fs/cgroup/hugetlb.2MB.max /sys/fs/cgroup/cgroup.procs; mkdir "
                "/sys/fs/cgroup/x; grep -c /sys/fs/cgroup /proc/mounts; echo up; sleep 30");
    // One mount, the container's own cgroup its root; 1 and 2 are its own processes.
    CHECK(box.process().output().starts_with("4194304\n1\n2\n"));
    CHECK(box.process().output().find("\n1\nup") != std::string::npos);
    CHECK(box.process().errors().find("Read-only file system") != std::string::npos);
    CHECK(read_file(std::string(top) + box.path() + "/hugetlb.2MB.max") == "4194304\n");
    CHECK(run({"pause", "alone"}).exit_code == 0);
    CHECK(read_file(std::string(top) + box.path() + "/cgroup.events").find("frozen 1") !=
          std::string::npos);
    CHECK(run({"kill", "alone", "KILL"}).exit_code == 0);
    CHECK(box.process().finish().exit_code == 137);
  }
  check_filtered();
  const auto none = launch({"-R", "64M"}, {"true"});
  CHECK(
      none.last_error().find("the cgroup controller 'memory', which this machine does not have") !=
      std::string::npos);
}

TEST_CASE(
    "cgroup: on a machine with v1 alone: its view, limits, devices; paused, it can be ended") {
  if (!fs::exists(std::string(top) + "/unified") || !on_v1("freezer"))
    SKIP_CASE("this machine is not hybrid");
  const CgroupsUnchanged unchanged;
  const OneVersion alone(false);
  check_filtered();
  for (const std::vector<std::string>& end :
       {std::vector<std::string>{"kill", "alone", "KILL"}, {"delete", "--force", "alone"}}) {
    CAPTURE(end[0]);
    Waiting box("alone", {"--cgroup.controllers=all", "-R", "64M", "--id=alone"},
                "ls /sys/fs/cgroup/unified; cat /sys/fs/cgroup/memory/memory.limit_in_bytes; "
                "echo up; while :; do echo tick; sleep 0.02; done");
    CHECK(box.process().output().starts_with("67108864\n"));
    CHECK(run({"pause", "alone"}).exit_code == 0);
    CHECK(box.read("freezer", "freezer.state") == "FROZEN\n");
    CHECK(run({"list"}).out.find("paused") != std::string::npos);
    CHECK(run({"resume", "alone"}).exit_code == 0);
    CHECK(box.read("freezer", "freezer.state") == "THAWED\n");
    CHECK(run({"pause", "alone"}).exit_code == 0);
    const auto told = run(end);
    CHECK_MESSAGE(told.exit_code == 0, told);
    const auto ended = box.process().finish();
    CHECK_MESSAGE(ended.exit_code == 137, ended);
    CHECK_FALSE(ended.timed_out);
  }
}

TEST_CASE("cgroup: limits of a block device, and sizes beyond 32 bits") {
  if (!on_v1("blkio") || !on_v1("memory")) SKIP_CASE("blkio and memory are not on cgroup v1 here");
  const CgroupsUnchanged unchanged;
  const auto partitions = run_program({"sh", "-c", "cat /sys/block/*/dev | head -n 1"}).out;
  if (partitions.empty()) SKIP_CASE("this machine has no block device");
  const auto device = partitions.substr(0, partitions.find('\n'));
  const auto file = launch_file(
      "[pid]\ninit = true\n[cgroup]\npath = \"/mini_container_test/io\"\nmemory_max = \"5T\"\n"
      "io_devices = [{ device = \"" +
      device + "\", read_bps = \"6G\", write_iops = 70 }]\n");
  Process box(mini_container::test::runtime_command(
      {"run", "--config", file, "--", "sh", "-c", "echo up; sleep 30"}));
  REQUIRE(box.wait_for("up"));
  const auto at = [](const std::string& controller, const std::string& name) {
    return read_file(std::string(top) + "/" + controller + "/mini_container_test/io/" + name);
  };
  CHECK(at("memory", "memory.limit_in_bytes") == "5497558138880\n");
  CHECK(at("blkio", "blkio.throttle.read_bps_device") == device + " 6442450944\n");
  CHECK(at("blkio", "blkio.throttle.write_iops_device") == device + " 70\n");
  box.signal(SIGTERM);
  box.finish();
}

TEST_CASE("cgroup: bad input gets one line") {
  const CgroupsUnchanged unchanged;
  for (const char* flag : {"--cgroup.memory_max=-5",
                           "--cgroup.memory_max=9223372036854775808",
                           "--cgroup.memory_max=64X",
                           "--cgroup.memory_max=lots",
                           "--cgroup.memory_max=99999999999T",
                           "--cgroup.pids_max=-2",
                           "--cgroup.cpu_shares=1",
                           "--cgroup.cpus=0",
                           "--cgroup.cpus=-1",
                           "--cgroup.cpuset_cpus=a",
                           "--cgroup.cpuset_cpus=0-",
                           "--cgroup.cpuset_cpus=999",
                           "--cgroup.io_weight=0",
                           "--cgroup.hugetlb=3XB=1M",
                           "--cgroup.hugetlb=3MB=1M",
                           "--cgroup.unified=../x=1",
                           "--cgroup.unified=memory/x.y=1",
                           "--cgroup.unified=x=1",
                           "--cgroup.unified=cgroup.procs=1",
                           "--cgroup.unified=hugetlb.none=1",
                           "--cgroup.unified=nonesuch.max=1",
                           "--cgroup.path=/",
                           "--cgroup.path=..",
                           "--cgroup.path=a/../../b",
                           "--cgroup.path=cgroup.procs",
                           "--cgroup.join=/etc/passwd",
                           "--cgroup.join=/proc/self/ns/net",
                           "--cgroup.driver=other",
                           "--cgroup.cpu_quota=10"})
    CHECK_MESSAGE(refused({flag}).find("cgroup") != std::string::npos, flag);
  CHECK(refused({"--cgroup.memory_max=8M", "--cgroup.memory_swap=4M"}).find("less than") !=
        std::string::npos);
  CHECK(refused({"--cgroup.cpus=1", "--cgroup.cpu_quota=5000"}).find("twice") != std::string::npos);
  const auto device =
      run({"run", "--config",
           launch_file("[container]\ncommand = [\"true\"]\n[cgroup]\nio_devices = [{ device = "
                       "\"/etc/passwd\", read_bps = 5 }]\n")});
  CHECK(device.last_error().find("no block device") != std::string::npos);
}

TEST_CASE("cgroup: an ordinary user without a delegated cgroup is told, or goes on if asked") {
  const CgroupsUnchanged unchanged;
  const auto launch_as_user = [](const std::string& more) {
    const auto file = launch_file(
        "[container]\ncommand = [\"true\"]\n[user]\nmode = \"single\"\n[pid]\n[cgroup]\n" + more);
    run_program({"chmod", "-R", "a+rX", fs::path(file).parent_path().string()});
    return run({"run", "--config", file}, {.env = {{"XDG_RUNTIME_DIR", "/tmp"}}, .uid = 1000});
  };
  const auto told = launch_as_user("");
  CHECK(told.exit_code == 125);
  CHECK_MESSAGE(told.last_error().find("cgroup.optional = true") != std::string::npos, told);
  const auto goes_on = launch_as_user("optional = true\n");
  CHECK_MESSAGE(goes_on.exit_code == 0, goes_on);
  CHECK(goes_on.err.find("goes on without") != std::string::npos);
  // Its verbs, too: `kill --all` has its first process to go by, and `ps` nothing.
  const RunOptions user{.env = {{"XDG_RUNTIME_DIR", "/tmp"}}, .uid = 1000};
  const auto file = launch_file(
      "[container]\nid = \"no-cgroup\"\ncommand = [\"sleep\", \"60\"]\n[user]\nmode = \"single\"\n"
      "[pid]\n[cgroup]\noptional = true\n");
  run_program({"chmod", "-R", "a+rX", fs::path(file).parent_path().string()});
  REQUIRE(run({"run", "--detach", "--config", file}, user).exit_code == 0);
  const auto processes = run({"ps", "no-cgroup"}, user);
  CHECK_MESSAGE(processes.last_error().find("it runs without") != std::string::npos, processes);
  const auto killed = run({"kill", "--all", "no-cgroup", "KILL"}, user);
  CHECK_MESSAGE(killed.exit_code == 0, killed);
  CHECK_MESSAGE(
      eventually([&] {
        return run({"state", "no-cgroup"}, user).out.find("\"stopped\"") != std::string::npos;
      }),
      "it lives on");
  CHECK(run({"kill", "--all", "no-cgroup", "KILL"}, user).exit_code == 0);
  CHECK(run({"delete", "--force", "no-cgroup"}, user).exit_code == 0);
}

TEST_CASE("cgroup: ps of a detached container that has ended lists nobody") {
  const CgroupsUnchanged unchanged;
  REQUIRE(
      run({"-r", shared_root(), "-p", "--cgroup", "--detach", "--id", "ended", "true"}).exit_code ==
      0);
  REQUIRE(eventually([] {
    return run({"list"}).out.find("stopped") != std::string::npos && cgroups_named("ended").empty();
  }));
  const auto listed = run({"ps", "ended"});
  CHECK_MESSAGE(listed.out == "PID\n", listed);
  CHECK(listed.exit_code == 0);
  CHECK(run({"delete", "ended"}).exit_code == 0);
}

TEST_CASE("cgroup: an ordinary user to whom a cgroup is delegated has the container below it") {
  const std::string unified =
      fs::exists(std::string(top) + "/unified") ? std::string(top) + "/unified" : top;
  if (!fs::exists(unified + "/cgroup.procs")) SKIP_CASE("no cgroup v2 here");
  const CgroupsUnchanged unchanged;
  const std::string directory = unified + "/mini_container_test";
  fs::create_directory(directory);
  for (const char* file : {"", "/cgroup.procs", "/cgroup.subtree_control"})
    REQUIRE(::chown((directory + file).c_str(), 1000, 1000) == 0);
  const auto file = launch_file(
      "[container]\ncommand = [\"cat\", \"/proc/self/cgroup\"]\n[user]\nmode = \"single\"\n[pid]\n"
      "[cgroup]\nnamespace = false\nmount = \"none\"\n");
  run_program({"chmod", "-R", "a+rX", fs::path(file).parent_path().string()});
  // The launching shell is in the delegated cgroup, as a user's session would be.
  const auto launch_there = [&](const std::string& flags) {
    return run_program({"sh", "-c",
                        "echo $$ > " + directory +
                            "/cgroup.procs; exec setpriv --reuid 1000 --regid 1000 "
                            "--clear-groups env XDG_RUNTIME_DIR=/tmp " +
                            build_directory() + "/mini_container run --config " + file + flags});
  };
  const auto result = launch_there("");
  CHECK_MESSAGE(result.out.find("0::/mini_container_test/mini_container-") != std::string::npos,
                result);
  // What it makes is its own already, and it may not give it to anybody else.
  const auto own = launch_there(
      " --cgroup.namespace --cgroup.mount=rw -- sh -c 'cd /sys/fs/cgroup; [ ! -d unified ] || cd "
      "unified; mkdir own && echo 0 > own/cgroup.procs && grep ^0: /proc/self/cgroup'");
  CHECK_MESSAGE(own.out == "0::/own\n", own);
  CHECK_MESSAGE(own.err.find("mini_container: ") == std::string::npos, own);
  CHECK(eventually([&] { return fs::remove(directory); }));
}

TEST_CASE("cgroup: exec below the cgroup of a container that has none is refused") {
  const CgroupsUnchanged unchanged;
  const auto started = run(
      {"run", "--detach", "--id", "without", "-r", shared_root(), "--pid", "--", "sleep", "30"});
  REQUIRE_MESSAGE(started.exit_code == 0, started);
  const auto result = run({"exec", "--cgroup", "below", "without", "true"});
  CHECK_MESSAGE(result.exit_code == 125, result);
  CHECK(result.last_error().find("container 'without' has no cgroup of its own") !=
        std::string::npos);
  CHECK(run({"delete", "--force", "without"}).exit_code == 0);
}

TEST_CASE("cgroup: the systemd driver without systemd says so") {
  if (fs::exists("/run/systemd/system")) SKIP_CASE("systemd runs here");
  const CgroupsUnchanged unchanged;
  CHECK(refused({"--cgroup.driver=systemd"}).find("systemd") != std::string::npos);
  CHECK(refused({"--cgroup.driver=systemd", "--cgroup.path=/a/b"}).find("SLICE:PREFIX:NAME") !=
        std::string::npos);
}

}  // namespace
