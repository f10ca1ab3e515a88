// SPDX-License-Identifier: Apache-2.0
// ctest: RESOURCE_LOCK cgroups
// What bad input gets: one line that says what, where and what to do; nothing touched; 125.
#include <doctest/doctest.h>

#include <elf.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

/// Checks that the launch is refused with one line that holds every part.
void refused(const Words& arguments, const Words& parts, int exit_code = 125) {
  const HostUnchanged unchanged;
  const auto result = run(arguments);
  CAPTURE(arguments);
  INFO(result);
  CHECK(result.exit_code == exit_code);
  CHECK(result.out.empty());
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  CHECK(result.err.size() < 4096);
  for (const auto& part : parts) {
    CAPTURE(part);
    CHECK(result.err.find(part) != std::string::npos);
  }
}

void refused_file(const std::string& text, const Words& parts) {
  refused({"run", "--config", launch_file("[container]\ncommand = [\"true\"]\n" + text)}, parts);
}

void refused_root(const std::string& root, const Words& parts) {
  refused({"-r", root, "-p", "true"}, parts);
}

/// A program of this machine that does nothing but name its interpreter, behind other headers.
std::string elf_file(const std::string& interpreter, std::size_t headers_before,
                     unsigned char stated_class) {
  Elf64_Ehdr head;
  std::memcpy(&head, read_file("/proc/self/exe").data(), sizeof head);
  std::vector<Elf64_Phdr> segments(headers_before + 2);
  head.e_ident[EI_CLASS] = stated_class;
  head.e_type = ET_EXEC;
  head.e_phoff = sizeof head;
  head.e_phnum = static_cast<Elf64_Half>(segments.size());
  for (auto& segment : segments) segment.p_type = PT_NOTE;
  const auto name_at = sizeof head + segments.size() * sizeof(Elf64_Phdr);
  auto& named = segments[headers_before];
  named.p_type = PT_INTERP;
  named.p_offset = name_at;
  named.p_filesz = interpreter.size() + 1;
  auto& loaded = segments.back();
  loaded.p_type = PT_LOAD;
  loaded.p_flags = PF_R | PF_X;
  loaded.p_vaddr = 0x400000;
  loaded.p_filesz = loaded.p_memsz = name_at + named.p_filesz;
  loaded.p_align = 0x1000;
  std::string out(reinterpret_cast<const char*>(&head), sizeof head);
  out.append(reinterpret_cast<const char*>(segments.data()), segments.size() * sizeof(Elf64_Phdr));
  return out + interpreter + '\0';
}

std::string in_directory(const std::string& name) { return fresh_directory() + "/" + name; }

}  // namespace

TEST_CASE("an unknown table, key or flag names the nearest right one") {
  refused_file("[utz]\nhostname = \"x\"\n", {"launch.toml:3:", "utz", "uts"});
  refused_file("[uts]\nhostnmae = \"x\"\n", {"launch.toml:4:1", "uts.hostnmae", "'hostname'"});
  refused_file("[container.x]\n", {"launch.toml:3:", "x"});
  refused({"-r", shared_root(), "--hostnam", "x", "true"}, {"--hostnam", "--hostname"});
  refused({"-r", shared_root(), "--set", "uts.hostnmae=x", "true"}, {"uts.hostnmae", "hostname"});
  refused({"-r", shared_root(), "--set", "utz.hostname=x", "true"}, {"utz", "uts"});
}

TEST_CASE("a wrong type, a number out of range and a duplicate key are refused with their place") {
  refused_file("[uts]\nhostname = 5\n", {"launch.toml:4:", "uts.hostname", "string"});
  refused_file("[rootfs]\npath = \"/\"\n[container.env]\nA = 5\n", {"launch.toml:6:", "string"});
  refused_file("[ipc]\nmsg_max = 0\n", {"launch.toml:4:", "ipc.msg_max", "1"});
  refused_file("[ipc]\nmsg_max = 99999999999999999999\n", {"launch.toml:4:"});
  refused_file("[uts]\nhostname = \"a\"\nhostname = \"b\"\n", {"launch.toml:5:", "hostname"});
  refused_file("[uts]\n[uts]\n", {"launch.toml:4:", "uts"});
  refused_file("[uts\n", {"launch.toml:3:"});
  refused_file("uts = 5\n", {"launch.toml:3:"});
}

TEST_CASE("NUL, a large file, a deep file and no file are refused") {
  refused_file("[uts]\nhostname = \"a\\u0000b\"\n", {"launch.toml:4:", "NUL"});
  refused_file(std::string("[uts]\nhostname = \"a\0b\"\n", 24), {"launch.toml:4:"});
  refused_file(std::string(10 << 20, '#') + "\n", {"launch.toml", "1"});
  refused_file("[uts]\nhostname = " + std::string(10000, '[') + std::string(10000, ']') + "\n",
               {"launch.toml:4:"});
  refused({"run", "--config", "/nosuch.toml"}, {"/nosuch.toml", "ENOENT"});
  refused({"run", "--config", fresh_directory()}, {"/run/test/"});
  const auto fifo = in_directory("fifo");
  ::mkfifo(fifo.c_str(), 0600);
  refused({"run", "--config", fifo}, {fifo});
  refused({"run", "--config", write_file("empty.toml", "")}, {"command"});
  refused({"run", "--config", write_file("bad.toml", "a = \"\xff\xfe\"\n")}, {"bad.toml:1:"});
}

TEST_CASE("a file that extends itself is refused") {
  const auto directory = fresh_directory();
  write_file("a.toml", "extends = \"b.toml\"\n", directory);
  write_file("b.toml", "extends = \"a.toml\"\n", directory);
  refused({"run", "--config", directory + "/a.toml"}, {"a.toml", "circle"});
  write_file("self.toml", "extends = \"link.toml\"\n", directory);
  fs::create_symlink("self.toml", directory + "/link.toml");
  refused({"run", "--config", directory + "/self.toml"}, {"link.toml", "circle"});
  write_file("none.toml", "extends = \"\"\n", directory);
  refused({"run", "--config", directory + "/none.toml"}, {"none.toml:1:1", "empty"});
  for (int i = 0; i < 20; ++i)
    write_file("long" + std::to_string(i) + ".toml",
               "extends = \"long" + std::to_string(i + 1) + ".toml\"\n", directory);
  refused({"run", "--config", directory + "/long0.toml"}, {"more than 16 files"});
  write_file("c.toml", "extends = \"nosuch.toml\"\n", directory);
  refused({"run", "--config", directory + "/c.toml"}, {"nosuch.toml", "c.toml:1:"});
}

TEST_CASE("a root that is missing, a file, a loop or closed is refused") {
  refused_root("/nosuch/root", {"/nosuch/root", "ENOENT"});
  refused_root(write_file("file", ""), {"file", "ENOTDIR"});
  const auto loop = in_directory("loop");
  fs::create_symlink(loop, loop);
  refused_root(loop, {loop, "ELOOP"});
  refused_root("", {"root"});
}

TEST_CASE("a root that the user may not enter is refused") {
  const auto closed = fresh_directory();
  fs::permissions(closed, fs::perms::none);
  const auto result = run({"-r", closed, "true"}, {.uid = 1000});
  INFO(result);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("EACCES") != std::string::npos);
}

TEST_CASE("/proc, /sys or /dev of the root that is no directory is refused, and its twin starts") {
  for (const char* name : {"proc", "dev", "sys"}) {
    for (const char* kind : {"symlink", "file", "fifo"}) {
      CAPTURE(name);
      CAPTURE(kind);
      const auto root = fresh_root();
      const auto path = root + "/" + name;
      fs::remove(path);
      if (std::string(kind) == "symlink") fs::create_symlink("/tmp", path);
      if (std::string(kind) == "file") write_file(name, "", root);
      if (std::string(kind) == "fifo") ::mkfifo(path.c_str(), 0600);
      refused_root(root, {std::string("/") + name});
      fs::remove(path);
      fs::create_directory(path);
      CHECK(run({"-r", root, "-p", "true"}).exit_code == 0);
    }
  }
}

TEST_CASE("a host name that is empty or over 64 bytes is refused; 64 bytes are taken") {
  const std::string full(64, 'x');
  refused({"-r", shared_root(), "--hostname", "", "true"}, {"hostname"});
  refused({"-r", shared_root(), "--hostname", full + "x", "true"}, {"hostname", "64"});
  refused({"-r", shared_root(), "--domain", full + "x", "true"}, {"64"});
  CHECK(value(run_inside({"--hostname=" + full}, {"attest", "names"}), "hostname") == full);
}

TEST_CASE("a command that cannot run says why") {
  const auto root = fresh_root();
  const auto try_command = [&](const std::string& command, const Words& parts, int code) {
    refused({"-r", root, "-p", "--", command}, parts, code);
  };
  try_command("nosuch", {"nosuch", "PATH"}, 127);
  try_command("/bin/nosuch", {"/bin/nosuch", "ENOENT"}, 127);
  try_command("/tmp", {"/tmp", "directory"}, 126);
  try_command("/etc/passwd", {"/etc/passwd", "not executable"}, 126);
  try_command("", {"command"}, 127);
  try_command("/" + std::string(300, 'x'), {"no name that a file can have", "ENAMETOOLONG"}, 126);
  const auto write_program = [&](const char* name, const std::string& text) {
    fs::permissions(write_file(name, text, root + "/mnt"), fs::perms::all);
  };
  write_program("text", "just text\n");
  try_command("/mnt/text", {"/mnt/text", "ENOEXEC"}, 126);
  fs::create_symlink("loop", root + "/mnt/loop");
  try_command("/mnt/loop", {"/mnt/loop"}, 126);
  refused({"-r", root}, {"command"});
}

TEST_CASE("a mistyped verb, which is a command that nobody finds, is told the nearest one") {
  const auto mistyped = run({"vaildate", "launch.toml"});
  CHECK(mistyped.exit_code == 127);
  CHECK_MESSAGE(mistyped.err.find("'vaildate': executable file not found") != std::string::npos,
                mistyped);
  CHECK_MESSAGE(mistyped.err.ends_with("; the nearest verb is validate\n"), mistyped);
  const auto other = run({"nosuchprogram", "launch.toml"});
  CHECK(other.exit_code == 127);
  CHECK_MESSAGE(other.err.find("verb") == std::string::npos, other);
  // Behind flags it was meant as a command.
  CHECK(run({"-p", "vaildate"}).err.find("verb") == std::string::npos);
}

TEST_CASE("an interpreter that is missing is named, with and without an init") {
  const auto root = fresh_root();
  const auto write_program = [&](const char* name, const std::string& text) {
    fs::permissions(write_file(name, text, root + "/mnt"), fs::perms::all);
  };
  write_program("script", "#!/opt/interpreter -x\n");
  write_program("spaced", "#! \t/opt/interpreter\t-x\n");
  write_program("chain", "#!/mnt/script\n");
  write_program("returns", "#!/bin/sh\r\n");
  write_program("relative", "#!interpreter");
  write_program("plain", "#!/etc/passwd\n");
  write_program("directory", "#!/tmp\n");
  fs::copy_file("/bin/ls", root + "/mnt/dynamic");
  for (const Words& init : {Words{}, Words{"--init"}}) {
    const auto try_command = [&](const std::string& name, const Words& parts, int code) {
      Words words = {"-r", root, "-p"};
      words.insert(words.end(), init.begin(), init.end());
      words.insert(words.end(), {"--", "/mnt/" + name});
      refused(words, parts, code);
    };
    for (const char* name : {"script", "spaced", "chain"})
      try_command(name, {"/mnt/", "'/opt/interpreter' is missing"}, 127);
    try_command("returns", {"'/bin/sh?' is missing", "newline"}, 127);
    try_command("relative", {"'interpreter' is missing"}, 127);
    try_command("dynamic", {"'" + host_loader() + "' is missing"}, 127);
    try_command("plain", {"'/etc/passwd' is not executable"}, 126);
    try_command("directory", {"'/tmp' is a directory"}, 126);
  }
}

TEST_CASE("an ELF file's interpreter is seen however the file hides it") {
  const auto root = fresh_root();
  // More headers than are read at once, a long name, and a class that is not what the kernel reads.
  struct Hidden {
    std::string name;
    std::size_t headers_before;
    std::string prefix;
    unsigned char stated_class;
  };
  for (const Hidden& hidden : {Hidden{"plain", 0, "/", ELFCLASS64},
                               {"many", 40, "/", ELFCLASS64},
                               {"long", 0, "/" + std::string(600, '/'), ELFCLASS64},
                               {"class", 0, "/", ELFCLASS32}}) {
    CAPTURE(hidden.name);
    for (const char* led_to : {"proc/self/exe", "opt/missing"}) {
      const auto text =
          elf_file(hidden.prefix + led_to, hidden.headers_before, hidden.stated_class);
      fs::permissions(write_file(hidden.name, text, root + "/mnt"), fs::perms::all);
      const bool missing = std::string_view(led_to).starts_with("opt");
      refused({"-r", root, "-p", "--", "/mnt/" + hidden.name},
              {std::string(led_to) + (missing ? "' is missing" : "' is a magic link")},
              missing ? 127 : 126);
    }
  }
}

TEST_CASE("a launch that fails late leaves no cgroup, process, mount or state either") {
  const std::string id = own_name("failing");
  const auto launch = [&](Words rest) {
    rest.insert(rest.begin(),
                {"-r", shared_root(), "-p", "-i", "--hostname", "x", "--cgroup", "--id", id});
    return rest;
  };
  {
    // So that there is something to be left: it is there while such a container runs.
    Process running(runtime_command(launch({"attest", "sleep", "20"})));
    REQUIRE(running.wait_for("sleeping"));
    REQUIRE_FALSE(cgroups_named(id).empty());
    CHECK(run({"kill", id, "KILL"}).exit_code == 0);
    running.finish();
  }
  const auto fails = [&](const Words& rest, int code) {
    CAPTURE(rest);
    refused(launch(rest), {}, code);
    CHECK(cgroups_named(id).empty());
  };
  fails({"nosuch"}, 127);
  fails({"/etc/passwd"}, 126);
  fails({"--user", "nosuch", "true"}, 125);
  fails({"--cwd", "/nosuch", "true"}, 125);
  fails({"--container.keep_fds", "77", "true"}, 125);
  fails({"--set", "rootfs.mounts=[{source='/nosuch',destination='/mnt'}]", "true"}, 125);
  fails({"--set", "rootfs.mounts=[{type='nosuchfs',source='x',destination='/mnt'}]", "true"}, 125);
  fails({"--set", "hooks.create_runtime=[{path='/bin/false'}]", "true"}, 125);
  fails({"--set", "hooks.start_container=[{path='/bin/false'}]", "true"}, 125);
}

TEST_CASE("what made a launch fail is told as its failure, also where its state cannot go") {
  const auto state = fresh_directory() + "/state";
  const auto busy = state + "/stuck/busy";
  const auto mounts = write_file("mounts", "#!/bin/sh\nmkdir " + busy + " && mount --bind " + busy +
                                               " " + busy + "; exit 3\n");
  REQUIRE(::chmod(mounts.c_str(), 0755) == 0);
  const auto result = run({"--root", state, "run", "--id", "stuck", "-r", shared_root(), "--set",
                           "hooks.create_runtime=[{path='" + mounts + "'}]", "--", "true"});
  INFO(result);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find(mounts) != std::string::npos);
  CHECK(result.err.find("EBUSY); kept for: mini_container delete --force stuck\n") !=
        std::string::npos);
  CHECK(::umount2(busy.c_str(), 0) == 0);
  CHECK(run({"--root", state, "delete", "--force", "stuck"}).exit_code == 0);
  CHECK(fs::is_empty(state));
}

TEST_CASE(
    "a launch for which there are too few descriptors, wherever it runs out, leaves no state") {
  bool started = false;
  for (int most = 5; most < 40 && !started; ++most) {
    CAPTURE(most);
    const auto state = fresh_directory() + "/state";
    const auto limit = "--nofile=" + std::to_string(most);
    auto words = runtime_command({"--state-dir", state, "run", "--id", "few", "-r", shared_root(),
                                  "-p", "-i", "--hostname", "x", "--", "true"});
    words.insert(words.begin(), {"prlimit", limit});
    const auto result = run_program(words);
    INFO(result);
    started = result.exit_code == 0;
    CHECK((started || (result.exit_code == 125 && result.err.find("EMFILE") != std::string::npos)));
    CHECK((!fs::exists(state) || fs::is_empty(state)));
  }
  CHECK(started);
}

TEST_CASE("a limit of file sizes that leaves no room for the record is said") {
  const auto state = fresh_directory() + "/state";
  auto words = runtime_command({"--state-dir", state, "-r", shared_root(), "true"});
  words.insert(words.begin(), {"prlimit", "--fsize=0"});
  // Where lines are counted (gcov) files are written at the end, which the limit would forbid; that
  // they cannot be made is said behind our line.
  const auto result = run_program(words, {.env = {{"GCOV_PREFIX", "/proc/nowhere"}}});
  INFO(result);
  CHECK(result.exit_code == 125);
  CHECK(result.err.find("EFBIG") != std::string::npos);
  CHECK(fs::is_empty(state));
}

TEST_CASE("a working directory that is missing, a file or relative is refused") {
  refused({"-r", shared_root(), "--cwd", "/nosuch", "true"}, {"/nosuch", "ENOENT"});
  refused({"-r", shared_root(), "--cwd", "/etc/passwd", "true"}, {"/etc/passwd", "ENOTDIR"});
  refused({"-r", shared_root(), "--cwd", "tmp", "true"}, {"tmp", "absolute"});
  refused({"-r", shared_root(), "-p", "--cwd", "/proc/self/fd/5", "true"}, {"/proc/self/fd/5"});
  refused({"-r", shared_root(), "-p", "--cwd", "/proc/self/cwd", "true"}, {"/proc/self/cwd"});
}

TEST_CASE("without privileges the missing right is named, and that user gives it") {
  const auto result = run({"-r", shared_root(), "-p", "true"}, {.uid = 1000});
  INFO(result);
  CHECK(result.exit_code == 125);
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  CHECK(result.err.find("CAP_SYS_ADMIN") != std::string::npos);
  CHECK(result.err.find("user") != std::string::npos);
  // Which the child makes, not the clone.
  const auto time = run({"--time", "true"}, {.uid = 1000});
  INFO(time);
  CHECK(time.exit_code == 125);
  CHECK(time.err.find("make a time namespace: Operation not permitted (EPERM); CAP_SYS_ADMIN is "
                      "missing; run as root, or enable the plugin 'user'") != std::string::npos);
  const auto bare = run({"true"}, {.uid = 1000});
  INFO(bare);
  CHECK(bare.exit_code == 125);
  CHECK(bare.err.find("CAP_SETGID") != std::string::npos);
  CHECK(bare.err.find("'user'") != std::string::npos);
}

TEST_CASE("what has no meaning with --detach, or without it, is refused") {
  refused({"run", "--detach", "--timings", "-r", shared_root(), "true"}, {"--timings", "--detach"});
  refused({"run", "--detach", "--trace", "/run/t", "-r", shared_root(), "true"},
          {"--trace", "--detach"});
  refused({"--output", "/run/o", "-r", shared_root(), "true"}, {"--output", "add --detach"});
}

TEST_CASE("a group that is not there is named with the option that asks for it") {
  refused({"-r", shared_root(), "--container.groups", "nosuch", "true"},
          {"container.groups: the container's /etc/group has no group 'nosuch'"});
  refused({"-r", shared_root(), "--container.groups", "5x", "true"}, {"container.groups: '5x'"});
  refused({"-r", shared_root(), "-u", "0:nosuch", "true"}, {"container.user: ", "'nosuch'"});
}

TEST_CASE("an id that is no plain name is refused") {
  for (const std::string& id : {std::string("a/b"), std::string(".."), std::string("."),
                                std::string("a\nb"), std::string("-x"), std::string(5000, 'a'),
                                std::string(256, 'a'), std::string("a b"), std::string("ä")}) {
    CAPTURE(id);
    refused({"-r", shared_root(), "--id=" + id, "true"}, {"id"});
  }
  refused({"-r", shared_root(), "--id=", "true"}, {"id"});
  CHECK(run({"-r", shared_root(), "--id", std::string(255, 'a'), "true"}).exit_code == 0);
}

TEST_CASE("environment entries and arguments that make no sense are refused") {
  refused({"-r", shared_root(), "-e", "NOVALUE", "true"}, {"NOVALUE"});
  refused({"-r", shared_root(), "-e", "=x", "true"}, {"=x"});
  refused_file("[container.env]\n\"A=B\" = \"x\"\n", {"A=B"});
}

TEST_CASE("a log that cannot be opened is said beside the failure, and no directory made for it") {
  const auto missing = in_directory("nosuch/log");
  for (const auto& log : {missing, fresh_directory()}) {
    const auto result = run({"--log", log, "-r", "/nosuch/root", "true"});
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(result.err.starts_with("mini_container: open the log '" + log + "': "));
    CHECK(result.last_error().find("/nosuch/root") != std::string::npos);
    refused({"--log", log, "--debug", "-r", shared_root(), "true"}, {"open the log '" + log + "'"});
  }
  CHECK_FALSE(fs::exists(fs::path(missing).parent_path()));
}

TEST_CASE("whatever a launch is refused for is in the log that it names, whichever verb reads it") {
  const auto log = in_directory("log");
  const auto broken = write_file("broken.toml", "[uts\n");
  const auto wrong = write_file("wrong.toml", "[uts]\nhostnmae = \"x\"\n");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"validate", broken, "--log", log},
        {"validate", wrong, "--log", log},
        {"validate", "/nosuch.toml", "--log", log},
        {"plan", broken, "--log", log},
        {"run", "--config", broken, "--log", log},
        {"--log", log, "validate", broken},
        {"validate", wrong, "--log", log, "--nosuch"},
        {"run", "--log", log, "--uts.nosuch", "x"},
        {"--log", log, "--log-level", "loud", "list"}}) {
    fs::remove(log);
    const auto result = run(arguments);
    INFO(result);
    CHECK(result.exit_code == 125);
    const std::string prefix = "mini_container: ";
    REQUIRE(result.last_error().starts_with(prefix));
    REQUIRE(fs::exists(log));
    CHECK(read_file(log).ends_with("error: " + result.last_error().substr(prefix.size()) + "\n"));
  }
}

TEST_CASE("what standard output does not take is no success") {
  for (const std::string verb : {"list", "list --format json", "--version", "list --help", "schema",
                                 "plugin list", "--help"}) {
    const auto result = run_program(
        {"sh", "-c", "exec " + runtime_command({}).front() + " " + verb + " >/dev/full"});
    INFO(result);
    CAPTURE(verb);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find("write to standard output: No space left on device (ENOSPC)") !=
          std::string::npos);
  }
}

TEST_CASE("a launch that names a plugin that is not there says which are, and from where") {
  const auto empty = fresh_directory();
  Words parts = {"nosuchplugin", "rootfs", "uts"};
  if (plugins_are_files()) parts.emplace_back("plugins.d");
  refused_file("[nosuchplugin]\n", parts);
}
