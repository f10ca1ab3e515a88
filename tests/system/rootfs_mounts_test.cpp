// SPDX-License-Identifier: Apache-2.0
// The plugin rootfs: the launch's own mounts, their options, and where they may lead.
#include <doctest/doctest.h>

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"
#include "tests/system/traced_clone.hpp"

namespace mini_container::test {
namespace fs = std::filesystem;

namespace {

struct Mount {
  std::string destination;
  std::string rest;  // further lines of its table
};

std::string table(const std::vector<Mount>& mounts, const std::string& root = shared_root()) {
  std::string text = "[rootfs]\npath = \"" + root + "\"\n";
  for (const auto& mount : mounts)
    text += "[[rootfs.mounts]]\ndestination = \"" + mount.destination + "\"\n" + mount.rest + "\n";
  return text;
}

Result shell(const std::string& toml, const std::string& script) {
  const HostUnchanged unchanged;
  return run({"run", "--config", launch_file(toml), "--", "/bin/sh", "-c", script});
}

std::string source(const std::string& path, const std::string& options = {}) {
  return "source = \"" + path + "\"\n" + (options.empty() ? "" : "options = [" + options + "]\n");
}

/// A directory with a file, and a tmpfs with a file mounted below it.
std::string tree_with_mount() {
  const auto tree = fresh_directory();
  write_file("top", "top\n", tree);
  fs::create_directory(tree + "/sub");
  REQUIRE(::mount("below", (tree + "/sub").c_str(), "tmpfs", 0, nullptr) == 0);
  write_file("file", "sub\n", tree + "/sub");
  return tree;
}

std::string refused(const std::string& toml) {
  const auto result = shell(toml, "echo ran");
  CHECK(result.exit_code == 125);
  CHECK(result.out.empty());
  return result.last_error();
}

}  // namespace

TEST_CASE("rootfs.mounts: a source is bound with what is mounted below, or alone") {
  const auto tree = tree_with_mount();
  CHECK(shell(table({{"/mnt", source(tree)}}), "cat /mnt/top /mnt/sub/file").out == "top\nsub\n");
  CHECK(shell(table({{"/mnt", source(tree, "\"rbind\"")}}), "cat /mnt/sub/file").out == "sub\n");
  CHECK(shell(table({{"/mnt", source(tree, "\"bind\"")}}), "ls -A /mnt /mnt/sub").out ==
        "/mnt:\nsub\ntop\n\n/mnt/sub:\n");
  // A file on a file, made where it is missing; the directory keeps the empty mount point.
  CHECK(
      shell(table({{"/run/deep/file", source(tree + "/top")}}, fresh_root()), "cat /run/deep/file")
          .out == "top\n");
  ::umount2((tree + "/sub").c_str(), MNT_DETACH);
}

TEST_CASE("rootfs.mounts: attributes of the mount, and of all below it") {
  const auto tree = tree_with_mount();
  const auto attempt = "touch /mnt/x; touch /mnt/sub/x";
  const auto plain = shell(table({{"/mnt", source(tree, "\"rbind\", \"ro\"")}}), attempt);
  CHECK(plain.err == "touch: /mnt/x: Read-only file system\n");
  const auto all = shell(table({{"/mnt", source(tree, "\"rbind\", \"rro\"")}}), attempt);
  CHECK(all.err ==
        "touch: /mnt/x: Read-only file system\ntouch: /mnt/sub/x: Read-only file system\n");
  const auto top = shell(table({{"/mnt", source(tree, "\"rbind\", \"rro\", \"rw\"")}}), attempt);
  CHECK(top.err == "touch: /mnt/sub/x: Read-only file system\n");
  ::umount2((tree + "/sub").c_str(), MNT_DETACH);
}

TEST_CASE("rootfs.mounts: a read-only path is so with all that is mounted below it") {
  const auto tree = tree_with_mount();
  const auto result =
      shell("[rootfs]\npath = \"" + shared_root() + "\"\nreadonly_paths = [\"/mnt\"]\n" +
                "[[rootfs.mounts]]\ndestination = \"/mnt\"\n" + source(tree, "\"rbind\""),
            "cat /mnt/sub/file; touch /mnt/x; touch /mnt/sub/x");
  CHECK(result.out == "sub\n");
  CHECK(result.err ==
        "touch: /mnt/x: Read-only file system\ntouch: /mnt/sub/x: Read-only file system\n");
  ::umount2((tree + "/sub").c_str(), MNT_DETACH);
}

// What covers a masked file is the host's /dev/null itself.
TEST_CASE("rootfs.mounts: nobody inside changes the host's node by a masked file") {
  const auto result =
      shell("[rootfs]\npath = \"" + shared_root() + "\"\nmasked_paths = [\"/etc/group\"]\n",
            "chmod 666 /etc/group");
  CHECK_MESSAGE(result.err == "chmod: /etc/group: Read-only file system\n", result);
}

TEST_CASE("rootfs.mounts: each attribute shows in the mount table") {
  const auto tree = fresh_directory();
  REQUIRE(::mount("plain", tree.c_str(), "tmpfs", 0, nullptr) == 0);
  struct Row {
    const char* option;
    const char* shown;
  };
  for (const auto& [option, shown] : {Row{"ro", "ro,relatime"},
                                      {"nosuid", "rw,nosuid,relatime"},
                                      {"nodev", "rw,nodev,relatime"},
                                      {"noexec", "rw,noexec,relatime"},
                                      {"noatime", "rw,noatime"},
                                      {"strictatime", "rw"},
                                      {"nodiratime", "rw,nodiratime,relatime"},
                                      {"nosymfollow", "rw,relatime,nosymfollow"},
                                      {"rro", "ro,relatime"},
                                      {"rnosuid", "rw,nosuid,relatime"},
                                      {"rnodev", "rw,nodev,relatime"},
                                      {"rnoexec", "rw,noexec,relatime"},
                                      {"rnoatime", "rw,noatime"},
                                      {"rstrictatime", "rw"},
                                      {"rnodiratime", "rw,nodiratime,relatime"},
                                      {"rnosymfollow", "rw,relatime,nosymfollow"},
                                      {"rw", "rw,relatime"},
                                      {"suid", "rw,relatime"},
                                      {"defaults", "rw,relatime"}}) {
    CAPTURE(std::string(option));
    const auto result =
        shell(table({{"/mnt", source(tree, std::string("\"rbind\", \"") + option + "\"")}}),
              "while read -r a b c d e f g; do [ $e = /mnt ] && echo $f; done < "
              "/proc/self/mountinfo");
    CHECK(result.out == std::string(shown) + "\n");
  }
  ::umount2(tree.c_str(), MNT_DETACH);
}

TEST_CASE("rootfs.mounts: filesystems with their options") {
  const auto result =
      shell(table({{"/mnt",
                    "type = \"tmpfs\"\nlabel = \"mine\"\noptions = [\"nosuid\", \"nodev\", "
                    "\"noexec\", \"size=64K\", \"mode=700\", \"uid=5\"]"}}),
            "grep mine /proc/mounts; stat -c '%a %u' /mnt");
  CHECK(result.out ==
        "mine /mnt tmpfs rw,nosuid,nodev,noexec,relatime,size=64k,mode=700,uid=5 0 0\n700 5\n");
  // With a device, the filesystem itself is read-only, not the mount alone.
  for (const auto& [label, shown] : {std::pair{"mine", "rw\n"}, {"/dev/mine", "ro\n"}})
    CHECK(shell(table({{"/mnt", std::string("type = \"tmpfs\"\nlabel = \"") + label +
                                    "\"\noptions = [\"ro\"]"}}),
                "while read -r a b c d e f g h i j; do [ $e = /mnt ] && echo ${j%%,*}; done < "
                "/proc/self/mountinfo")
              .out == shown);
  const auto error = refused(table({{"/mnt", "type = \"tmpfs\"\noptions = [\"size=big\"]"}}));
  CHECK(error.find("'size=big'") != std::string::npos);
  CHECK(error.find("'/mnt'") != std::string::npos);
  CHECK(refused(table({{"/mnt", "type = \"nosuchfs\""}})).find("nosuchfs") != std::string::npos);
  CHECK(shell(table({{"/mnt", "type = \"nosuchfs\"\noptional = true"}}), "echo ran").out ==
        "ran\n");
}

TEST_CASE("rootfs.mounts: a tmpfs may start with what it covers") {
  const auto root = fresh_root();
  write_file("data", "old\n", root + "/mnt");
  fs::create_symlink("data", root + "/mnt/link");
  fs::create_directory(root + "/mnt/dir");
  REQUIRE(::chown((root + "/mnt/data").c_str(), 3, 4) == 0);
  fs::permissions(root + "/mnt/data", fs::perms(0640));
  const auto result = shell(table({{"/mnt", "type = \"tmpfs\"\noptions = [\"tmpcopyup\"]"}}, root),
                            "stat -c '%n %F %a %u:%g' /mnt/*; cat /mnt/link; echo new > /mnt/data");
  CHECK(result.out ==
        "/mnt/data regular file 640 3:4\n/mnt/dir directory 755 0:0\n/mnt/link symbolic link 777 "
        "0:0\nold\n");
  CHECK(read_file(root + "/mnt/data") == "old\n");
}

TEST_CASE(
    "rootfs.mounts: a tmpfs that starts with what it covers has the mode and owner it asks for") {
  const auto root = fresh_root();
  REQUIRE(::chown((root + "/mnt").c_str(), 3, 4) == 0);
  fs::permissions(root + "/mnt", fs::perms(0711));
  const auto made = [&](const std::string& options) {
    return shell(table({{"/mnt", "type = \"tmpfs\"\noptions = [\"tmpcopyup\"" + options + "]"}},
                       root),
                 "stat -c '%a %u:%g' /mnt")
        .out;
  };
  CHECK(made("") == "711 3:4\n");
  CHECK(made(R"(, "mode=1750")") == "1750 3:4\n");
  CHECK(made(R"(, "size=1m", "uid=7")") == "711 7:4\n");
}

TEST_CASE("rootfs.mounts: a read-only tmpfs has what it covers, and what is mounted in it") {
  const auto root = fresh_root();
  write_file("data", "old\n", root + "/mnt");
  const auto data = fresh_directory();
  write_file("x", "x\n", data);
  const auto result = shell(
      table({{"/mnt", "type = \"tmpfs\"\noptions = [\"tmpcopyup\", \"ro\", \"nosuid\"]"},
             {"/mnt/new/dir", source(data)}},
            root),
      "cat /mnt/data /mnt/new/dir/x; touch /mnt/x || grep ' /mnt ' /proc/mounts | cut -d' ' -f4");
  CHECK_MESSAGE(result.out.starts_with("old\nx\nro,nosuid,"), result);
  const auto again = shell(table({{"/mnt", "type = \"tmpfs\"\noptions = [\"ro\"]"},
                                  {"/mnt", "options = [\"remount\", \"rw\"]"}},
                                 root),
                           "touch /mnt/x && echo made");
  CHECK_MESSAGE(again.out == "made\n", again);
}

// Absolute links in what the launch itself has mounted begin at the container's root, too.
TEST_CASE("rootfs.mounts: a link in a tmpfs that was copied up leads within the root") {
  const auto root = fresh_root();
  fs::create_symlink("/etc", root + "/mnt/link");
  const auto file = write_file("bound", "bound\n");
  const auto result = shell(table({{"/mnt", "type = \"tmpfs\"\noptions = [\"tmpcopyup\"]"},
                                   {"/mnt/link/passwd", source(file)}},
                                  root),
                            "cat /etc/passwd /mnt/link/passwd");
  CHECK_MESSAGE(result.out == "bound\nbound\n", result);
}

// Another container of the same root may exchange names between the look at one and its opening.
TEST_CASE("rootfs.mounts: what is exchanged while a tmpfs copies it leads nowhere") {
  const auto secret = fresh_directory();
  write_file("inner", "secret\n", secret);
  const auto copied = [&](const char* name, const std::function<void(const std::string&)>& put) {
    const auto root = fresh_root();
    write_file("file", "old\n", root + "/mnt");
    fs::create_directory(root + "/mnt/directory");
    const auto output = secret + "/output";
    bool exchanged = false;
    auto argv = runtime_command(
        {"run", "--config",
         launch_file(table({{"/mnt", "type = \"tmpfs\"\noptions = [\"tmpcopyup\"]"}}, root)), "--",
         "/bin/sh", "-c", "cat /mnt/file /mnt/*/inner; echo ran"});
    argv.insert(argv.begin(), {"/usr/bin/timeout", "--signal=KILL", "20"});
    const HostUnchanged unchanged;
    const int exit_code = run_acting_at_open(argv, output, name, [&] {
      fs::remove(root + "/mnt/" + name);
      put(root + "/mnt/" + name);
      exchanged = true;
    });
    CHECK(exchanged);
    CHECK(exit_code == 125);
    auto said = read_file(output);
    CHECK_MESSAGE(said.find("secret") == std::string::npos, said);
    return said;
  };
  const auto fifo =
      copied("file", [](const std::string& path) { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); });
  CHECK_MESSAGE(fifo.find("'file' was replaced while it was copied") != std::string::npos, fifo);
  const auto link =
      copied("file", [&](const std::string& path) { fs::create_symlink(secret + "/inner", path); });
  CHECK_MESSAGE(link.find("open 'file'") != std::string::npos, link);
  const auto directory =
      copied("directory", [&](const std::string& path) { fs::create_symlink(secret, path); });
  CHECK_MESSAGE(directory.find("open 'directory'") != std::string::npos, directory);
}

TEST_CASE("rootfs.mounts: owners are mapped by the mount's own maps") {
  const auto tree = fresh_directory();
  write_file("file", "", tree);
  const std::string maps =
      "uid_mappings = [{container = 0, host = 1234, size = 1}]\n"
      "gid_mappings = [{container = 0, host = 4321, size = 1}]\n";
  CHECK(shell(table({{"/mnt", source(tree) + maps}}), "stat -c '%u %g' /mnt/file").out ==
        "1234 4321\n");
  CHECK(
      refused(table({{"/mnt", source(tree, "\"rbind\", \"idmap\"")}})).find("no user namespace") !=
      std::string::npos);
  CHECK(refused(table({{"/mnt", "type = \"tmpfs\"\n" + maps}})).find("bind") != std::string::npos);
  CHECK(
      refused(table({{"/mnt", source(tree) +
                                  "uid_mappings = [{container = 4294967290, host = 0, size = "
                                  "100}]\ngid_mappings = [{container = 0, host = 0, size = 1}]"}}))
          .find("beyond the last id") != std::string::npos);
}

TEST_CASE("rootfs.mounts: order is the list's, and what is listed replaces a default") {
  const auto one = fresh_directory();
  write_file("name", "one\n", one);
  const auto two = fresh_directory();
  write_file("name", "two\n", two);
  CHECK(shell(table({{"/mnt", source(one)}, {"/mnt", source(two)}}), "cat /mnt/name").out ==
        "two\n");
  CHECK(shell(table({{"/dev/shm", source(one)}}), "cat /dev/shm/name").out == "one\n");
  const auto dev = shell(table({{"/dev", "type = \"tmpfs\"\noptions = [\"size=1M\"]"}}),
                         "grep ' /dev ' /proc/mounts; stat -c %t:%T /dev/null; ls /dev/pts");
  CHECK(dev.out.find("size=1024k") != std::string::npos);
  CHECK(dev.out.find("1:3\nptmx\n") != std::string::npos);
  const auto host_dev = shell(table({{"/dev", source("/dev")}}), "stat -c %t:%T /dev/null");
  CHECK(host_dev.out == "1:3\n");
}

TEST_CASE("rootfs.mounts: a link in the root never leads out of it") {
  const auto root = fresh_root();
  const auto outside = fresh_directory();
  const auto data = fresh_directory();
  write_file("x", "x\n", data);
  fs::create_symlink(outside, root + "/absolute");
  fs::create_symlink("../../../../../../../.." + outside, root + "/relative");
  fs::create_directories(root + outside);
  for (const char* destination : {"/absolute", "/relative", "/mnt/../../../absolute"}) {
    CAPTURE(destination);
    const auto result = shell(table({{destination, source(data)}}, root), "cat " + outside + "/x");
    CHECK(result.out == "x\n");
    CHECK(fs::is_empty(outside));
  }
  // What a path goes through on its way is made as well, and what it then leads to may be there.
  const auto around = shell(table({{"/around/../mnt", source(data)}}, root), "cat /mnt/x");
  CHECK_MESSAGE(around.out == "x\n", around);
  fs::create_symlink("/nowhere/at/all", root + "/dangling");
  CHECK(refused(table({{"/dangling", source(data)}}, root)).find("link to nothing") !=
        std::string::npos);
  fs::create_symlink("circle", root + "/circle");
  CHECK(refused(table({{"/circle", source(data)}}, root)).find("ELOOP") != std::string::npos);
  fs::create_symlink("..", root + "/mnt/up");
  for (const char* destination : {"/", "/mnt/..", "/mnt/up", "/../.."})
    CHECK(refused(table({{destination, source(data)}}, root)).find("is the root itself") !=
          std::string::npos);
  fs::create_symlink("/proc/sys", root + "/into");
  CHECK(refused(table({{"/into", source(data)}}, root)).find("leads to /proc") !=
        std::string::npos);
  CHECK(shell(table({{"/proc/sys", source(data)}}, root), "cat /proc/sys/x").out == "x\n");
  fs::create_symlink("/proc/self/root/etc", root + "/magic");
  CHECK(refused(table({{"/magic", source(data)}}, root)).find("ELOOP") != std::string::npos);
}

TEST_CASE("rootfs.mounts: what is at /proc is proc, and devices are what they claim to be") {
  const auto data = fresh_directory();
  CHECK(refused(table({{"/proc", source(data)}})).find("not a proc filesystem") !=
        std::string::npos);
  CHECK(shell(table({{"/proc", source("/proc")}}), "cat /proc/self/comm").out == "cat\n");
  // A root that brings a /dev of its own, with a file in the place of a device.
  const auto root = fresh_root();
  write_file("null", "", root + "/dev");
  const auto text = "[rootfs]\npath = \"" + root + "\"\ndev = false\n";
  CHECK(shell(text, "ls /dev").out == "null\n");
  CHECK(refused(text + "dev_nodes = true\n").find("'/dev/null' is not the device 1:3") !=
        std::string::npos);
  fs::remove(root + "/dev/null");
  REQUIRE(::mknod((root + "/dev/null").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0);
  CHECK(shell(text + "dev_nodes = true\n", "echo fine").out == "fine\n");
}

TEST_CASE("rootfs.mounts: mistakes are named with their place") {
  const auto data = fresh_directory();
  CHECK(refused(table({{"mnt", source(data)}})).find("not an absolute path") != std::string::npos);
  CHECK(refused(table({{"/mnt", source(data + "/missing")}})).find("optional = true") !=
        std::string::npos);
  CHECK(refused(table({{"/mnt", "options = [\"ro\"]"}})).find("needs a source") !=
        std::string::npos);
  CHECK(refused(table({{"/mnt", source(data, "\"rbind\", \"size=1M\"")}})).find("'size=1M'") !=
        std::string::npos);
  CHECK(refused(table({{"/mnt", source(data, "\"rbind\", \"tmpcopyup\"")}})).find("tmpcopyup") !=
        std::string::npos);
  CHECK(refused(table({{"/etc/passwd", source(data)}})).find("is a file, not a directory") !=
        std::string::npos);
  CHECK(refused(table({{"/mnt", source("/etc/passwd")}})).find("is a directory, not a file") !=
        std::string::npos);
  CHECK(refused(table({{"/mnt", source(data)}})
                    .append("uid_mappings = [{container = 0, host = 1, size = 1}]\n"))
            .find("go together") != std::string::npos);
  CHECK(
      shell(table({{"/mnt/x/y", source(data + "/missing") + "optional = true"}}), "ls /mnt").out ==
      "");
}

TEST_CASE("rootfs.mounts: remount and propagation") {
  const auto data = fresh_directory();
  const auto result = shell(
      table({{"/mnt", source(data)}, {"/mnt", "options = [\"remount\", \"ro\"]"}}), "touch /mnt/x");
  CHECK(result.err == "touch: /mnt/x: Read-only file system\n");
  for (const char* word : {"shared", "rshared", "private", "slave", "unbindable", "rprivate"}) {
    CAPTURE(word);
    const auto line =
        shell(table({{"/mnt", source(data, std::string("\"rbind\", \"") + word + "\"")}}),
              "grep ' /mnt ' /proc/self/mountinfo")
            .out;
    CHECK((line.find("shared:") != std::string::npos) ==
          (std::string(word).find("shared") != std::string::npos));
    CHECK((line.find("unbindable") != std::string::npos) == (std::string(word) == "unbindable"));
  }
}

}  // namespace mini_container::test
