// SPDX-License-Identifier: Apache-2.0
// Roots that are meant to lead the runtime out of them, or to make it write to the wrong file:
// nothing of the host is touched, and the container is refused or confined. Their harmless twins
// start.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "mini_container/own_proc.hpp"
#include "tests/oci/bundle.hpp"

using namespace mini_container;
using namespace mini_container::test;
namespace fs = std::filesystem;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A bundle with a root of its own that runs `script` in a shell.
Bundle script_bundle(const std::string& script) {
  Bundle bundle{fresh_root()};
  bundle.set("process.args", R"(["sh", "-c", ")" + script + R"("])");
  return bundle;
}

void drop_mount(Bundle& bundle, const std::string& destination) {
  std::erase_if(*find_value(bundle.config(), "mounts")->as<List>(), [&](Value& mount) {
    return mount.find("destination")->as<std::string>()->starts_with(destination);
  });
}

Result run_bundle(Bundle& bundle, RunOptions options = {}) {
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  bundle.write();
  return run({"run", "-b", bundle.directory(), id}, std::move(options));
}

void check_refused(Bundle& bundle, const std::string& reason) {
  const auto result = run_bundle(bundle);
  INFO(result);
  CHECK(result.exit_code == 1);
  CHECK(result.err.find('\n') + 1 == result.err.size());
  CHECK(has(result.err, reason));
}

std::size_t entries_of(const std::string& directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("a /dev that is a link to outside gets no device there") {
  const auto outside = fresh_directory();
  for (const bool with_tmpfs : {true, false}) {
    auto bundle = script_bundle("exit 0");
    if (!with_tmpfs) drop_mount(bundle, "/dev");
    fs::remove_all(bundle.root() + "/dev");
    fs::create_symlink(outside, bundle.root() + "/dev");
    const auto result = run_bundle(bundle);
    INFO(result);
    CHECK(entries_of(outside) == 0);
  }
  auto twin = script_bundle("test -c /dev/null");
  CHECK(run_bundle(twin).exit_code == 0);
}

TEST_CASE("what masks is the host's /dev/null, whatever the image has at its place") {
  auto bundle = script_bundle("cat /secret; cat /link; ls /hidden; exit 0");
  drop_mount(bundle, "/dev");
  write_file("secret", "the secret", bundle.root());
  write_file("other", "another secret", bundle.root());
  fs::create_directory(bundle.root() + "/hidden");
  write_file("file", "", bundle.root() + "/hidden");
  fs::create_symlink("other", bundle.root() + "/link");
  fs::create_symlink("/secret", bundle.root() + "/dev/null");
  bundle.set("linux.maskedPaths", R"(["/secret", "/link", "/hidden", "/not/there"])");
  bundle.add("mounts", R"({"destination": "/dev", "type": "tmpfs", "source": "tmpfs"})");
  const auto masked = run_bundle(bundle);
  INFO(masked);
  CHECK(masked.exit_code == 0);
  CHECK(masked.out.empty());
  CHECK(read_file(bundle.root() + "/secret") == "the secret");
  bundle.set("linux.maskedPaths", "[]");
  CHECK(has(run_bundle(bundle).out, "the secret"));
}

TEST_CASE("a read-only path by way of a link is what the link leads to in the root") {
  const auto outside = fresh_directory();
  auto bundle = script_bundle("touch /inner/a 2>/dev/null && exit 5; exit 0");
  fs::create_directory(bundle.root() + "/inner");
  fs::create_symlink("inner", bundle.root() + "/link");
  fs::create_symlink(outside, bundle.root() + "/away");
  bundle.set("linux.readonlyPaths", R"(["/link", "/away", "/../../proc/sys"])");
  CHECK(run_bundle(bundle).exit_code == 0);
  bundle.set("linux.readonlyPaths", "[]");
  CHECK(run_bundle(bundle).exit_code == 5);
}

TEST_CASE("a /dev/console that is something else is refused, and not followed") {
  const auto outside = fresh_directory();
  for (const std::string kind : {"link", "directory", "fifo", "file"}) {
    auto bundle = script_bundle("exit 0");
    INFO(kind);
    fs::create_directory(bundle.root() + "/image");
    const auto console = bundle.root() + "/image/console";
    if (kind == "link") fs::create_symlink(outside + "/target", console);
    if (kind == "directory") fs::create_directory(console);
    if (kind == "fifo") ::mkfifo(console.c_str(), 0600);
    if (kind == "file") write_file("console", "", bundle.root() + "/image");
    fs::create_directory(bundle.root() + "/image/pts");
    drop_mount(bundle, "/dev");
    bundle.add("mounts",
               R"({"destination": "/dev", "type": "bind", "options": ["rbind"], "source": ")" +
                   bundle.root() + R"(/image"})");
    bundle.add("mounts", R"({"destination": "/dev/pts", "type": "devpts", "source": "devpts",
        "options": ["newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]})");
    bundle.set("process.terminal", "true");
    const auto result = run_bundle(bundle);
    INFO(result);
    CHECK((result.exit_code == 0 || has(result.err, "/dev/console")));
    if (kind == "link" || kind == "directory") CHECK(result.exit_code == 1);
    CHECK(entries_of(outside) == 0);
  }
}

TEST_CASE("a /proc that is not a directory is refused") {
  for (const std::string kind : {"link", "file", "fifo"}) {
    auto bundle = script_bundle("exit 0");
    const auto proc = bundle.root() + "/proc";
    fs::remove(proc);
    if (kind == "link") fs::create_symlink("/tmp", proc);
    if (kind == "file") write_file("proc", "", bundle.root());
    if (kind == "fifo") ::mkfifo(proc.c_str(), 0600);
    INFO(kind);
    check_refused(bundle, "'/proc'");
  }
  auto twin = script_bundle("test -d /proc/self");
  CHECK(run_bundle(twin).exit_code == 0);
}

TEST_CASE("mount points by way of links and dots are made in the root, or not at all") {
  const auto outside = fresh_directory();
  auto bundle = script_bundle("exit 0");
  fs::create_symlink(outside, bundle.root() + "/away");
  fs::create_symlink("/nowhere/at/all", bundle.root() + "/dangling");
  fs::create_symlink("loop", bundle.root() + "/loop");
  const auto mount = [](const std::string& destination) {
    return R"({"type": "tmpfs", "source": "tmpfs", "destination": ")" + destination + R"("})";
  };
  for (const auto& destination :
       {std::string("/away"), std::string("/away/in"), "/../../.." + outside, outside + "/../x",
        std::string("/dangling"), std::string("/dangling/in"), std::string("/loop"),
        std::string("/proc/self/cwd/in"), std::string("/proc/1/root/in")}) {
    INFO(destination);
    bundle.add("mounts", mount(destination));
    const auto result = run_bundle(bundle);
    INFO(result);
    CHECK((result.exit_code == 0 || result.exit_code == 1));
    CHECK(entries_of(outside) == 0);
    CHECK(!fs::exists("/nowhere"));
    find_value(bundle.config(), "mounts")->as<List>()->pop_back();
  }
}

TEST_CASE("nothing covers /proc by way of dots") {
  auto bundle = script_bundle("exit 0");
  bundle.add("mounts", R"({"type": "tmpfs", "source": "x", "destination": "/proc/self/.."})");
  const auto result = run_bundle(bundle);
  INFO(result);
  CHECK(result.exit_code == 1);
  CHECK(has(result.err, "'/proc/self/..' in the root leads to /proc itself"));
  find_value(bundle.config(), "mounts")->as<List>()->pop_back();
  CHECK(run_bundle(bundle).exit_code == 0);
}

TEST_CASE("a directory that is exchanged for a link while the container starts") {
  const auto outside = fresh_directory();
  auto bundle = script_bundle("exit 0");
  const auto directory = bundle.root() + "/swap";
  const auto link = bundle.root() + "/link";
  fs::create_directory(directory);
  fs::create_symlink(outside, link);
  write_file("secret", "kept", bundle.root() + "/swap");
  for (const char* entry :
       {R"({"type": "tmpfs", "source": "tmpfs", "destination": "/swap/in/side"})",
        R"({"type": "bind", "options": ["bind"], "source": "/etc", "destination": "/swap/bound"})"})
    bundle.add("mounts", entry);
  bundle.set("linux.maskedPaths", R"(["/swap/secret"])").set("linux.readonlyPaths", R"(["/swap"])");
  bundle.add("linux.devices", R"({"path": "/swap/null", "type": "c", "major": 1, "minor": 3})");
  std::atomic<bool> stop = false;
  std::thread swapper([&] {
    while (!stop) {
      ::renameat2(AT_FDCWD, directory.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE);
      std::this_thread::yield();
    }
  });
  int started = 0;
  for (int round = 0; round < (thorough() ? 1000 : 40); ++round) {
    const auto result = run_bundle(bundle);
    INFO("round " << round << ": " << result);
    CHECK((result.exit_code == 0 || result.exit_code == 1));
    CHECK(entries_of(outside) == 0);
    if (result.exit_code == 0) ++started;
  }
  stop = true;
  swapper.join();
  MESSAGE(started << " started");
}

TEST_CASE("a directory of the host that the caller left open is no working directory") {
  const mc::Fd host(::open("/", O_RDONLY | O_DIRECTORY));
  REQUIRE(::dup2(host.get(), 7) == 7);
  const mc::Fd leaked(7);
  auto bundle = script_bundle("test ! -e /proc/self/fd/7");
  for (const std::string cwd :
       {"/proc/self/fd/7", "/proc/1/fd/7", "/proc/self/fd/7/..", "/proc/thread-self/fd/7"}) {
    bundle.set("process.cwd", '"' + cwd + '"');
    bundle.write();
    const auto id = fresh_id();
    const NothingLeft nothing(id);
    const auto result = run({"run", "-b", bundle.directory(), id}, {.keep = {7}});
    INFO(cwd << ": " << result);
    CHECK(result.exit_code == 1);
    CHECK(has(result.err, "container.cwd"));
  }
  bundle.set("process.cwd", R"("/tmp/..")");
  CHECK(run_bundle(bundle, {.keep = {7}}).exit_code == 0);
}

TEST_CASE("a kernel parameter goes to the kernel, not to what the image has at its place") {
  auto bundle = script_bundle("exit 0");
  const auto fake = write_file("fake", "untouched");
  bundle.add("mounts", R"({"destination": "/proc/sys/kernel/shmmni", "type": "bind",
      "options": ["bind"], "source": ")" +
                           fake + R"("})");
  bundle.set("linux.sysctl", R"({"kernel.shmmni": "99"})");
  const auto result = run_bundle(bundle);
  INFO(result);
  CHECK(read_file(fake) == "untouched");
  auto twin = script_bundle("cat /proc/sys/kernel/shmmni");
  twin.set("linux.sysctl", R"({"kernel.shmmni": "99"})");
  CHECK(run_bundle(twin).out == "99\n");
}

TEST_CASE("a label goes to its own attribute, over nothing that is mounted there") {
  const auto open_attribute = [] { return mc::open_in_proc("thread-self/attr/exec", O_WRONLY); };
  CHECK(open_attribute().valid());
  const auto own = std::to_string(::getpid());
  const auto attribute = "/proc/" + own + "/task/" + own + "/attr/exec";
  // Of procfs too, and takes what is written without a word.
  REQUIRE(::mount("/proc/self/sched", attribute.c_str(), nullptr, MS_BIND, nullptr) == 0);
  CHECK_THROWS_AS(static_cast<void>(open_attribute()), mc::Error);
  ::umount2(attribute.c_str(), MNT_DETACH);
  CHECK(open_attribute().valid());
}

TEST_CASE("users that are none are refused") {
  for (const std::string user : {"4294967296", "4294967295", "-1", "\"0x0\"", "1.5", "\"root\""}) {
    Bundle bundle;
    bundle.set("process.user.uid", user);
    INFO(user);
    check_refused(bundle, "process.user.uid");
  }
  Bundle twin;
  twin.set("process.user.uid", "4294967294").set("process.args", R"(["true"])");
  CHECK(run_bundle(twin).exit_code == 0);
}

TEST_CASE("ids that are none are refused, and touch nothing") {
  const auto bundle = Bundle().write();
  const HostUnchanged unchanged;
  for (const std::string& id :
       {std::string(), std::string("."), std::string(".."), std::string("../x"), std::string("a/b"),
        std::string("/abs"), std::string("a\nb"), std::string("a b"), std::string("-x"),
        std::string("\xff"), std::string(256, 'x'), std::string(5000, 'x')})
    for (const char* verb :
         {"create", "run", "start", "state", "kill", "delete", "exec", "pause"}) {
      std::vector<std::string> words = {verb};
      if (words[0] == "create" || words[0] == "run")
        words.insert(words.end(), {"-b", bundle.directory()});
      words.insert(words.end(), {"--", id});
      if (words[0] == "exec") words.emplace_back("true");
      const auto result = run(words);
      INFO(std::string(verb) << " '" << id.substr(0, 20) << "': " << result);
      CHECK(result.exit_code > 0);
      CHECK(result.exit_code <= 125);
      CHECK(!result.err.empty());
    }
}
