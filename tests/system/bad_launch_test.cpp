// SPDX-License-Identifier: Apache-2.0
// What a launch that cannot be understood gets: one line that says what, where and what to do;
// exit 125; nothing touched. The same from `validate`.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

/// The one line that the runtime said, checked to be the only one.
std::string refusal(const std::vector<std::string>& arguments) {
  const HostUnchanged unchanged;
  const auto result = run(arguments);
  CHECK(result.exit_code == 125);
  CHECK(result.out.empty());
  CHECK_MESSAGE(std::count(result.err.begin(), result.err.end(), '\n') == 1, result.err);
  CHECK(result.err.starts_with("mini_container: "));
  return result.last_error();
}

/// The refusal of a launch file of this text, which `validate` must give as well.
std::string refused(const std::string& text) {
  const std::string file = write_file("bad.toml", text);
  const std::string line = refusal({"run", "--config", file, "--", "/bin/true"});
  CHECK(refusal({"validate", file}) == line);
  const std::size_t at = line.find(file);
  return at == line.npos ? line : line.substr(0, at) + "FILE" + line.substr(at + file.size());
}

std::string repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("an unknown table is refused, with the nearest plugin") {
  CHECK(
      holds(refused("[ust]\n"), "FILE:1:2: [ust]: there is no plugin 'ust'; did you mean 'uts'?"));
  CHECK(holds(refused("[containr]\n"),
              "FILE:1:2: [containr]: there is no plugin 'containr'; did you mean 'container'?"));
  CHECK(holds(refused("extend = \"x\"\n"), "did you mean 'extends'?"));
  CHECK(holds(refused("[../uts]\n"), "FILE:1:"));
  CHECK(holds(refused("[\"../uts\"]\n"), "there is no plugin '../uts'"));
  CHECK(holds(refused("hostname = \"x\"\n"), "FILE:1:1: hostname: a launch consists of tables"));
}

TEST_CASE("an unknown key is refused, with the nearest option") {
  CHECK(holds(refused("[pid]\n\n[uts]\n  hostnmae = \"x\"\n"),
              "FILE:4:3: uts.hostnmae: unknown option; did you mean 'hostname'?"));
  CHECK(holds(refused("[container]\ncomand = []\n"), "did you mean 'command'?"));
}

TEST_CASE("a wrong type and a value out of range are refused") {
  CHECK(holds(refused("[uts]\nhostname = 5\n"),
              "FILE:2:1: uts.hostname: expected a string, not 5; write it in quotes"));
  CHECK(holds(refused("uts = true\n"), "FILE:1:1: uts: "));
  CHECK(holds(refused("[container]\numask = 0o1000\n"),
              "FILE:2:1: container.umask: 512 is out of range; it may be 0 to 0o777"));
  CHECK(holds(refused("[container]\nenv_pass = \"A\"\n"), "expected a list"));
  CHECK(holds(refused("[uts]\nhostname = \"\"\n"), "uts.hostname: it is empty"));
  CHECK(holds(refused("[uts]\nhostname = \"" + repeat("x", 65) + "\"\n"), "it has 65 bytes"));
}

TEST_CASE("a key that is there twice is refused") {
  CHECK(holds(refused("[uts]\nhostname = \"a\"\nhostname = \"b\"\n"), "FILE:3:"));
  CHECK(holds(refused("[uts]\n[pid]\n[uts]\n"), "FILE:3:"));
}

TEST_CASE("NUL is refused, as a byte and as an escape") {
  CHECK(holds(refused(std::string("[uts]\nhostname = \"a\0b\"\n", 22)), "FILE:2:14: a NUL byte"));
  CHECK(holds(refused("[uts]\nhostname = \"a\\u0000b\"\n"), "NUL byte"));
  CHECK(holds(refused("[container]\nenv = {\"A\\u0000\" = \"x\"}\n"), "NUL byte"));
}

TEST_CASE("a file of 10 MB, and one of 10,000 levels, are refused") {
  CHECK(holds(refused(std::string(10 << 20, '#')), "is larger than 1 MiB"));
  CHECK(holds(refused("x = " + repeat("[", 10000) + repeat("]", 10000)),
              "nested deeper than 64 levels"));
  CHECK(holds(refused("[x" + repeat(".x", 10000) + "]\n"), "nested deeper than 64 levels"));
}

TEST_CASE("a file that is missing, a directory, empty of sense or not UTF-8 is refused") {
  CHECK(holds(refusal({"run", "--config", "/run/none.toml"}),
              "open the launch file '/run/none.toml': No such file or directory (ENOENT)"));
  CHECK(holds(refusal({"run", "--config", "/run"}), "read the launch file '/run'"));
  CHECK(holds(refused("[uts\n"), "FILE:1:"));
  CHECK(holds(refused("[uts]\nhostname = \"\xff\"\n"), "FILE:2:"));
  CHECK(holds(refused("extends = \"none.toml\"\n"), "FILE:1:1: extends: open the launch file"));
  CHECK(holds(refused("extends = \"bad.toml\"\n"), "extends itself"));
}

TEST_CASE("an id that is no name is refused") {
  for (const std::string& id : {std::string("a/b"), std::string("a\nb"), std::string(5000, 'x'),
                                std::string(".."), std::string("-x"), std::string(" ")}) {
    const std::string line = refusal({"run", "--id=" + id, "--", "/bin/true"});
    CHECK_MESSAGE(holds(line, "id"), line);
  }
  CHECK(holds(refusal({"run", "--id", "", "--", "/bin/true"}), "container.id: it is empty"));
}

TEST_CASE("a flag that is unknown, shortened or without its value is refused") {
  CHECK(holds(refusal({"--hostnam", "x", "/bin/true"}), "did you mean '--hostname'?"));
  CHECK(holds(refusal({"--uts.hostnmae", "x", "/bin/true"}), "did you mean '--uts.hostname'?"));
  CHECK(holds(refusal({"-p", "--hostname"}), "--hostname: needs a value"));
  CHECK(holds(refusal({"-Z", "/bin/true"}), "-Z: unknown flag"));
  CHECK(holds(refusal({"--set", "uts.hostname", "/bin/true"}), "is not TABLE.KEY=VALUE"));
  CHECK(holds(refusal({"--set", "uts.hostname=5", "/bin/true"}),
              "--set uts.hostname: uts.hostname: expected a string"));
  CHECK(holds(refusal({"-p"}), "there is no command to run"));
}

TEST_CASE("a plugin that is left out, and needed by one that is not, is refused by both names") {
  const std::string file =
      write_file("needing.toml", "[container]\ncommand = [\"/bin/true\"]\n[ipc]\n");
  const std::string line = refusal({"run", "--config", file, "--no-rootfs"});
  CHECK_MESSAGE(holds(line, "--no-rootfs: 'ipc' (" + file +
                                ":3:2) needs 'rootfs'; leave out --no-rootfs, or add --no-ipc"),
                line);
  CHECK(refusal({"validate", file, "--no-rootfs"}) == line);
  CHECK(refusal({"plan", file, "--no-rootfs"}) == line);
  CHECK(holds(refusal({"-i", "--no-rootfs", "/bin/true"}), "--no-rootfs: 'ipc' (-i) needs"));
  // Left out with it, or asked for in spite of it: nothing is to be said.
  CHECK(run({"run", "--config", file, "--no-rootfs", "--no-ipc"}).exit_code == 0);
  CHECK(run({"run", "--config", file, "--no-rootfs", "--set", "rootfs.path=\"/\""}).exit_code == 0);
}

TEST_CASE("a level or format of the log that is none is refused; error leaves warnings out") {
  for (const char* flag : {"--log-level", "--log-format", "--cgroup-manager"}) {
    CHECK(holds(refusal({flag, "debgu", "list"}), std::string(flag) + ": 'debgu' is not known; "));
    CHECK(holds(refusal({"run", flag, "debgu", "true"}), std::string(flag) + ": 'debgu' is not"));
  }
  const auto state = fresh_directory();
  std::filesystem::create_directory(state + "/broken");
  write_file("record.jsonl", "no record\n", state + "/broken");
  const auto list = [&](const std::string& level) {
    return run({"--state-dir", state, "--log-level", level, "list", "--format", "json"}).err;
  };
  CHECK(holds(list("warn"), "warning: "));
  CHECK(holds(list("warning"), "warning: "));
  CHECK(list("error").empty());
}

TEST_CASE("the spellings of the command line reach the container") {
  const HostUnchanged unchanged;
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"-r", shared_root(), "-p", "-i", "--hostname", "box", "-d", "nis"},
        {"--rootfs", shared_root(), "--pid", "--ipc", "--uts.hostname=box", "--domain=nis"},
        {"-pir", shared_root(), "--hostname=box", "--set", "uts.domainname=nis", "--"}}) {
    std::vector<std::string> line = flags;
    for (const char* word :
         {"/bin/sh", "-c", "hostname; cat /proc/sys/kernel/domainname; echo $$; echo \"$1\"", "sh",
          "two  words -p"})
      line.emplace_back(word);
    const auto result = run(line);
    CAPTURE(result.err);
    CHECK(result.out == "box\nnis\n1\ntwo  words -p\n");
    CHECK(result.err.empty());
    CHECK(result.exit_code == 0);
  }
}

TEST_CASE("the program describes itself") {
  const auto help = run({"--help"});
  CHECK(help.exit_code == 0);
  CHECK(holds(help.out, "\nuts: "));
  CHECK(holds(help.out, "--hostname"));
  for (const char* section : {"1", "3", "5"}) {
    const auto page = run({"manual", section});
    CHECK(page.exit_code == 0);
    CHECK(page.out.starts_with(".TH "));
  }
  CHECK(holds(run({"schema"}).out, "\"hostname\": {"));
  for (const char* shell : {"bash", "zsh", "fish"})
    CHECK(holds(run({"completions", shell}).out, "hostname"));
  const auto valid =
      run({"validate", write_file("good.toml", "[container]\n[uts]\nhostname = \"x\"\n")});
  CHECK(valid.exit_code == 0);
  CHECK(valid.out == "valid; plugins: uts\n");
  CHECK(refusal({"manual", "2"}) != "");
  CHECK(refusal({"completions", "csh"}) != "");
  CHECK(refusal({"schema", "x"}) != "");
}
