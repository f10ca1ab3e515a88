// SPDX-License-Identifier: Apache-2.0
// `validate` looks into the root that a launch will have: what the launch would refuse there, it
// refuses in the same words, with nothing touched; and it calls no good launch bad.
#include <doctest/doctest.h>

#include <elf.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "tests/skip.hpp"
#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

namespace fs = std::filesystem;

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

void write_program(const std::string& path, const std::string& text = "#!/bin/sh\nexit 0\n") {
  write_file(fs::path(path).filename(), text, fs::path(path).parent_path());
  fs::permissions(path, fs::perms::all);
}

/// Everything below `root`, with its kind and mode.
std::vector<std::string> listing(const std::string& root) {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    struct stat info {};
    REQUIRE(::lstat(entry.path().c_str(), &info) == 0);
    out.push_back(entry.path().string() + " " + std::to_string(info.st_mode) + " " +
                  std::to_string(info.st_mtim.tv_nsec));
  }
  return out;
}

std::string command(const std::string& name) { return "command = [\"" + name + "\"]\n"; }

/// A launch of `root`; `rootfs` goes on in its table, and may begin others.
std::string launch_of(const std::string& root, const std::string& container,
                      const std::string& rootfs = {}) {
  return launch_file("[container]\n" + container + "\n[rootfs]\npath = \"" + root + "\"\n" +
                     rootfs);
}

Result validate_untouched(const std::string& file, const std::string& root,
                          const RunOptions& options = {}) {
  const HostUnchanged unchanged;
  const auto before = listing(root);
  auto result = run({"validate", file}, options);
  CHECK(listing(root) == before);
  return result;
}

/// `validate` and the launch both refuse it, with the same line, which holds `part`.
void refused(const std::string& root, const std::string& container, const std::string& part,
             const std::string& rootfs = {}) {
  const auto file = launch_of(root, container, rootfs);
  CAPTURE(container);
  CAPTURE(rootfs);
  const auto said = validate_untouched(file, root);
  CHECK_MESSAGE(said.exit_code == 125, said);
  CHECK(said.out.empty());
  CHECK_MESSAGE(holds(said.err, part), said);
  const auto launched = run({"run", "--config", file});
  CHECK(launched.exit_code != 0);
  CHECK(said.err == launched.err);
}

/// `validate` has found all of it, and the launch runs.
void good(const std::string& root, const std::string& container, const std::string& rootfs = {}) {
  const auto file = launch_of(root, container, rootfs);
  CAPTURE(container);
  CAPTURE(rootfs);
  const auto said = validate_untouched(file, root);
  CHECK_MESSAGE(said.exit_code == 0, said);
  CHECK_MESSAGE(!holds(said.out, "not looked for"), said);
  const auto launched = run({"run", "--config", file});
  CHECK_MESSAGE(launched.exit_code == 0, launched);
}

/// The launch runs, and `validate`, which cannot know that, says so.
void unseen(const std::string& root, const std::string& container, const std::string& part,
            const std::string& rootfs) {
  const auto file = launch_of(root, container, rootfs);
  CAPTURE(container);
  CAPTURE(rootfs);
  const auto said = validate_untouched(file, root);
  CHECK_MESSAGE(said.exit_code == 0, said);
  CHECK_MESSAGE(holds(said.out, "\nnot looked for: "), said);
  CHECK_MESSAGE(holds(said.out, part), said);
  const auto launched = run({"run", "--config", file});
  CHECK_MESSAGE(launched.exit_code == 0, launched);
}

std::string mount(const std::string& destination, const std::string& rest) {
  return "[[rootfs.mounts]]\ndestination = \"" + destination + "\"\n" + rest + "\n";
}

ElfW(Ehdr) own_elf() {
  const auto own = read_file("/proc/self/exe");
  ElfW(Ehdr) header;
  std::memcpy(&header, own.data(), sizeof header);
  return header;
}

/// The head of an ELF file, and nothing that it leads to.
std::string elf(int machine, int type) {
  auto header = own_elf();
  header.e_machine = static_cast<ElfW(Half)>(machine);
  header.e_type = static_cast<ElfW(Half)>(type);
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) +
         std::string(4096, '\0');
}

/// As error messages name this one.
std::string machine() {
  switch (own_elf().e_machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "aarch64";
    default:
      return "riscv";
  }
}

/// Handlers for other formats, in sight or not: the launch tells.
bool has_handlers_of_formats() {
  const auto file = write_file("format", "is this executed?\n");
  fs::permissions(file, fs::perms::all);
  const auto said = run({"validate", launch_file("[container]\n" + command(file) + "[uts]\n")});
  return holds(said.out, "binfmt_misc has handlers");
}

}  // namespace

TEST_CASE("a command that is missing, a directory or not executable is found by validate") {
  const auto root = fresh_root();
  refused(root, command("/bin/nosuch"),
          "find the command '/bin/nosuch': executable file not found");
  refused(root, command("nosuch"), "not found in the container's PATH");
  refused(root, command("/tmp"), "execute '/tmp': it is a directory");
  refused(root, command("/etc/passwd"), "execute '/etc/passwd': it is not executable");
  refused(root, command("/bin/true/"), "/bin/true/");
  refused(root, "command = [\"\"]\n", "the command is empty");
  refused(root, command("true") + "env = {PATH = \"/tmp\"}\n", "PATH is /tmp");
  fs::create_symlink("loop", root + "/mnt/loop");
  refused(root, command("/mnt/loop"), "a loop of links");
  fs::create_directory(root + "/sbin");
  fs::create_directory(root + "/sbin/true");
  good(root, command("true"));
  good(root, command("/bin/true"));
  good(root, command("/bin/../../bin/./true"));
  good(root, command("true") + "env = {PATH = \"/tmp:/bin\"}\n");
}

TEST_CASE("a link of the root leads to where it leads inside, to validate as to the launch") {
  const auto root = fresh_root();
  write_program(root + "/mnt/inside");
  write_program("/run/test/outside");
  fs::create_symlink("/mnt/inside", root + "/bin/absolute");
  fs::create_symlink("../../../../mnt/inside", root + "/bin/upward");
  fs::create_symlink("/run/test/outside", root + "/bin/escaping");
  good(root, command("absolute"));
  good(root, command("upward"));
  refused(root, command("/bin/escaping"), "executable file not found");
}

TEST_CASE("an interpreter that is missing is named by validate") {
  const auto root = fresh_root();
  write_program(root + "/mnt/script", "#!/opt/interpreter -x\n");
  write_program(root + "/mnt/chain", "#!/mnt/script\n");
  write_program(root + "/mnt/returns", "#!/bin/sh\r\n");
  write_program(root + "/mnt/plain", "#!/etc/passwd\n");
  write_program(root + "/mnt/right");
  write_program(root + "/mnt/relative", "#!bin/sh\nexit 0\n");
  fs::copy_file("/bin/ls", root + "/mnt/dynamic");
  refused(root, command("/mnt/script"), "its interpreter '/opt/interpreter' is missing");
  refused(root, command("/mnt/chain"), "its interpreter '/opt/interpreter' is missing");
  refused(root, command("/mnt/returns"), "'/bin/sh?' is missing");
  refused(root, command("/mnt/plain"), "its interpreter '/etc/passwd' is not executable");
  refused(root, command("/mnt/dynamic"),
          "its interpreter '" + host_loader() + "' is missing");
  refused(root, command("/mnt/relative") + "cwd = \"/tmp\"\n",
          "its interpreter 'bin/sh' is missing");
  good(root, command("/mnt/relative"));
  good(root, command("/mnt/right"));
}

TEST_CASE("a command of no format that the kernel executes is found by validate, with the reason") {
  if (has_handlers_of_formats()) SKIP_CASE("programs of other formats have handlers: binfmt_misc");
  const auto root = fresh_root();
  const auto refused_as = [&](const std::string& name, const std::string& content,
                              const std::string& why) {
    write_program(root + "/mnt/" + name, content);
    refused(root, command("/mnt/" + name),
            "execute '/mnt/" + name + "': Exec format error (ENOEXEC); " + why);
    CHECK(run({"run", "--config", launch_of(root, command("/mnt/" + name))}).exit_code == 126);
  };
  refused_as("text", "echo text\n",
             "it is no ELF file: begin a script with #!/path/to/interpreter");
  refused_as("empty", "", "it is empty");
  refused_as("bare", "#! \n", "it names no interpreter behind its #!");
  refused_as("script", "#!/mnt/text\n", "its interpreter '/mnt/text' is no ELF file");
  refused_as("foreign", elf(EM_LOONGARCH, ET_EXEC),
             "it is made for loongarch, this is " + machine());
  refused_as("unknown", elf(999, ET_EXEC), "it is made for ELF machine 999, this is " + machine());
  auto big_endian = elf(EM_S390 << 8, ET_EXEC << 8);
  big_endian[EI_DATA] = ELFDATA2MSB;
  refused_as("big", big_endian, "it is made for s390, this is " + machine());
  refused_as("object", elf(own_elf().e_machine, ET_REL), "it is an ELF file, but no program");
  // What its head does not tell the kernel finds out.
  write_program(root + "/mnt/cut", elf(own_elf().e_machine, ET_EXEC).substr(0, 64));
  const auto cut = run({"-r", root, "--", "/mnt/cut"});
  CHECK(cut.exit_code == 126);
  CHECK(holds(cut.last_error(), "this kernel runs no such ELF file, or it is damaged"));
  write_program(root + "/mnt/chain", "#!/mnt/one\n");
  write_program(root + "/mnt/one", "#!/bin/sh\nexit 0\n");
  good(root, command("/mnt/chain"));
}

// A user namespace may have handlers of its own: Linux 6.7.
TEST_CASE("what a handler of binfmt_misc may start is not called wrong by validate") {
  const auto root = fresh_root();
  write_program(root + "/mnt/odd", "ODD format\n");
  const auto file = launch_of(root, command("/mnt/odd"));
  const auto in_namespace = [&](const std::string& before) {
    return run_program({"unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                        before + "exec \"$@\"", "sh", build_directory() + "/mini_container",
                        "validate", file});
  };
  const std::string mounted = "mount -t binfmt_misc none /proc/sys/fs/binfmt_misc && ";
  if (in_namespace(mounted + ":; test -e /proc/sys/fs/binfmt_misc/status || exit 77; ").exit_code ==
      77)
    SKIP_CASE("a user namespace has no binfmt_misc of its own here");
  const auto none = in_namespace(mounted);
  CHECK_MESSAGE(none.exit_code == 125, none);
  CHECK_MESSAGE(holds(none.err, "execute '/mnt/odd': Exec format error (ENOEXEC)"), none);
  const auto one = in_namespace(
      mounted + "echo ':odd:M::ODD::/bin/true:' >/proc/sys/fs/binfmt_misc/register && ");
  CHECK_MESSAGE(one.exit_code == 0, one);
  const std::string unseen = "not looked for: the command: '/mnt/odd': it is no ELF file";
  CHECK_MESSAGE(holds(one.out, unseen), one);
  CHECK_MESSAGE(holds(one.out, "; binfmt_misc has handlers, which may start it\n"), one);
  const auto hidden = in_namespace("mount -t tmpfs none /proc/sys/fs/binfmt_misc && ");
  CHECK_MESSAGE(hidden.exit_code == 0, hidden);
  CHECK_MESSAGE(holds(hidden.out, unseen), hidden);
  CHECK_MESSAGE(holds(hidden.out, "which may start it, cannot be seen\n"), hidden);
}

TEST_CASE("a working directory that is missing or none is found by validate") {
  const auto root = fresh_root();
  const auto in = [](const std::string& cwd) {
    return command("true") + "cwd = \"" + cwd + "\"\n";
  };
  refused(root, in("/none"), "container.cwd: enter '/none' in the container: No such file");
  refused(root, in("/etc/passwd"), "Not a directory (ENOTDIR); create the directory in the root");
  refused(root, in("tmp"), "container.cwd: 'tmp' is not an absolute path");
  good(root, in("/tmp"));
  good(root, in("/proc"));
  write_program(root + "/mnt/here");
  refused(root, command("./here"), "find the command './here'");
  good(root, command("./here") + "cwd = \"/mnt\"\n");
  good(root, command("../mnt/here") + "cwd = \"/tmp\"\n");
}

TEST_CASE("what the user may not execute is found by validate") {
  const auto root = fresh_root();
  fs::create_directory(root + "/mnt/closed");
  fs::copy_file(root + "/bin/busybox", root + "/mnt/closed/true");
  fs::copy_file(root + "/bin/busybox", root + "/mnt/true");
  fs::permissions(root + "/mnt/closed", fs::perms::owner_all);
  fs::permissions(root + "/mnt/true", fs::perms::owner_all);
  const std::string user = "user = \"1000\"\n";
  refused(root, command("/mnt/true") + user, "closed to the user");
  refused(root, command("/mnt/closed/true") + user, "closed to us");
  good(root, command("/mnt/true"));
  good(root, command("/mnt/closed/true"));
  const std::string capable = "[capabilities]\npermitted = [\"CAP_DAC_OVERRIDE\"]\n";
  good(root, command("/mnt/closed/true") + user, capable);
  // Its group may.
  fs::permissions(root + "/mnt/true", fs::perms::owner_all | fs::perms::group_exec);
  REQUIRE(::chown((root + "/mnt/true").c_str(), 0, 77) == 0);
  refused(root, command("/mnt/true") + user, "closed to the user");
  good(root, command("/mnt/true") + user + "groups = [\"77\"]\n");
  good(root, command("/mnt/true") + "user = \"1000:77\"\n");
  // What it may not execute, a search passes over only where it may not look.
  refused(root, command("true") + user + "env = {PATH = \"/mnt:/bin\"}\n", "closed to the user");
  good(root, command("true") + user + "env = {PATH = \"/mnt/closed:/bin\"}\n");
}

TEST_CASE("where validate may not look as the user, it says so and refuses nothing") {
  const auto root = fresh_root();
  const auto file = launch_of(root, command("true") + "user = \"1000\"\n");
  std::vector<std::string> argv = {"setpriv", "--bounding-set", "-setgid"};
  const auto validate = runtime_command({"validate", file});
  argv.insert(argv.end(), validate.begin(), validate.end());
  const auto said = run_program(argv);
  CHECK_MESSAGE(said.exit_code == 0, said);
  CHECK_MESSAGE(holds(said.out, "not looked for: the command: who asks has not the right"), said);
}

TEST_CASE("what a mount forbids to execute is found by validate") {
  const auto root = fresh_root();
  const auto programs = fresh_directory() + "/programs";
  fs::create_directory(programs);
  fs::copy_file(root + "/bin/busybox", programs + "/true");
  const auto bound = [&](const std::string& options) {
    return mount("/mnt", "source = \"" + programs + "\"\noptions = [" + options + "]");
  };
  refused(root, command("/mnt/true"), "mounted noexec", bound("\"bind\", \"noexec\""));
  refused(root, command("/mnt/true") + "user = \"1000\"\n", "mounted noexec",
          bound("\"bind\", \"noexec\""));
  good(root, command("/mnt/true"), bound("\"bind\""));
  good(root, command("/mnt/true"), bound("\"bind\", \"noexec\"") + bound("\"bind\""));
  good(
      root, command("/mnt/true"),
      bound("\"bind\", \"noexec\"") + mount("/mnt", "options = [\"remount\", \"bind\", \"exec\"]"));
}

TEST_CASE("a user or group that the root does not know is found by validate") {
  const auto root = fresh_root();
  const auto as = [](const std::string& user, const std::string& more = {}) {
    return command("true") + "user = \"" + user + "\"\n" + more;
  };
  refused(root, as("nobody"), "the container's /etc/passwd has no user 'nobody'");
  refused(root, as("app:none"), "the container's /etc/group has no group 'none'");
  refused(root, as("app", "groups = [\"none\"]\n"), "has no group 'none'");
  refused(root, as("-1"), "'-1' is not a user id");
  good(root, as("app"));
  good(root, as("app:extra"));
  good(root, as("1000", "groups = [\"extra\", \"user\"]\n"));
  good(root, as("4711"));
}

TEST_CASE("validate sees what the plan's mounts bring and cover") {
  const auto root = fresh_root();
  const auto tools = fresh_directory();
  write_program(tools + "/tool");
  fs::create_directory(tools + "/sub");
  write_program(tools + "/sub/deep");
  const auto bind = "source = \"" + tools + "\"";
  good(root, command("/opt/tools/tool"), mount("/opt/tools", bind));
  good(root, command("/bin/single"), mount("/bin/single", "source = \"" + tools + "/tool\""));
  refused(root, command("/opt/tools/other"), "'/opt/tools/other'", mount("/opt/tools", bind));
  good(root, command("true") + "cwd = \"/opt/tools/sub\"\n", mount("/opt/tools", bind));
  // A mount point, and the directories above it, are made.
  good(root, command("true") + "cwd = \"/made/by\"\n", mount("/made/by/mount", bind));
  // Covered: by an empty tmpfs, which holds again what is mounted below it.
  const auto tmpfs = mount("/mnt", "type = \"tmpfs\"");
  write_program(root + "/mnt/covered");
  good(root, command("/mnt/covered"));
  refused(root, command("/mnt/covered"), "'/mnt/covered'", tmpfs);
  good(root, command("/mnt/tools/tool"), tmpfs + mount("/mnt/tools", bind));
  refused(root, command("/mnt/tools/tool"), "'/mnt/tools/tool'", mount("/mnt/tools", bind) + tmpfs);
  // The destination is a link of the root.
  fs::create_directory(root + "/real");
  fs::create_symlink("/real", root + "/alias");
  good(root, command("/real/tool"), mount("/alias", bind));
  good(root, command("/alias/sub/../tool"), mount("/alias", bind));
  // What is not there, and need not be.
  const auto optional = "source = \"" + tools + "/none\"\noptional = true";
  refused(root, command("/opt/none/tool"), "'/opt/none/tool'", mount("/opt/none", optional));
  good(root, command("true"), mount("/opt/none", optional));
}

TEST_CASE("validate sees one bound directory in both of its places") {
  const auto root = fresh_root();
  const auto shared = fresh_directory();
  const auto tools = fresh_directory();
  write_program(tools + "/tool");
  const auto bind = "source = \"" + shared + "\"";
  good(root, command("true") + "cwd = \"/two/inner\"\n",
       mount("/one", bind) + mount("/two", bind) +
           mount("/one/inner", "source = \"" + tools + "\""));
  fs::remove(shared + "/inner");
  refused(root, command("/two/inner/tool"), "'/two/inner/tool'",
          mount("/one", bind) + mount("/two", bind) +
              mount("/one/inner", "source = \"" + tools + "\""));
}

TEST_CASE("validate reads files with inline content") {
  const auto root = fresh_root();
  const auto file = [](const std::string& path, const std::string& content, const char* mode) {
    return "[[rootfs.files]]\npath = \"" + path + "\"\ncontent = \"" + content +
           "\"\nmode = " + mode + "\n";
  };
  for (const char* overlay : {"", "overlay = true\n"}) {
    good(root, command("/opt/run"), overlay + file("/opt/run", "#!/bin/sh\\n", "0o755"));
    refused(root, command("/opt/run"), "it is not executable",
            overlay + file("/opt/run", "#!/bin/sh\\n", "0o644"));
    refused(root, command("/opt/run"), "its interpreter '/bin/none' is missing",
            overlay + file("/opt/run", "#!/bin/none\\n", "0o755"));
    good(root, command("true") + "user = \"guest\"\n",
         overlay + file("/etc/passwd", "guest:x:7:7::/:/bin/sh\\n", "0o644"));
    refused(root, command("true") + "user = \"app\"\n", "has no user 'app'",
            overlay + file("/etc/passwd", "guest:x:7:7::/:/bin/sh\\n", "0o644"));
  }
}

TEST_CASE("validate looks below an overlay, but not below what is mounted in its layer") {
  const auto root = fresh_root();
  good(root, command("true"), "overlay = true\n");
  refused(root, command("nosuch"), "not found in the container's PATH", "overlay = true\n");
  fs::create_directory(root + "/data");
  REQUIRE(run_program({"mount", "-t", "tmpfs", "data", root + "/data"}).exit_code == 0);
  write_program(root + "/data/program");
  good(root, command("/data/program"));
  const auto file = launch_of(root, command("/data/program"), "overlay = true\n");
  CHECK(run({"run", "--config", file}).exit_code == 127);
  CHECK(holds(run({"validate", file}).out, "not looked for: the command: 'data' is covered"));
  REQUIRE(run_program({"umount", root + "/data"}).exit_code == 0);
}

TEST_CASE("validate does not judge what only the launch can show") {
  const auto root = fresh_root();
  const auto upper = fresh_directory();
  fs::create_directory(upper + "/up");
  fs::create_directory(upper + "/work");
  write_program(upper + "/up/late");
  unseen(root, command("/late"), "does not tell what will be in it",
         "overlay = true\noverlay_upper = \"" + upper + "/up\"\noverlay_work = \"" + upper +
             "/work\"\n");
  write_program(root + "/mnt/copied");
  unseen(root, command("/mnt/copied"), "what the tmpfs on '/mnt' holds",
         mount("/mnt", "type = \"tmpfs\"\noptions = [\"tmpcopyup\"]"));
  unseen(root, command("true") + "cwd = \"/proc/self\"\n", "the working directory: ", "");
  // A program at a stage before the command may well provide it.
  const auto maker = fresh_directory() + "/maker";
  write_program(maker, "#!/bin/sh\nln -f " + root + "/bin/busybox " + root + "/bin/busybox2\n");
  unseen(root, "command = [\"/bin/busybox2\", \"true\"]\n", "the post_clone of 'hooks'",
         "[[hooks.create_runtime]]\npath = \"" + maker + "\"\n");
}

TEST_CASE("without a root of its own a launch is looked up on the host") {
  const HostUnchanged unchanged;
  const auto check = [](const std::string& text) {
    return run({"validate", write_file("launch.toml", text)});
  };
  const std::string head = "[container]\ncommand = [\"/bin/nosuch\"]\n";
  for (const char* plugins : {"", "[uts]\n", "[rootfs]\n"}) {
    CAPTURE(plugins);
    const auto said = check(head + plugins);
    CHECK_MESSAGE(said.exit_code == 125, said);
    CHECK_MESSAGE(holds(said.err, "find the command '/bin/nosuch'"), said);
    const auto right = check(std::string("[container]\ncommand = [\"sh\"]\n") + plugins);
    CHECK_MESSAGE(right.exit_code == 0, right);
    CHECK_MESSAGE(!holds(right.out, "not looked for"), right);
  }
  // It leads elsewhere for each process that asks.
  const auto own = check("[container]\ncommand = [\"true\"]\ncwd = \"/proc/self/task\"\n[uts]\n");
  CHECK_MESSAGE(own.exit_code == 0, own);
  CHECK_MESSAGE(holds(own.out, "the working directory: a link in a proc filesystem"), own);
  Process other({"unshare", "--mount", "sh", "-c", "echo ready; exec sleep 60"});
  REQUIRE(other.wait_for("ready"));
  const auto joined =
      check(head + "[rootfs]\njoin = \"/proc/" + std::to_string(other.pid()) + "/ns/mnt\"\n");
  CHECK_MESSAGE(joined.exit_code == 0, joined);
  CHECK_MESSAGE(holds(joined.out, "the mount namespace is another's, rootfs ("), joined);
}

TEST_CASE("an ordinary user validates, and what is closed to him is not called missing") {
  const auto root = fresh_root();
  fs::create_directory(root + "/closed");
  write_program(root + "/closed/program");
  const auto check = [&](const std::string& container) {
    return validate_untouched(launch_of(root, container), root, {.uid = 1000});
  };
  CHECK(check(command("true")).out == "valid; plugins: rootfs\n");
  const auto missing = check(command("nosuch"));
  CHECK_MESSAGE(missing.exit_code == 125, missing);
  CHECK_MESSAGE(holds(missing.err, "find the command 'nosuch'"), missing);
  CHECK(check(command("/closed/program")).out == "valid; plugins: rootfs\n");
  fs::permissions(root + "/etc/passwd", fs::perms::owner_read);
  const auto unread = check(command("true") + "user = \"none\"\n");
  CHECK_MESSAGE(unread.exit_code == 0, unread);
  CHECK_MESSAGE(holds(unread.out, "not looked for: the user: '/etc/passwd' is not readable"),
                unread);
  fs::permissions(root + "/closed", fs::perms::owner_all);
  const auto closed = check(command("/closed/program"));
  CHECK_MESSAGE(closed.exit_code == 0, closed);
  CHECK_MESSAGE(holds(closed.out, "not looked for: the command: "), closed);
}
