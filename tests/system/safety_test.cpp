// SPDX-License-Identifier: Apache-2.0
// What holds for every container, whatever its launch says.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/xattr.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <filesystem>

#include "tests/skip.hpp"
#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"
#include "tests/system/traced_clone.hpp"

using namespace mini_container::test;

namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

Words in_root(Words rest) {
  rest.insert(rest.begin(), {"-r", shared_root()});
  return rest;
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

}  // namespace

TEST_CASE("no descriptor of the caller or the runtime reaches the command") {
  std::vector<int> open;
  for (int number = 0; number < 20; ++number) open.push_back(::open("/", O_PATH));
  for (const Words& flags :
       {Words{}, Words{"-p", "-i", "--hostname", "box"}, Words{"-p", "--init"}}) {
    Words words = flags;
    words.insert(words.end(), {"attest", "fds"});
    const auto result = run(in_root(words), {.keep = open});
    INFO(result);
    CHECK(result.exit_code == 0);
    CHECK(values(result.out, "fd").size() == 3);
  }
  for (const int fd : open) ::close(fd);
}

TEST_CASE("an init holds no descriptor of the runtime either") {
  const auto out = run(in_root({"-p", "--init", "sh", "-c", "ls -l /proc/1/fd"})).out;
  CHECK(out.find("/run/") == std::string::npos);
  CHECK(out.find("mini_container") == std::string::npos);
}

TEST_CASE("inheritable and ambient capabilities are empty") {
  const auto out = run_inside({"pid"}, {"attest", "caps"});
  CHECK(value(out, "cap.inheritable") == "0000000000000000");
  CHECK(value(out, "cap.ambient") == "0000000000000000");
}

TEST_CASE("the container never writes the runtime's binary or a plugin") {
  const auto before = read_file(build_directory() + "/mini_container");
  for (const Words& flags : {Words{}, Words{"-p"}, Words{"-p", "--init"}, Words{"-p", "-i"}}) {
    CAPTURE(flags);
    Words words = flags;
    words.insert(words.end(), {"attest", "write-runtime"});
    const auto result = run(in_root(words));
    INFO(result);
    // The only binary that may be reached is the container's own command.
    CHECK(result.exit_code == 0);
    CHECK(result.out.find("/proc/self/exe ok") == std::string::npos);
    CHECK(result.out.find("/proc/1/exe ok") == std::string::npos);
  }
  CHECK(read_file(build_directory() + "/mini_container") == before);
}

TEST_CASE("a detached container does not reach it either, nor does exec") {
  REQUIRE(run(in_root({"-p", "--detach", "--id", "kept", "sleep", "60"})).exit_code == 0);
  const auto result = run({"exec", "kept", "attest", "write-runtime"});
  INFO(result);
  CHECK(result.out.find("ok") == std::string::npos);
  run({"kill", "kept", "KILL"});
  CHECK(eventually([] { return run({"list"}).out.find("running") == std::string::npos; }));
  run({"delete", "kept"});
}

TEST_CASE("the runtime does not execute itself by way of the container") {
  const auto root = fresh_root();
  fs::create_symlink("/proc/self/exe", root + "/mnt/self");
  write_file("script", "#!/proc/self/exe\n", root + "/mnt");
  fs::permissions(root + "/mnt/script", fs::perms::all);
  for (const char* command : {"/proc/self/exe", "/mnt/self", "/mnt/script"}) {
    CAPTURE(command);
    const auto result = run({"-r", root, "-p", command});
    INFO(result);
    CHECK(result.exit_code == 126);
  }
}

TEST_CASE("state directories are closed to others, and the record is there before the container") {
  REQUIRE(run(in_root({"--detach", "--id", "modes", "sleep", "60"})).exit_code == 0);
  CHECK(mode_of("/run/mini_container") == 0700);
  CHECK(mode_of("/run/mini_container/modes") == 0700);
  for (const auto& entry : fs::recursive_directory_iterator("/run/mini_container")) {
    CAPTURE(entry.path().string());
    // Of a link none is looked at: symlink(7).
    if (!entry.is_symlink()) CHECK((mode_of(entry.path()) & 0077U) == 0);
  }
  CHECK(fs::exists("/run/mini_container/modes/record.jsonl"));
  run({"kill", "modes", "KILL"});
  CHECK(eventually([] { return run({"list"}).out.find("running") == std::string::npos; }));
  run({"delete", "modes"});
}

TEST_CASE("a state directory that others could write to is refused") {
  const auto directory = fresh_directory() + "/state";
  fs::create_directory(directory);
  fs::permissions(directory, fs::perms::all);
  const auto result = run({"--state-dir", directory, "run", "-r", shared_root(), "true"});
  INFO(result);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find(directory) != std::string::npos);
  fs::permissions(directory, fs::perms::owner_all);
  CHECK(run({"--state-dir", directory, "run", "-r", shared_root(), "true"}).exit_code == 0);
  // Closed to all others, but a stranger's.
  REQUIRE(::chown(directory.c_str(), 1001, 1001) == 0);
  CHECK(run({"--state-dir", directory, "run", "-r", shared_root(), "true"}).exit_code == 125);
  REQUIRE(::chown(directory.c_str(), 0, 0) == 0);
  fs::create_directory_symlink(directory, directory + ".link");
  CHECK(run({"--state-dir", directory + ".link", "run", "-r", shared_root(), "true"}).exit_code ==
        125);
}

// As under a rootless engine: there root's files and any stranger's show the same uid.
TEST_CASE("in a user namespace a stranger's plugin is refused, and one beside the binary is not") {
  if (!plugins_are_files()) SKIP_CASE("the plugins are linked in");
  constexpr uid_t caller = 1000, stranger = 1001;
  const auto info = [](const std::string& binary, const Words& flags) {
    Words words = {"unshare", "--user", "--map-root-user", binary};
    words.insert(words.end(), flags.begin(), flags.end());
    words.insert(words.end(), {"plugin", "info", "uts"});
    return run_program(words, {.uid = caller});
  };
  const auto own = build_directory() + "/mini_container";
  const auto plugin = build_directory() + "/plugins.d/uts.so";
  CHECK_MESSAGE(info(own, {}).exit_code == 0, info(own, {}));

  const auto directory = fresh_directory();
  fs::permissions(directory, fs::perms(0755));
  fs::copy_file(plugin, directory + "/uts.so");
  const auto refused = [](const Result& result, const std::string& what) {
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find("refuse the plugin directory '" + what + "'") !=
          std::string::npos);
  };
  refused(info(own, {"--plugin-dir", directory}), directory);

  // A stranger has put plugins beside the binary.
  const auto shared = fresh_directory();
  fs::copy_file(own, shared + "/mini_container");
  fs::create_directory(shared + "/plugins.d");
  fs::copy_file(plugin, shared + "/plugins.d/uts.so");
  for (const char* name : {"/plugins.d", "/plugins.d/uts.so"})
    REQUIRE(::chown((shared + name).c_str(), stranger, stranger) == 0);
  fs::permissions(shared, fs::perms(01777));
  refused(info(shared + "/mini_container", {}), shared + "/plugins.d");
  fs::permissions(shared, fs::perms(0755));
  CHECK(info(shared + "/mini_container", {}).exit_code == 0);
}

TEST_CASE("a plugin file that others could have written is refused") {
  if (!plugins_are_files()) SKIP_CASE("the plugins are linked in");
  const auto directory = fresh_directory();
  const auto file = directory + "/uts.so";
  const auto try_it = [&] {
    return run({"--plugin-dir", directory, "run", "-r", shared_root(), "--hostname", "x", "true"});
  };
  fs::copy_file(build_directory() + "/plugins.d/uts.so", file);
  CHECK(try_it().exit_code == 0);

  const auto refused = [&](const char* what) {
    CAPTURE(what);
    const auto result = try_it();
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find(directory) != std::string::npos);
  };
  // By a link as well: what counts is where it leads.
  const auto link = directory + ".link";
  fs::create_directory_symlink(directory, link);
  const Words by_link = {"--plugin-dir", link,         "run", "-r",
                         shared_root(),  "--hostname", "x",   "true"};
  CHECK(run(by_link).exit_code == 0);
  fs::permissions(directory, fs::perms::all);
  CHECK(run(by_link).exit_code == 125);
  fs::permissions(directory, fs::perms::owner_all);
  for (const auto& name : {directory + "/nosuch", file}) {
    const auto result = run({"--plugin-dir", name, "run", "-r", shared_root(), "true"});
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find("--plugin-dir '" + name + "' is not a directory") !=
          std::string::npos);
  }

  fs::permissions(file, fs::perms::group_write, fs::perm_options::add);
  refused("the file is writable by its group");
  fs::permissions(file, fs::perms::group_write, fs::perm_options::remove);
  fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
  refused("the file is writable by all");
  fs::permissions(file, fs::perms::others_write, fs::perm_options::remove);
  REQUIRE(::chown(file.c_str(), 1000, 0) == 0);
  refused("the file is another user's");
  REQUIRE(::chown(file.c_str(), 0, 0) == 0);
  fs::permissions(directory, fs::perms::all);
  refused("the directory is writable by all");
  fs::permissions(directory, fs::perms::owner_all);
  REQUIRE(::chown(directory.c_str(), 1000, 0) == 0);
  refused("the directory is another user's");
  REQUIRE(::chown(directory.c_str(), 0, 0) == 0);
  CHECK(try_it().exit_code == 0);
}

TEST_CASE("run with more rights than its caller has, it refuses") {
  const auto directory = fresh_directory();
  const auto copy = directory + "/mini_container";
  // The private host's /run is mounted nosuid.
  run_program({"mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", directory});
  fs::copy_file(build_directory() + "/mini_container", copy);
  const auto refused = [&](const char* what) {
    CAPTURE(what);
    for (const Words& words : {Words{copy, "--help"}, Words{copy, "-r", shared_root(), "true"}}) {
      const auto result = run_program(words, {.uid = 1000});
      INFO(result);
      CHECK(result.exit_code == 125);
      CHECK(result.last_error().find("run it as the user") != std::string::npos);
    }
  };
  fs::permissions(copy, static_cast<fs::perms>(0755));
  CHECK(run_program({copy, "--help"}, {.uid = 1000}).exit_code == 0);
  fs::permissions(copy, static_cast<fs::perms>(04755));
  refused("set-user-ID");
  fs::permissions(copy, static_cast<fs::perms>(02755));
  refused("set-group-ID");
  fs::permissions(copy, static_cast<fs::perms>(0755));
  // CAP_SYS_ADMIN, permitted and effective: capabilities(7), version 2 of the attribute.
  const std::uint32_t capability[] = {VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
                                      1U << CAP_SYS_ADMIN, 0, 0, 0};
  REQUIRE(::setxattr(copy.c_str(), XATTR_NAME_CAPS, capability, sizeof capability, 0) == 0);
  refused("a file capability");
  run_program({"umount", directory});
}

TEST_CASE("the child cannot be looked into before it executes the command") {
  // What the hook sees of the child's /proc entry is root's of the host, which is nobody inside;
  // the command's is its own user's: proc(5), PR_SET_DUMPABLE.
  const auto file = launch_file(R"(
[container]
command = ["stat", "-c", "%u", "/proc/1/mem"]
[pid]
[user]
mode = "single"
[[hooks.start_container]]
path = "/bin/sh"
args = ["sh", "-c", "test $(stat -c %u /proc/1/mem) = 65534 && ! readlink /proc/1/exe"]
)");
  const auto result = run({"run", "--config", file}, {.uid = 1000});
  INFO(result);
  CHECK(result.exit_code == 0);
  CHECK(result.out == "0\n");
}

TEST_CASE("where whoever changes its ids can be traced, an exec's child has memory of its own") {
  constexpr const char* setting = "/proc/sys/fs/suid_dumpable";
  const auto inside = in_root({"-p", "--id", "entered", "--detach", "--", "sleep", "100"});
  REQUIRE(run(inside).exit_code == 0);
  for (const std::string value : {"0\n", "1\n", "2\n"}) {
    CAPTURE(value);
    const auto file = write_file("suid_dumpable", value);
    REQUIRE(::mount(file.c_str(), setting, nullptr, MS_BIND, nullptr) == 0);
    const auto calls = clone_calls(runtime_command({"exec", "--user", "1000", "entered", "true"}));
    CHECK(::umount2(setting, 0) == 0);
    REQUIRE(calls.size() == 1);
    CHECK(((calls[0].flags & CLONE_VM) == 0) == (value.front() == '1'));
  }
  CHECK(run({"delete", "--force", "entered"}).exit_code == 0);
}

TEST_CASE("after a launch that fails nothing is left") {
  const HostUnchanged unchanged;
  CHECK(run(in_root({"-p", "-i", "--hostname", "x", "nosuch"})).exit_code == 127);
  CHECK(run(in_root({"-p", "--user", "nosuch", "true"})).exit_code == 125);
  CHECK(run(in_root({"-p", "--cwd", "/nosuch", "true"})).exit_code == 125);
  CHECK(run({"-r", "/nosuch", "-p", "true"}).exit_code == 125);
}
