// SPDX-License-Identifier: Apache-2.0
// rootfs, pid and ipc inside a user namespace made with them: by root, and by an ordinary user.
#include <doctest/doctest.h>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

namespace mini_container::test {
namespace fs = std::filesystem;

namespace {

constexpr const char* mapped =
    "[user]\nuid_map = [{container = 0, host = 100000, size = 65536}]\n"
    "gid_map = [{container = 0, host = 100000, size = 65536}]\n[pid]\n[ipc]\n";
constexpr const char* single = "[user]\nmode = \"single\"\n[pid]\n[ipc]\n";

Result shell(const std::string& toml, const std::string& script, uid_t uid = 0) {
  const HostUnchanged unchanged;
  return run({"run", "--config", launch_file(toml), "--", "/bin/sh", "-c", script}, {.uid = uid});
}

std::string rootfs_table(const std::string& root, const std::string& rest = {}) {
  return "[rootfs]\npath = \"" + root + "\"\n" + rest;
}

void give_to(const std::string& root, uid_t uid) {
  for (const auto& entry : fs::recursive_directory_iterator(root))
    REQUIRE(::lchown(entry.path().c_str(), uid, uid) == 0);
  REQUIRE(::lchown(root.c_str(), uid, uid) == 0);
}

}  // namespace

TEST_CASE("rootfs in a user namespace: every default is there") {
  const auto result =
      shell(mapped + rootfs_table(shared_root()),
            "cd /proc && echo [0-9]*; echo x > /dev/null && stat -c %t:%T /dev/null "
            "/dev/tty; ls /dev/pts /sys | head -2; grep -c ' /dev/shm ' /proc/mounts; "
            "echo x > /proc/sys/kernel/hostname");
  CHECK(result.out.starts_with("1\n1:3\n5:0\n/dev/pts:\nptmx\n1\n"));
  CHECK(result.err.find("Read-only") != std::string::npos);
}

TEST_CASE("rootfs in a user namespace: without a pid namespace /proc is the host's") {
  const auto text = std::string(
      "[user]\nuid_map = [{container = 0, host = 100000, size = 65536}]\n"
      "gid_map = [{container = 0, host = 100000, size = 65536}]\n");
  CHECK(shell(text + rootfs_table(shared_root()), "cat /proc/1/comm").out == "system_tests\n");
}

TEST_CASE("rootfs by a runtime that is in a user namespace: /proc and /sys are those it sees") {
  const auto inside = [](const std::string& toml, const std::string& script) {
    const HostUnchanged unchanged;
    std::vector<std::string> words = {"unshare", "--user", "--map-root-user"};
    for (const auto& word :
         runtime_command({"run", "--config", launch_file(toml + rootfs_table(shared_root())), "--",
                          "/bin/sh", "-c", script}))
      words.push_back(word);
    return run_program(words);
  };
  const std::string script =
      "cat /proc/1/comm; ls -d /sys/kernel; mkdir /sys/x; echo x > /dev/null";
  const auto bare = inside("", script);
  CHECK_MESSAGE(bare.out == "system_tests\n/sys/kernel\n", bare);
  CHECK(bare.err.find("Read-only") != std::string::npos);
  CHECK(inside("[pid]\n[ipc]\n[uts]\n", script).out == "sh\n/sys/kernel\n");
  // A user namespace within it. Root there has no right over the mounts where it is.
  const auto nested = inside(single, "cat /proc/self/uid_map; " + script);
  CHECK_MESSAGE(nested.out == "         0          0          1\nsh\n/sys/kernel\n", nested);
}

TEST_CASE("rootfs in a user namespace: a root that only the agent may enter") {
  const auto place = fresh_directory();
  const auto root = place + "/deep";
  fs::rename(fresh_root(), root);
  REQUIRE(::chmod(place.c_str(), 0700) == 0);
  const auto data = place + "/data";
  fs::create_directory(data);
  write_file("x", "bound\n", data);
  CHECK(shell(mapped + rootfs_table(root, "[[rootfs.mounts]]\ndestination = \"/mnt\"\nsource = \"" +
                                              data + "\"\n"),
              "cat /mnt/x")
            .out == "bound\n");
}

TEST_CASE("rootfs in a user namespace: owners are as the container has them, with idmap") {
  const auto root = fresh_root();
  CHECK(shell(mapped + rootfs_table(root), "stat -c %u /etc/passwd").out == "65534\n");
  CHECK(shell(mapped + rootfs_table(root, "idmap = \"container\"\n"),
              "stat -c %u /etc/passwd; echo new > /etc/new")
            .out == "0\n");
  struct stat made {};
  REQUIRE(::stat((root + "/etc/new").c_str(), &made) == 0);
  CHECK(made.st_uid == 0);
  CHECK(
      shell(mapped + rootfs_table(root, "idmap = \"container\"\noverlay = true\n"),
            "stat -c %u /etc/passwd; rm /etc/passwd && echo y > /etc/over && stat -c %u /etc/over")
          .out == "0\n0\n");
  CHECK(fs::exists(root + "/etc/passwd"));
  const auto data = fresh_directory();
  write_file("x", "", data);
  CHECK(shell(mapped + rootfs_table(root, "[[rootfs.mounts]]\ndestination = \"/mnt\"\nsource = \"" +
                                              data + "\"\noptions = [\"bind\", \"idmap\"]\n"),
              "stat -c %u /mnt/x")
            .out == "0\n");
}

TEST_CASE("rootfs by an ordinary user: tree, overlay, ipc and its limits") {
  const auto root = fresh_root();
  give_to(root, 1000);
  const auto result = shell(std::string(single) + "msgmax = 9000\n" + rootfs_table(root),
                            "id -u; cd /proc && echo [0-9]*; cat /proc/sys/kernel/msgmax; "
                            "stat -c '%t:%T' /dev/zero; stat -c %a /dev/shm",
                            1000);
  CHECK(result.out == "0\n1\n9000\n1:5\n1777\n");
  const auto overlay = shell(single + rootfs_table(root, "overlay = true\n"),
                             "rm /etc/group; echo new > /etc/new; cat /etc/new", 1000);
  CHECK(overlay.out == "new\n");
  CHECK(fs::exists(root + "/etc/group"));
  CHECK(!fs::exists(root + "/etc/new"));
}

TEST_CASE("rootfs by an ordinary user: a mount with mapped owners is refused with the way out") {
  const auto result =
      shell(single + rootfs_table(shared_root()) + "[[rootfs.mounts]]\nsource = \"" +
                fresh_directory() + "\"\ndestination = \"/mnt\"\noptions = [\"bind\", \"idmap\"]\n",
            "true", 1000);
  INFO(result);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("EPERM); only root may map owners: leave idmap out") !=
        std::string::npos);
}

TEST_CASE("rootfs by an ordinary user: files in a root of somebody else, with an overlay") {
  const auto files = [](const std::string& name) {
    return single + rootfs_table(shared_root(), "overlay = true\n[[rootfs.files]]\npath = \"/etc/" +
                                                    name + "\"\ncontent = \"own\\n\"\n");
  };
  CHECK(shell(files("passwd"), "cat /etc/passwd", 1000).out == "own\n");
  CHECK(read_file(shared_root() + "/etc/passwd").starts_with("root:"));
  const auto none = shell(files("fresh"), "echo ran", 1000);
  CHECK(none.exit_code == 125);
  CHECK_MESSAGE(
      none.last_error().find("put an empty file there, or own the root") != std::string::npos,
      none);
}

TEST_CASE("rootfs in a user namespace: where /proc is masked, it is said why none can be made") {
  REQUIRE(::mount("cover", "/proc/sys", "tmpfs", 0, nullptr) == 0);
  const auto result = shell(mapped + rootfs_table(shared_root()), "echo ran");
  ::umount2("/proc/sys", MNT_DETACH);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("with nothing masked is in view") != std::string::npos);
}

TEST_CASE("rootfs by an ordinary user: a root that may not be entered is refused") {
  const auto root = fresh_root();
  REQUIRE(::chmod(root.c_str(), 0700) == 0);
  const auto result = shell(single + rootfs_table(root), "echo ran", 1000);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("EACCES") != std::string::npos);
  CHECK(result.last_error().find(root) != std::string::npos);
}

TEST_CASE("rootfs by an ordinary user: the host's own tree") {
  const auto result = run({"run", "--config", write_file("own.toml", single), "--", "/bin/sh", "-c",
                           "cd /proc && echo [0-9]*"},
                          {.uid = 1000});
  CHECK(result.out == "1\n");
}

}  // namespace mini_container::test
