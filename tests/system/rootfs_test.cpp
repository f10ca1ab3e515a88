// SPDX-License-Identifier: Apache-2.0
// The plugin rootfs: what is in the root, seen from inside, and that the host stays as it is.
#include <doctest/doctest.h>

#include <sys/mount.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

namespace mini_container::test {
namespace fs = std::filesystem;

namespace {

Result launch(const std::string& toml, const std::vector<std::string>& command) {
  const HostUnchanged unchanged;
  std::vector<std::string> arguments = {"run", "--config", launch_file(toml), "--"};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return run(arguments);
}

Result shell(const std::string& toml, const std::string& script) {
  return launch(toml, {"/bin/sh", "-c", script});
}

std::string with_root(const std::string& root, const std::string& rest = {}) {
  return "[rootfs]\npath = \"" + root + "\"\n" + rest;
}

}  // namespace

TEST_CASE("rootfs: the root is the directory, and nothing of the host's tree is left") {
  CHECK(run_inside({}, {"ls", "/"}) == "bin\ndev\netc\nmnt\nproc\nroot\nrun\nsys\ntmp\n");
  // Up from the root, through a directory and through a descriptor, is the root.
  CHECK(run_inside({}, {"sh", "-c", "ls -d /../bin /etc/../../bin; cd /; cd ..; pwd"}) ==
        "/../bin\n/etc/../../bin\n/\n");
  CHECK(run_inside({}, {"sh", "-c", "ls /etc/.."}) == run_inside({}, {"ls", "/"}));
  const auto mounts =
      run_inside({"--pid", "--rootfs.masked_paths=", "--rootfs.readonly_paths="},
                 {"sh", "-c", "while read -r a b c; do echo $b; done < /proc/mounts"});
  CHECK(mounts == "/\n/proc\n/sys\n/dev\n/dev/pts\n/dev/shm\n");
}

TEST_CASE("rootfs: the way out of a chroot leads nowhere") {
  const auto climb = [](const std::vector<std::string>& start) {
    auto words = start;
    words.insert(words.end(), {"/bin/attest", "climb", "/tmp/below"});
    return run_program(words).out;
  };
  CHECK(climb({"chroot", shared_root()}) == "climb out\n");  // so the climbing works
  for (const std::vector<std::string>& flags : {std::vector<std::string>{},
                                                {"-p"},
                                                {"--rootfs.overlay"},
                                                {"--read-only"},
                                                {"-p", "--init"}}) {
    CAPTURE(flags);
    auto words = mini_container({"-r", shared_root()});
    words.insert(words.end(), flags.begin(), flags.end());
    CHECK(climb(words) == "climb same\n");
  }
}

TEST_CASE("rootfs: with an overlay or a file too, nothing of the host's tree is left") {
  for (const char* rest :
       {"overlay = true\n", "[[rootfs.files]]\npath = \"/etc/x\"\ncontent = \"\"\n"}) {
    const auto root = fresh_root();
    const auto result = shell(with_root(root, rest), "ls /etc/..; grep -c ' / ' /proc/mounts");
    CHECK(result.out == "bin\ndev\netc\nmnt\nproc\nroot\nrun\nsys\ntmp\n1\n");
  }
}

TEST_CASE("rootfs: without a path it is the host's tree in a private namespace") {
  const auto file = write_file("seen", "host\n");
  const HostUnchanged unchanged;
  CHECK(run({"--rootfs.sys", "--", "/bin/cat", file}).out == "host\n");
  CHECK(run({"--rootfs.sys", "--", "/bin/sh", "-c", "mount -t tmpfs none /mnt && ls -A /mnt"})
            .exit_code == 0);
}

TEST_CASE("rootfs: a read-only root") {
  CHECK(run_inside({"--read-only"}, {"sh", "-c", "touch /x 2>&1; touch /dev/shm/x && echo shm"}) ==
        "touch: /x: Read-only file system\nshm\n");
  const auto host = run({"--rootfs.readonly", "--", "/bin/sh", "-c", "touch /run/x /x /mnt/x"});
  CHECK(host.exit_code != 0);
  CHECK(host.err.find("/run/x': Read-only") != std::string::npos);
}

TEST_CASE("rootfs: /dev holds the standard nodes and links, and they work") {
  const auto listing =
      run_inside({"pid"}, {"sh", "-c",
                           "cd /dev; stat -c '%n %F %t:%T %a' null zero full random urandom tty; "
                           "for i in fd stdin stdout stderr ptmx core; do readlink $i; done; ls"});
  CHECK(
      listing ==
      "null character special file 1:3 666\nzero character special file 1:5 666\n"
      "full character special file 1:7 666\nrandom character special file 1:8 666\n"
      "urandom character special file 1:9 666\ntty character special file 5:0 666\n"
      "/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx\n/proc/kcore\n"
      "core\nfd\nfull\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n");
  CHECK(run_inside({}, {"sh", "-c", "echo x > /dev/null; head -c 4 /dev/zero | wc -c"}) == "4\n");
  CHECK(run_inside({}, {"stat", "-c", "%a", "/dev/shm"}) == "1777\n");
}

TEST_CASE("rootfs: what engines hide is hidden, and what they protect is read-only") {
  const auto seen = run_inside(
      {"pid"},
      {"sh", "-c",
       "for f in acpi asound interrupts kcore keys latency_stats sched_debug scsi timer_list "
       "timer_stats; do [ -e /proc/$f ] || continue; [ -d /proc/$f ] && ls -A /proc/$f && "
       "{ touch /proc/$f/x && echo WRITABLE; }; [ -d /proc/$f ] || head -c 1 /proc/$f; done "
       "2>/dev/null; "
       "ls -A /sys/firmware; for f in bus fs irq sys; do touch -c /proc/$f 2>&1; done; true"});
  CHECK(seen ==
        "touch: /proc/bus: Read-only file system\ntouch: /proc/fs: Read-only file system\n"
        "touch: /proc/irq: Read-only file system\ntouch: /proc/sys: Read-only file system\n");
  const auto write = shell("", "echo x > /proc/sys/kernel/hostname; touch /sys/x");
  CHECK(write.err.find("/proc/sys/kernel/hostname: Read-only") != std::string::npos);
  CHECK(write.err.find("/sys/x: Read-only") != std::string::npos);
}

TEST_CASE("rootfs: every default can be switched off, and lists replaced") {
  const auto root = shared_root();
  const auto off = shell(with_root(root,
                                   "proc = false\nsys = false\ndev = false\nmasked_paths = []\n"
                                   "readonly_paths = []\n"),
                         "echo /proc/* /sys/* /dev/*");
  CHECK(off.out == "/proc/* /sys/* /dev/*\n");
  const auto own = shell(with_root(root,
                                   "masked_paths = [\"/etc/group\", \"/root\", \"/none\"]\n"
                                   "readonly_paths = [\"/tmp\"]\n"),
                         "cat /etc/group; touch /tmp/x; echo fine > /proc/self/comm && echo end");
  CHECK(own.out == "end\n");
  CHECK(own.err.find("/tmp/x: Read-only") != std::string::npos);
}

TEST_CASE("rootfs: an overlay keeps the directory as it is") {
  const auto root = fresh_root();
  const auto result = shell(with_root(root, "overlay = true\n"),
                            "echo new > /etc/new; rm /etc/group; mkdir /made; cat /etc/new; "
                            "[ -e /etc/group ] || echo gone");
  CHECK(result.out == "new\ngone\n");
  CHECK(fs::exists(root + "/etc/group"));
  CHECK(!fs::exists(root + "/etc/new"));
  CHECK(!fs::exists(root + "/made"));
  const auto full = shell(with_root(root, "overlay = true\noverlay_size = \"1M\"\n"),
                          "dd if=/dev/zero of=/big bs=1M count=4");
  CHECK(full.err.find("No space left") != std::string::npos);
}

TEST_CASE("rootfs: an overlay's layer may be kept") {
  const auto root = fresh_root();
  const auto layer = fresh_directory();
  for (const char* name : {"/upper", "/work"}) fs::create_directory(layer + name);
  const auto options = "overlay = true\noverlay_upper = \"" + layer +
                       "/upper\"\noverlay_work = \"" + layer + "/work\"\n";
  CHECK(shell(with_root(root, options), "echo kept > /etc/kept").exit_code == 0);
  CHECK(read_file(layer + "/upper/etc/kept") == "kept\n");
  CHECK(shell(with_root(root, options), "cat /etc/kept").out == "kept\n");
}

TEST_CASE("rootfs: an overlay's layer may have any path") {
  const auto root = fresh_root();
  const std::string names[] = {"a,b", "q\\\"q\\\"", "with space", "back\\\\slash:colon",
                               std::string(200, 'd') + "/" + std::string(200, 'e')};
  for (const std::string& name : names) {
    CAPTURE(name);
    const auto layer = fresh_directory();
    std::string written = name;  // TOML's escapes undone
    for (auto at = written.find('\\'); at != std::string::npos; at = written.find('\\', at + 1))
      written.erase(at, 1);
    for (const char* each : {"/upper", "/work"})
      fs::create_directories(layer + "/" + written + each);
    const auto place = layer + "/" + name;
    const auto options = "overlay = true\noverlay_upper = \"" + place +
                         "/upper\"\noverlay_work = \"" + place + "/work\"\n";
    const auto result = shell(with_root(root, options), "echo kept > /etc/kept");
    CHECK_MESSAGE(result.exit_code == 0, result);
    CHECK(read_file(layer + "/" + written + "/upper/etc/kept") == "kept\n");
  }
  const auto none = shell(with_root(root,
                                    "overlay = true\noverlay_upper = \"/none/up\"\n"
                                    "overlay_work = \"/none/work\"\n"),
                          "true");
  CHECK_MESSAGE(none.err.find("open rootfs.overlay_upper '/none/up': No such file or directory") !=
                    std::string::npos,
                none);
}

TEST_CASE("rootfs: layers that lie in each other are refused with the rule") {
  const auto root = fresh_root();
  const auto layer = fresh_directory();
  for (const char* name : {"/upper", "/upper/in", "/work", "/work/in"})
    REQUIRE(::mkdir((layer + name).c_str(), 0700) == 0);
  for (const auto& [upper, work] : {std::pair{layer + "/upper", layer + "/upper"},
                                    {layer + "/upper", layer + "/upper/in"},
                                    {layer + "/work/in", layer + "/work"},
                                    {root, layer + "/work"}}) {
    const auto options =
        "overlay = true\noverlay_upper = \"" + upper + "\"\noverlay_work = \"" + work + "\"\n";
    const auto result = shell(with_root(root, options), "true");
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find("are two directories on one filesystem") != std::string::npos);
  }
}

TEST_CASE("rootfs: files come with content, mode and owner, and leave the directory alone") {
  const auto root = fresh_root();
  const std::string files =
      "[[rootfs.files]]\npath = \"/etc/group\"\ncontent = \"covered\\n\"\nmode = 0o640\nuid = 7\n"
      "gid = 8\n[[rootfs.files]]\npath = \"/dev/note\"\ncontent = \"in dev\\n\"\n";
  const auto script = "cat /etc/group /dev/note; stat -c '%a %u %g' /etc/group";
  CHECK(shell(with_root(root, files), script).out == "covered\nin dev\n640 7 8\n");
  CHECK(shell(with_root(root, "overlay = true\n" + files), script).out ==
        "covered\nin dev\n640 7 8\n");
  CHECK(read_file(root + "/etc/group").starts_with("root:"));
}

TEST_CASE("rootfs: files come with content in the host's tree, too, and the host keeps its own") {
  const HostUnchanged unchanged;
  const auto before = read_file("/etc/passwd");
  const auto file = write_file("launch.toml",
                               "[container]\ncommand = [\"cat\", \"/etc/passwd\"]\n[rootfs]\n"
                               "[[rootfs.files]]\npath = \"/etc/passwd\"\ncontent = \"mine\\n\"\n");
  const auto result = run({"run", "--config", file});
  CHECK_MESSAGE(result.exit_code == 0, result);
  CHECK(result.out == "mine\n");
  CHECK(read_file("/etc/passwd") == before);
}

TEST_CASE("rootfs: directories are made where nothing is, also in a read-only root") {
  const auto root = fresh_root();
  fs::create_symlink("/nowhere", root + "/etc/dangling");
  write_file("file", "as it was", root + "/etc");
  const auto made = shell(with_root(root, R"(readonly = true
directories = ["/made/here", "/tmp/below", "/etc/file", "/etc", "/proc/self/cwd"]
[[rootfs.mounts]]
destination = "/tmp"
type = "tmpfs"
)"),
                          "stat -c '%a %u:%g %F' /made /made/here /tmp/below; cat /etc/file; "
                          "touch /made/here/x || echo read-only");
  INFO(made);
  CHECK(made.out ==
        "755 0:0 directory\n755 0:0 directory\n755 0:0 directory\nas it wasread-only\n");
  CHECK(fs::is_directory(root + "/made/here"));
  CHECK_FALSE(fs::exists(root + "/tmp/below"));
  const auto dangling = shell(with_root(root, R"(directories = ["/etc/dangling"])"), "exit 0");
  CHECK(dangling.exit_code == 125);
  CHECK(dangling.err.find("a symbolic link to nothing") != std::string::npos);
  CHECK_FALSE(fs::exists("/nowhere"));
}

TEST_CASE("rootfs: propagation goes one way, or not at all") {
  const auto root = fresh_root();
  REQUIRE(::mount(nullptr, "/run", nullptr, MS_SHARED, nullptr) == 0);
  for (const auto& [word, reaches] :
       {std::pair{"rslave", true}, {"slave", true}, {"rprivate", false}, {"unbindable", false}}) {
    CAPTURE(word);
    Process container(
        mini_container({"--rootfs.path", root, "--rootfs.propagation", word, "--", "/bin/sh", "-c",
                        "mount -t tmpfs inner /tmp; echo up; read line; "
                        "grep -c late /proc/mounts"}));
    REQUIRE(container.wait_for("up"));
    CHECK(read_file("/proc/mounts").find("inner") == std::string::npos);
    REQUIRE(::mount("late", (root + "/mnt").c_str(), "tmpfs", 0, nullptr) == 0);
    container.close_input();
    CHECK(container.finish().out == (reaches ? "up\n1\n" : "up\n0\n"));
    ::umount2((root + "/mnt").c_str(), MNT_DETACH);
  }
  // What is mounted below a shared mount stays there when the container detaches its old root.
  const auto below = fresh_directory();
  REQUIRE(::mount("below", below.c_str(), "tmpfs", 0, nullptr) == 0);
  for (const char* word : {"shared", "rshared"}) {
    CAPTURE(word);
    CHECK(run({"--rootfs.path", root, "--rootfs.propagation", word, "--", "/bin/sh", "-c",
               "grep ' / / \\| / rw' /proc/self/mountinfo | grep -c shared:"})
              .out != "0\n");
    CHECK(read_file("/proc/mounts").find("below " + below + " tmpfs") != std::string::npos);
  }
  ::umount2(below.c_str(), MNT_DETACH);
  CHECK(read_file("/proc/mounts").find(root) == std::string::npos);
  ::mount(nullptr, "/run", nullptr, MS_PRIVATE, nullptr);
}

TEST_CASE("rootfs: a root that cannot be is refused, and nothing is touched") {
  const auto refused = [](const std::string& root) {
    const auto result = launch(with_root(root), {"/bin/true"});
    CHECK(result.exit_code == 125);
    CHECK(result.err.find('\n') == result.err.size() - 1);
    return result.last_error();
  };
  const auto place = fresh_directory();
  CHECK(refused(place + "/missing").find("ENOENT") != std::string::npos);
  CHECK(refused(write_file("file", "", place)).find("not a directory") != std::string::npos);
  fs::create_symlink("loop", place + "/loop");
  CHECK(refused(place + "/loop").find("ELOOP") != std::string::npos);
  for (const char* name : {"proc", "sys", "dev"}) {
    CAPTURE(name);
    for (const char* kind : {"a symbolic link", "a file", "a FIFO"}) {
      const auto root = fresh_root();
      const auto path = root + "/" + name;
      fs::remove(path);
      if (std::string(kind) == "a symbolic link") fs::create_symlink("/etc", path);
      if (std::string(kind) == "a file") write_file(name, "", root);
      if (std::string(kind) == "a FIFO") REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
      const auto error = refused(root);
      CHECK(error.find(std::string("'/") + name + "' in the root") != std::string::npos);
      CHECK(error.find(kind) != std::string::npos);
      // The harmless twin: without that default, or with a directory.
      CHECK(launch(with_root(root, std::string(name) + " = false\n"), {"/bin/true"}).exit_code ==
            0);
    }
  }
}

TEST_CASE("rootfs: a directory that is exchanged while the container starts is noticed") {
  const auto root = fresh_root();
  const auto result =
      launch(with_root(root) +
                 "[[hooks.create_runtime]]\npath = \"/bin/sh\"\nargs = [\"sh\", \"-c\", "
                 "\"mv " +
                 root + " " + root + ".old; ln -s / " + root + "\"]\n",
             {"/bin/true"});
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("was replaced while the container started") != std::string::npos);
}

TEST_CASE("rootfs: what masks must be the host's null device") {
  const auto result = launch(with_root(shared_root()) +
                                 "[[hooks.create_container]]\npath = \"/bin/sh\"\nargs = [\"sh\", "
                                 "\"-c\", \"mount --bind /etc/passwd /dev/null\"]\nenv = "
                                 "[\"PATH=/usr/bin:/bin\"]\n",
                             {"/bin/true"});
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("'/dev/null' is not the device 1:3") != std::string::npos);
}

TEST_CASE("rootfs: what a plugin mounts before the pivot does not reach the host") {
  REQUIRE(::mount(nullptr, "/", nullptr, MS_SHARED | MS_REC, nullptr) == 0);
  const auto result = launch(with_root(shared_root()) +
                                 "[[hooks.create_container]]\npath = \"/bin/sh\"\nargs = [\"sh\", "
                                 "\"-c\", \"mount -t tmpfs leak /mnt\"]\nenv = "
                                 "[\"PATH=/usr/bin:/bin\"]\n",
                             {"/bin/echo", "ran"});
  CHECK(result.out == "ran\n");
  CHECK(read_file("/proc/mounts").find("leak") == std::string::npos);
  ::mount(nullptr, "/", nullptr, MS_PRIVATE | MS_REC, nullptr);
}

TEST_CASE("rootfs: missing mount points are made, or named where they cannot be") {
  const auto root = fresh_root();
  for (const char* name : {"proc", "sys", "dev"}) fs::remove(root + "/" + name);
  CHECK(launch(with_root(root), {"/bin/true"}).exit_code == 0);
  for (const char* name : {"proc", "sys", "dev"}) fs::remove(root + "/" + name);
  REQUIRE(::mount(root.c_str(), root.c_str(), nullptr, MS_BIND, nullptr) == 0);
  REQUIRE(::mount(nullptr, root.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  const auto result = launch(with_root(root), {"/bin/true"});
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("'/proc' is missing") != std::string::npos);
  CHECK(result.last_error().find("create the directory") != std::string::npos);
  CHECK(launch(with_root(root, "overlay = true\n"), {"/bin/true"}).exit_code == 0);
  ::umount2(root.c_str(), MNT_DETACH);
}

TEST_CASE("rootfs: options that do not go together are refused") {
  for (const auto& [text, word] :
       {std::pair{"[rootfs]\noverlay = true\n", "rootfs.overlay"},
        {"[rootfs]\nidmap = \"container\"\n", "rootfs.idmap"},
        {"[rootfs]\npath = \"/run\"\noverlay_size = \"1M\"\n", "rootfs.overlay_size"},
        {"[rootfs]\npath = \"/run\"\noverlay = true\noverlay_upper = \"/run\"\n", "go together"},
        {"[rootfs]\npath = \"/run\"\npropagation = \"up\"\n", "rootfs.propagation"},
        {"[rootfs]\npath = \"/run\"\nmasked_paths = [\"proc\"]\n", "absolute"}}) {
    const auto result = launch(text, {"/bin/true"});
    CAPTURE(result.err);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find(word) != std::string::npos);
  }
}

TEST_CASE("rootfs: the host's own mount namespace is not joined, which would lose its tree") {
  for (const char* verb : {"run", "validate"}) {
    const auto result = run(
        {verb, "--config",
         launch_file("[rootfs]\npath = \"" + shared_root() + "\"\njoin = \"/proc/self/ns/mnt\"\n"),
         "--", "/bin/true"});
    CAPTURE(result.err);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find("launch.toml:3:1: '/proc/self/ns/mnt' is the host's own mount "
                                   "namespace") != std::string::npos);
  }
  CHECK(read_file("/proc/self/mountinfo").find(shared_root()) == std::string::npos);
  CHECK(::access("/proc/1/comm", F_OK) == 0);
}

}  // namespace mini_container::test
