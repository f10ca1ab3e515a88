// SPDX-License-Identifier: Apache-2.0
// User namespaces: as root and as an ordinary user (1000).
#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/container_root.hpp"
#include "tests/system/find_process.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

const std::string mapped =
    "[pid]\n[user]\nuid_map = [{ container = 0, host = 100000, size = 65536 }]\n"
    "gid_map = [{ container = 0, host = 100000, size = 65536 }]\n";

/// What an ordinary user has: a home and a state directory of its own.
RunOptions ordinary() {
  static const std::string home = [] {
    const std::string made = fresh_directory();
    REQUIRE(::chown(made.c_str(), 1000, 1000) == 0);
    return made;
  }();
  return {.env = {{"HOME", home}, {"XDG_RUNTIME_DIR", home}, {"XDG_CACHE_HOME", home}},
          .uid = 1000};
}

Result launch(const std::string& text, const std::vector<std::string>& command,
              const RunOptions& options = {}) {
  std::vector<std::string> arguments = {"run", "--config", launch_file(text), "--"};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return run(arguments, options);
}

std::string refusal(const std::string& text, const RunOptions& options = {}) {
  const HostUnchanged unchanged;
  const auto result = launch(text, {"true"}, options);
  CHECK(result.exit_code == 125);
  return result.last_error();
}

void check_has(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
}

/// A file of the host, other while this lives: on the private host only.
class Instead {
 public:
  Instead(const char* path, const std::string& text) : path_(path) {
    const auto file = write_file("instead", text);
    ::chmod(file.c_str(), 0644);
    REQUIRE(::mount(file.c_str(), path, nullptr, MS_BIND, nullptr) == 0);
  }
  ~Instead() { ::umount2(path_, MNT_DETACH); }
  Instead(const Instead&) = delete;
  Instead& operator=(const Instead&) = delete;

 private:
  const char* path_;
};

std::string squeezed(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' || (!out.empty() && out.back() != ' ' && out.back() != '\n')) out += c;
  return out;
}

std::string map_of(const Result& result, const char* key) {
  return squeezed(value(result.out, key));
}

}  // namespace

TEST_CASE("root inside is nobody special outside") {
  const HostUnchanged unchanged;
  const auto inside = launch(mapped, {"attest", "ids", "namespaces"});
  REQUIRE(inside.exit_code == 0);
  CHECK(value(inside.out, "uid") == "0 0 0");
  CHECK(map_of(inside, "uid_map") == "0 100000 65536");
  CHECK(map_of(inside, "gid_map") == "0 100000 65536");
  const auto outside = run_program({shared_root() + "/bin/attest", "namespaces"});
  CHECK(value(inside.out, "ns.user") != value(outside.out, "ns.user"));

  Process container(mini_container::test::mini_container(
      {"run", "--config", launch_file(mapped), "--", "sh", "-c", "echo ready; read end"}));
  REQUIRE(container.wait_for("ready"));
  const auto seen = run_program({"sh", "-c", "grep -l '^Uid:.100000' /proc/[0-9]*/status"}).out;
  CHECK(seen.find("/proc/") != std::string::npos);
  container.close_input();
  container.finish();
}

TEST_CASE("the command's user is one of the container") {
  const auto result =
      launch("[container]\nuser = '1000:1000'\ngroups = ['2000']\n" + mapped, {"attest", "ids"});
  CHECK(value(result.out, "uid") == "1000 1000 1000");
  CHECK(value(result.out, "groups") == "2000");
}

TEST_CASE("files of an idmapped root keep their owners") {
  const auto root = fresh_root();
  const std::string text = mapped + "[rootfs]\npath = '" + root + "'\nidmap = 'container'\n";
  CHECK(launch(text, {"stat", "-c", "%u:%g", "/etc/passwd"}).out == "0:0\n");
  REQUIRE(launch(text, {"touch", "/etc/made"}).exit_code == 0);
  struct stat info {};
  REQUIRE(::stat((root + "/etc/made").c_str(), &info) == 0);
  CHECK(info.st_uid == 0);
}

TEST_CASE("owners are not an ordinary user's to map, and that is said") {
  const auto told = refusal(
      "[user]\nmode = 'single'\n[rootfs]\npath = '" + shared_root() + "'\nidmap = 'container'\n",
      ordinary());
  check_has(told, "clone the root '" + shared_root() + "': Operation not permitted (EPERM)");
  check_has(told, "leave rootfs.idmap out");
}

TEST_CASE("several ranges, and one id") {
  const auto several = launch(
      "[user]\nuid_map = [{ container = 0, host = 100000, size = 10 }, "
      "{ container = 1000, host = 200000, size = 5 }]\n"
      "gid_map = [{ container = 0, host = 100000, size = 1 }]\n[pid]",
      {"cat", "/proc/self/uid_map"});
  CHECK(squeezed(several.out) == "0 100000 10\n1000 200000 5\n");
  const auto single = launch("[pid]\n[user]\nmode = 'single'\n", {"attest", "ids"});
  CHECK(map_of(single, "uid_map") == "0 0 1");
}

TEST_CASE("one id may be another than 0, which the command's user then is not") {
  const std::string one = "[pid]\n[user]\nmode = 'single'\nuid = 1000\ngid = 1001\n";
  const auto result = launch("[container]\nuser = '1000:1001'\n" + one, {"attest", "ids"});
  CHECK(value(result.out, "uid") == "1000 1000 1000");
  CHECK(map_of(result, "uid_map") == "1000 0 1");
  check_has(refusal(one), "become group 0");
  check_has(refusal(one), "container.user names another");
}

TEST_CASE("setgroups is denied where it is asked for") {
  CHECK(value(launch(mapped + "setgroups = 'deny'\n", {"attest", "ids"}).out, "setgroups") ==
        "deny");
  CHECK(value(launch(mapped, {"attest", "ids"}).out, "setgroups") == "allow");
}

TEST_CASE("an ordinary user is root inside, with the own id alone") {
  const HostUnchanged unchanged;
  const auto result = launch("[pid]\n[uts]\nhostname = 'box'\n[ipc]\n[user]\nmode = 'single'\n",
                             {"attest", "ids", "names", "caps"}, ordinary());
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(value(result.out, "uid") == "0 0 0");
  CHECK(map_of(result, "uid_map") == "0 1000 1");
  CHECK(value(result.out, "setgroups") == "deny");
  CHECK(value(result.out, "hostname") == "box");
  const auto other = launch(
      "[pid]\n[user]\nmode = 'single'\nuid = 1000\ngid = 1000\n"
      "[container]\nuser = '1000:1000'\n",
      {"attest", "ids"}, ordinary());
  CHECK(map_of(other, "uid_map") == "1000 1000 1");
  CHECK(value(other.out, "uid") == "1000 1000 1000");
}

TEST_CASE("an ordinary user's ranges are mapped by newuidmap and newgidmap") {
  const Instead uids("/etc/subuid", "someone:1:2\n1000:300000:65536\n");
  const Instead gids("/etc/subgid", "1000:400000:65536\n");
  const auto automatic =
      launch("[pid]\n[user]\n", {"cat", "/proc/self/uid_map", "/proc/self/gid_map"}, ordinary());
  INFO(automatic.err);
  CHECK(squeezed(automatic.out) == "0 1000 1\n1 300000 65536\n0 1000 1\n1 400000 65536\n");
  const auto written = launch(
      "[pid]\n[user]\nuid_map = [{ container = 0, host = 1000, size = 1 }, "
      "{ container = 1, host = 300100, size = 100 }]\n"
      "gid_map = [{ container = 0, host = 1000, size = 1 }]\n",
      {"cat", "/proc/self/uid_map"}, ordinary());
  CHECK(squeezed(written.out) == "0 1000 1\n1 300100 100\n");
  check_has(refusal("[user]\nuid_map = [{ container = 0, host = 365536, size = 1 }]\n"
                    "gid_map = [{ container = 0, host = 1000, size = 1 }]\n",
                    ordinary()),
            "not all granted to the user 1000 by '/etc/subuid'");
  check_has(refusal("[user]\nuid_map = [{ container = 0, host = 365535, size = 2 }]\n"
                    "gid_map = [{ container = 0, host = 1000, size = 1 }]\n",
                    ordinary()),
            "/etc/subuid");
  check_has(refusal("[user]\nuid_map = [{ container = 0, host = 1000, size = 1 }]\n"
                    "gid_map = [{ container = 0, host = 465535, size = 2 }]\n",
                    ordinary()),
            "not all granted to the user 1000 by '/etc/subgid'");
  check_has(refusal("[user]\nnewuidmap = '/no/newuidmap'\n", ordinary()), "run '/no/newuidmap'");
  check_has(refusal("[user]\nnewuidmap = '/bin/false'\n", ordinary()), "did not write uid_map");
}

TEST_CASE("without ranges the file is named") {
  const Instead uids("/etc/subuid", "someone:100000:65536\n1000:not:numbers\n1000\n");
  check_has(refusal("[user]\n", ordinary()), "'/etc/subuid' has no range for the user 1000");
  check_has(refusal("[user]\n"), "'/etc/subuid' has no range for the user 0");
}

TEST_CASE("where the system allows no user namespaces the sysctl is named") {
  const Instead none("/proc/sys/user/max_user_namespaces", "0\n");
  check_has(refusal("[user]\nmode = 'single'\n"), "/proc/sys/user/max_user_namespaces");
}

// The machine's own sysctls are not touched, and not every kernel has these files.
TEST_CASE("where ordinary users may make no user namespaces the sysctl is named") {
  for (const std::string& text : {std::string("unprivileged_userns_clone=0"),
                                  std::string("apparmor_restrict_unprivileged_userns=1")}) {
    const auto name = text.substr(0, text.find('='));
    CAPTURE(name);
    REQUIRE(::mount("tmpfs", "/proc/sys/kernel", "tmpfs", 0, "mode=755") == 0);
    write_file(name, text.substr(text.find('=') + 1) + "\n", "/proc/sys/kernel");
    const auto told = launch("[user]\nmode = 'single'\n", {"true"}, ordinary());
    ::umount2("/proc/sys/kernel", MNT_DETACH);
    CHECK(told.exit_code == 125);
    check_has(told.last_error(), "'/proc/sys/kernel/" + name + "'");
    check_has(told.last_error(), "sysctl kernel." + name);
  }
}

TEST_CASE("a namespace of the host is not joined from a new one, and why is said") {
  check_has(refusal("[user]\nmode = 'single'\n[net]\njoin = '/proc/self/ns/net'\n"),
            "no rights in the user namespace that it belongs to");
}

TEST_CASE("a namespace is joined by its path") {
  Process first(mini_container::test::mini_container(
      {"run", "--config", launch_file(mapped), "--", "sh", "-c", "echo ready; read end"}));
  REQUIRE(first.wait_for("ready"));
  const auto status = run_program({"sh", "-c", "grep -l '^Uid:.100000' /proc/[0-9]*/status"}).out;
  const auto process = status.substr(0, status.rfind("/status"));
  const auto launch_in = write_file(
      "join.toml", "[user]\njoin = '" + process.substr(0, process.find("/status")) + "/ns/user'\n");
  const auto joined = run({"run", "--config", launch_in, "--", "cat", "/proc/self/uid_map"});
  INFO(joined.err);
  CHECK(squeezed(joined.out) == "0 100000 65536\n");
  first.close_input();
  first.finish();
  check_has(refusal("[user]\njoin = '/proc/self/ns/user'\n"), "own user namespace");
  check_has(refusal("[user]\njoin = '/proc/self/ns/net'\n"), "another type");
  check_has(refusal("[user]\njoin = '/no/such/file'\n"), "/no/such/file");
}

TEST_CASE("who is in a joined user namespace has no access to the child before it is confined") {
  Process first(mini_container::test::mini_container({"run", "--config", launch_file(mapped),
                                                      "--id", "user-holder", "--", "sh", "-c",
                                                      "echo ready; read end"}));
  REQUIRE(first.wait_for("ready"));
  const auto holder = first_process("user-holder");
  const auto directory = fresh_directory();
  // With all rights over that namespace, as its root.
  const auto look = "nsenter -U -t " + holder + " readlink /proc/";
  const auto file =
      launch_file("[user]\njoin = '/proc/" + holder +
                  "/ns/user'\n[[hooks.create_runtime]]\npath = '/bin/sh'\n" +
                  "env = ['PATH=/usr/bin:/bin']\nargs = ['sh', '-c', '''\n" +
                  "pid=$(sed -n 's/.*\"pid\":\\([0-9]*\\).*/\\1/p')\n" + look + holder + "/exe > " +
                  directory + "/holder\n" + look + "$pid/exe > " + directory +
                  "/child || echo refused >> " + directory + "/child''']\n");
  const auto joined = run({"run", "--config", file, "--", "true"});
  INFO(joined);
  CHECK(joined.exit_code == 0);
  CHECK(read_file(directory + "/holder") == "/bin/busybox\n");
  CHECK(read_file(directory + "/child") == "refused\n");
  first.close_input();
  first.finish();
}

TEST_CASE("nor where an ordinary user joins it") {
  const std::string launch_text = "[container]\nid = 'watching'\n[rootfs]\npath = '" +
                                  shared_root() + "'\n[pid]\n[user]\nmode = 'single'\n";
  Process watching(runtime_command({"run", "--config", launch_file(launch_text), "--", "attest",
                                    "watch-programs", "60"}),
                   ordinary());
  REQUIRE(watching.wait_for("ready"));
  const auto state = run({"state", "watching"}, ordinary()).out;
  const auto at = state.find("\"pid\":");
  REQUIRE(at != std::string::npos);
  const auto spaces = "/proc/" + std::to_string(std::stoi(state.substr(at + 6))) + "/ns/";
  const auto joining = launch_file("[rootfs]\npath = '" + shared_root() + "'\n[pid]\njoin = '" +
                                   spaces + "pid'\n[user]\njoin = '" + spaces + "user'\n");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  for (int i = 0; i < 40 && std::chrono::steady_clock::now() < end; ++i) {
    const auto joined = run({"run", "--config", joining, "--", "true"}, ordinary());
    CHECK_MESSAGE(joined.exit_code == 0, joined);
  }
  CHECK(run({"kill", "watching", "KILL"}, ordinary()).exit_code == 0);
  const auto seen = watching.finish();
  INFO(seen);
  CHECK(seen.out.find("program /bin/busybox\n") != std::string::npos);
  CHECK(seen.out.find("mini_container") == std::string::npos);
}

TEST_CASE("maps that the kernel would refuse are refused first, and say why") {
  const auto both = [](const std::string& uid_map) {
    return "[user]\ngid_map = [{ container = 0, host = 0, size = 1 }]\nuid_map = [" + uid_map +
           "]\n";
  };
  check_has(refusal(both("{ container = 0, host = 1000, size = 10 }, "
                         "{ container = 9, host = 5000, size = 1 }")),
            "the container's ids 0-9 and 9 overlap");
  check_has(refusal(both("{ container = 0, host = 1000, size = 10 }, "
                         "{ container = 10, host = 1009, size = 1 }")),
            "the host's ids 1000-1009 and 1009 overlap");
  check_has(refusal(both("{ container = 0, host = 4294967290, size = 10 }")), "go beyond");
  check_has(refusal(both("{ container = 0, host = 0, size = 0 }")), "size");
  check_has(refusal(both("{ container = -1, host = 0, size = 1 }")), "container");
  check_has(refusal(both("")), "no range");
  check_has(refusal("[user]\nuid_map = [{ container = 0, host = 0, size = 1 }]\n"),
            "'gid_map' is missing");
  check_has(refusal(both("{ container = 0, host = 0, size = 1 }") + "mode = 'auto'\n"),
            "both 'mode' and written out maps");
  check_has(refusal("[user]\nsetgroups = 'allow'\nmode = 'single'\n", ordinary()),
            "must deny setgroups");
}

TEST_CASE("ten thousand maps are refused with the kernel's limit") {
  std::string text = "[user]\ngid_map = [{ container = 0, host = 0, size = 1 }]\nuid_map = [\n";
  for (int i = 0; i < 10000; ++i)
    text += "{ container = " + std::to_string(2 * i) + ", host = " + std::to_string(2 * i) +
            ", size = 1 },\n";
  check_has(refusal(text + "]\n"), "10000 ranges; the kernel takes at most 340");
}
