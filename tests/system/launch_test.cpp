// SPDX-License-Identifier: Apache-2.0
// A launch: from the command line, from TOML, and from both.
#include <doctest/doctest.h>

#include <fcntl.h>

#include <algorithm>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

using Words = std::vector<std::string>;

Words in_root(Words rest) {
  rest.insert(rest.begin(), {"-r", shared_root()});
  return rest;
}

}  // namespace

TEST_CASE("a command runs with its arguments as they were given") {
  const HostUnchanged unchanged;
  const auto out = run_inside({}, {"attest", "args", "a b", "", "*", "$HOME", "-x", "--", "ü"});
  CHECK(values(out, "arg.0") == Words{"a b"});
  CHECK(out.find("arg.1 \n") != std::string::npos);
  CHECK(value(out, "arg.2") == "*");
  CHECK(value(out, "arg.3") == "$HOME");
  CHECK(value(out, "arg.4") == "-x");
  CHECK(value(out, "arg.5") == "--");
  CHECK(value(out, "arg.6") == "ü");
}

TEST_CASE("the verb run, and no verb, are the same") {
  for (const Words& start : {Words{"run"}, Words{}}) {
    Words arguments = start;
    for (const auto& word : in_root({"--", "echo", "here"})) arguments.push_back(word);
    const auto result = run(arguments);
    INFO(result);
    CHECK(result.out == "here\n");
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
  }
}

TEST_CASE("the short spellings work, and the first word that is no flag starts the command") {
  const auto result =
      run(in_root({"-p", "-i", "--hostname", "box", "-d", "home", "attest", "names", "process"}));
  INFO(result);
  CHECK(value(result.out, "hostname") == "box");
  CHECK(value(result.out, "domainname") == "home");
  CHECK(value(result.out, "pid") == "1");
  const auto longer = run({"--rootfs", shared_root(), "--pid", "--ipc", "--hostname=box",
                           "--domain=home", "--", "attest", "names", "process"});
  INFO(longer);
  CHECK(value(longer.out, "hostname") == "box");
  CHECK(value(longer.out, "domainname") == "home");
  CHECK(value(longer.out, "pid") == "1");
}

TEST_CASE("verbose tells both sides, in lines that can be relied on") {
  const auto result = run(in_root({"-v", "-p", "--hostname", "box", "-d", "home", "sh", "-c",
                                   "exit 7"}));
  INFO(result);
  CHECK(result.exit_code == 7);
  CHECK(result.out.empty());
  const auto& err = result.err;
  std::size_t at = 0;
  for (const char* line :
       {"[Agent] Container pid: ", "[Agent] Agent pid: ", "[Agent] Agent hostname: testhost\n",
        "[Agent] Agent NIS domain name: testdomain\n", "[Container] Running command: sh -c exit 7\n",
        "[Container] Container hostname: box\n", "[Container] Container NIS domain name: home\n"}) {
    CAPTURE(line);
    CHECK(err.find(line) != std::string::npos);
    if (std::string(line).starts_with("[Agent] Agent hostname")) at = err.find(line);
  }
  CHECK(at != std::string::npos);
  CHECK(result.last_error() == "[Agent] The container exited with status: 7");
}

TEST_CASE("help groups the flags by plugin, from the plugins' own options") {
  for (const char* flag : {"-h", "--help"}) {
    const auto result = run({flag});
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    for (const char* part : {"Usage: mini_container", "-r, --rootfs", "-p, --pid", "-i, --ipc",
                             "--hostname", "-d, --domain", "-v, --verbose", "-h, --help"}) {
      CAPTURE(part);
      CHECK(result.out.find(part) != std::string::npos);
    }
    const auto uts = result.out.find("\nuts");
    const auto hostname = result.out.find("--hostname");
    CHECK(uts != std::string::npos);
    CHECK(hostname > uts);
  }
}

TEST_CASE("a launch file and flags mix; flags win; --set wins over both") {
  const auto file = launch_file(R"(
[container]
command = ["attest", "names", "env"]
env = { FROM = "file", KEPT = "yes" }
[uts]
hostname = "file"
domainname = "file"
)");
  const auto plain = run({"run", "--config", file});
  INFO(plain);
  CHECK(value(plain.out, "hostname") == "file");
  const auto flags = run({"run", "--config", file, "--hostname", "flag", "-e", "FROM=flag"});
  INFO(flags);
  CHECK(value(flags.out, "hostname") == "flag");
  CHECK(value(flags.out, "domainname") == "file");
  CHECK(flags.out.find("env FROM=flag\n") != std::string::npos);
  const auto set =
      run({"run", "--config", file, "--hostname", "flag", "--set", "uts.hostname=set"});
  CHECK(value(set.out, "hostname") == "set");
  const auto other = run({"run", "--config", file, "--", "echo", "other"});
  CHECK(other.out == "other\n");
}

TEST_CASE("extends layers one file over another, table by table") {
  const auto directory = fresh_directory();
  write_file("base.toml",
             "[container]\ncommand = [\"attest\", \"names\"]\n[uts]\nhostname = \"base\"\n"
             "domainname = \"base\"\n[rootfs]\npath = \"" + shared_root() + "\"\n",
             directory);
  const auto top =
      write_file("top.toml", "extends = \"base.toml\"\n[uts]\nhostname = \"top\"\n", directory);
  const auto result = run({"run", "--config", top});
  INFO(result);
  CHECK(value(result.out, "hostname") == "top");
  CHECK(value(result.out, "domainname") == "base");
}

TEST_CASE("a relative root is relative to its file") {
  const auto root = fresh_root();
  const auto slash = root.rfind('/');
  const auto file = write_file(
      "here.toml", "[container]\ncommand = [\"pwd\"]\n[rootfs]\npath = \"" +
                       root.substr(slash + 1) + "\"\n",
      root.substr(0, slash));
  const auto result = run({"run", "--config", file}, {.directory = "/"});
  INFO(result);
  CHECK(result.out == "/\n");
}

TEST_CASE("an id is the one asked for, or made up") {
  const auto result = run(in_root({"--id", "my.id-1_2+3", "--detach", "sleep", "20"}));
  INFO(result);
  CHECK(result.out == "my.id-1_2+3\n");
  const auto listed = run({"list"});
  CHECK(listed.out.find("my.id-1_2+3") != std::string::npos);
  const auto twice = run(in_root({"--id", "my.id-1_2+3", "true"}));
  CHECK(twice.exit_code == 125);
  CHECK(twice.last_error().find("my.id-1_2+3") != std::string::npos);
  CHECK(run({"kill", "my.id-1_2+3", "KILL"}).exit_code == 0);
  CHECK(eventually([] { return run({"delete", "my.id-1_2+3"}).exit_code == 0; }));
}

TEST_CASE("the command is looked up in the container's PATH, inside the root") {
  const auto root = fresh_root();
  write_file("tool", "#!/bin/sh\necho tool of the root\n", root + "/mnt");
  run_program({"chmod", "755", root + "/mnt/tool"});
  const auto found = run({"-r", root, "-e", "PATH=/mnt:/bin", "tool"});
  INFO(found);
  CHECK(found.out == "tool of the root\n");
  const auto relative = run({"-r", root, "--cwd", "/mnt", "./tool"});
  INFO(relative);
  CHECK(relative.out == "tool of the root\n");
  // The host has it; the root has not.
  const auto missing = run({"-r", root, "dpkg"}, {.env = {{"PATH", "/usr/bin:/bin"}}});
  CHECK(missing.exit_code == 127);
}

TEST_CASE("the environment is the launch's own") {
  const auto out = run(in_root({"-e", "A=1", "-e", "B=x=y z", "--container.env_pass", "PASSED,GONE",
                                "attest", "env"}),
                       {.env = {{"SECRET", "no"}, {"PASSED", "through"}}})
                       .out;
  auto lines = values(out, "env");
  std::sort(lines.begin(), lines.end());
  CHECK(std::find(lines.begin(), lines.end(), "A=1") != lines.end());
  CHECK(std::find(lines.begin(), lines.end(), "B=x=y z") != lines.end());
  CHECK(std::find(lines.begin(), lines.end(), "PASSED=through") != lines.end());
  CHECK(out.find("SECRET") == std::string::npos);
  CHECK(out.find("GONE") == std::string::npos);
  CHECK(out.find("env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n") !=
        std::string::npos);
  CHECK(out.find("env HOME=/root\n") != std::string::npos);
  CHECK(out.find("env TERM=") != std::string::npos);
  CHECK(lines.size() == 6);
  const auto bare = run(in_root({"--no-container.env_defaults", "/bin/attest", "env"})).out;
  CHECK(bare.empty());
}

TEST_CASE("working directory, user, groups and umask") {
  const auto file = launch_file(R"(
[container]
command = ["attest", "place", "ids"]
cwd = "/tmp"
user = "app"
groups = ["user", "77"]
umask = 0o027
)");
  const auto out = run({"run", "--config", file}).out;
  CHECK(value(out, "cwd") == "/tmp");
  CHECK(value(out, "umask") == "0027");
  CHECK(value(out, "uid") == "1000 1000 1000");
  CHECK(value(out, "gid") == "1000 1000 1000");
  CHECK(value(out, "groups") == "77 2000");
  const auto numeric = run(in_root({"--user", "1234:4321", "attest", "ids"})).out;
  CHECK(value(numeric, "uid") == "1234 1234 1234");
  CHECK(value(numeric, "gid") == "4321 4321 4321");
  CHECK(value(numeric, "groups").empty());
}

TEST_CASE("users are resolved strictly, against the container's files") {
  for (const char* user : {"nosuch", "4294967295", "4294967296", "-1", "0x0", "1e3", "app:nosuch",
                           "", ":", "1000:", "1 "}) {
    CAPTURE(user);
    const auto result = run(in_root({"--user", user, "true"}));
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find("user") != std::string::npos);
  }
  CHECK(run(in_root({"--user", "4294967294:4294967294", "true"})).exit_code == 0);
}

TEST_CASE("descriptors that are named are kept, and no others") {
  const int kept = ::open("/etc/hostname", O_RDONLY);
  const int other = ::open("/etc/hostname", O_RDONLY);
  const auto result = run(in_root({"--container.keep_fds", std::to_string(kept), "attest", "fds"}),
                          {.keep = {kept, other}});
  INFO(result);
  CHECK(values(result.out, "fd").size() == 4);
  CHECK(result.out.find("fd " + std::to_string(kept) + " ") != std::string::npos);
  const auto closed = run(in_root({"--container.keep_fds", "99", "true"}));
  CHECK(closed.exit_code == 125);
  CHECK(closed.last_error().find("99") != std::string::npos);
  ::close(kept);
  ::close(other);
}

TEST_CASE("a descriptor that the caller has not passed is refused, also where we have one there") {
  const auto log = fresh_directory() + "/log";
  REQUIRE(run(in_root({"--detach", "--id", "keeper", "sleep", "60"})).exit_code == 0);
  {
    const HostUnchanged unchanged;
    for (int number = 3; number < 32; ++number) {
      CAPTURE(number);
      const auto asked = std::to_string(number);
      for (const Words& words :
           {Words{"--log", log, "--debug", "-r", shared_root(), "-p", "-i", "--hostname", "x",
                  "--container.keep_fds", asked, "true"},
            Words{"exec", "--preserve-fds", std::to_string(number - 2), "keeper", "true"}}) {
        const auto result = run(words);
        INFO(result);
        CHECK(result.exit_code == 125);
        CHECK(result.last_error().find("the caller has passed no descriptor") !=
              std::string::npos);
      }
    }
  }
  for (const char* number : {"-1", "-4294967293", "1000000", "2147483648", "4294967299"})
    CHECK(run(in_root({"--container.keep_fds", number, "true"})).exit_code == 125);
  run({"kill", "keeper", "KILL"});
  CHECK(eventually([] { return run({"list"}).out.find("running") == std::string::npos; }));
  run({"delete", "keeper"});
}

TEST_CASE("standard input, output and error are the caller's") {
  const auto result = run(in_root({"sh", "-c", "cat; echo e >&2"}), {.input = "through"});
  CHECK(result.out == "through");
  CHECK(result.err == "e\n");
}

TEST_CASE("exit codes are the program's own, 128+n, 127, 126 and 125") {
  const HostUnchanged unchanged;
  CHECK(run(in_root({"sh", "-c", "exit 42"})).exit_code == 42);
  CHECK(run(in_root({"sh", "-c", "exit 255"})).exit_code == 255);
  CHECK(run(in_root({"attest", "raise", "KILL"})).exit_code == 137);
  CHECK(run(in_root({"attest", "raise", "TERM"})).exit_code == 143);
  CHECK(run(in_root({"nosuch"})).exit_code == 127);
  CHECK(run(in_root({"/etc/passwd"})).exit_code == 126);
  CHECK(run({"-r", "/nosuch", "true"}).exit_code == 125);
}
