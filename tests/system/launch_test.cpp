// SPDX-License-Identifier: Apache-2.0
// A launch: from the command line, from TOML, and from both.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

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

/// What `list` shows.
Words list_ids() {
  Words ids;
  for (const auto& entry : std::filesystem::directory_iterator("/run/mini_container"))
    if (const std::string id = entry.path().filename(); !id.starts_with('.')) ids.push_back(id);
  return ids;
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
  const auto result =
      run(in_root({"-v", "-p", "--hostname", "box", "-d", "home", "sh", "-c", "exit 7"}));
  INFO(result);
  CHECK(result.exit_code == 7);
  CHECK(result.out.empty());
  std::string rest = result.err;
  const auto next_line = [&rest] {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest.erase(0, end == std::string::npos ? rest.size() : end + 1);
    return line;
  };
  const auto is_number_after = [](const std::string& line, const std::string& start) {
    return line.starts_with(start) && line.size() > start.size() &&
           line.find_first_not_of("0123456789", start.size()) == std::string::npos;
  };
  CHECK(is_number_after(next_line(), "[Agent] Container pid: "));
  CHECK(is_number_after(next_line(), "[Agent] Agent pid: "));
  CHECK(next_line() == "[Agent] Agent hostname: testhost");
  CHECK(next_line() == "[Agent] Agent NIS domain name: testdomain");
  CHECK(next_line() == "[Container] Running command: sh -c exit 7");
  CHECK(next_line() == "[Container] Container hostname: box");
  CHECK(next_line() == "[Container] Container NIS domain name: home");
  CHECK(next_line() == "[Agent] The container exited with status: 7");
  CHECK(rest.empty());
}

TEST_CASE("the verbose pids are the container's and the agent's, and come before the command") {
  Process agent(
      runtime_command(in_root({"-v", "-p", "sh", "-c", "echo began >&2; sleep 20; true"})));
  REQUIRE(agent.wait_for("began\n", true));
  const auto& err = agent.errors();
  CHECK(err.find("[Container] Container NIS domain name: ") < err.find("began\n"));
  CHECK(err.find("[Agent] Agent pid: " + std::to_string(agent.pid()) + "\n") != std::string::npos);
  const std::string start = "[Agent] Container pid: ";
  const auto number = std::stoi(err.substr(err.find(start) + start.size()));
  CHECK(read_file("/proc/" + std::to_string(number) + "/cmdline").starts_with("sh"));
  agent.signal(SIGKILL);
  agent.finish();
  for (const auto& id : list_ids())
    CHECK(eventually([&] { return run({"delete", id}).exit_code == 0; }));
  // Not by chance: the command's first word races with the last of these lines.
  for (int round = 0; round < 50; ++round) {
    const auto result = run(in_root({"-v", "-p", "--init", "sh", "-c", "echo spoke >&2"}));
    REQUIRE(result.err.find("NIS domain name: testdomain\nspoke\n[Agent] The container") !=
            std::string::npos);
  }
}

TEST_CASE("the verbose end is said as an exit code, also of a signal; a line stays one line") {
  CHECK(run(in_root({"-v", "attest", "raise", "KILL"})).last_error() ==
        "[Agent] The container exited with status: 137");
  const auto result =
      run(in_root({"-v", "--hostname", "a\n\033[31m\u009bb", "sh", "-c", "true\n[Agent] x"}));
  INFO(result);
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 9);
  CHECK(result.err.find("Container hostname: a??[31m??b\n") != std::string::npos);
  CHECK(result.err.find("\n[Agent] x") == std::string::npos);
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

TEST_CASE("each verb takes --help and -h, and names its options where one is unknown") {
  for (const char* verb : {"exec", "list", "kill", "delete", "validate", "plan", "plugin", "schema",
                           "manual", "completions", "help"})
    for (const char* flag : {"--help", "-h"}) {
      CAPTURE(verb);
      const auto result = run({verb, flag});
      CHECK(result.exit_code == 0);
      CHECK(result.err.empty());
      CHECK(result.out.starts_with(std::string("Usage: mini_container ") + verb));
      CHECK(run({"help", verb}).out == result.out);
    }
  CHECK(run({"create", "--help"}).out.find("-b, --bundle DIR") != std::string::npos);
  CHECK(run({"run", "--help"}).out == run({"--help"}).out);
  CHECK(run({"help", "nosuch"}).exit_code == 125);
  const auto unknown = run({"exec", "--zzzz", "x", "true"});
  CHECK(unknown.exit_code == 125);
  CHECK(unknown.last_error().find("there are: --process, --user") != std::string::npos);
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
             "domainname = \"base\"\n[rootfs]\npath = \"" +
                 shared_root() + "\"\n",
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
      "here.toml",
      "[container]\ncommand = [\"pwd\"]\n[rootfs]\npath = \"" + root.substr(slash + 1) + "\"\n",
      root.substr(0, slash));
  const auto result = run({"run", "--config", file}, {.directory = "/"});
  INFO(result);
  CHECK(result.out == "/\n");
}

TEST_CASE("a working directory that has been removed is missed by relative paths alone") {
  const auto gone = [](const std::string& root) {
    const auto binary = runtime_command({}).front();
    return run_program(
        {"sh", "-c", "rmdir \"$PWD\" && exec \"$@\"", "sh", binary, "-r", root, "-p", "pwd"},
        {.directory = fresh_directory()});
  };
  CHECK_MESSAGE(gone(shared_root()).out == "/\n", gone(shared_root()));
  const auto relative = gone("root");
  CHECK(relative.exit_code == 125);
  CHECK_MESSAGE(relative.last_error().find("the relative path at -r: No such file or directory "
                                           "(ENOENT); change to a directory that is there") !=
                    std::string::npos,
                relative);
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

TEST_CASE("a command that its user may not execute is not executed with the runtime's rights") {
  const auto root = fresh_root();
  for (const char* directory : {"/mnt/closed", "/mnt/open"}) {
    std::filesystem::create_directory(root + directory);
    write_file("tool", "#!/bin/sh\necho in " + std::string(directory) + "\n", root + directory);
    run_program({"chmod", "755", root + directory + "/tool"});
  }
  write_file("own", "#!/bin/sh\necho own\n", root + "/mnt");
  run_program({"chmod", "700", root + "/mnt/own"});
  run_program({"chmod", "700", root + "/mnt/closed"});
  const auto as = [&](const std::string& user, std::vector<std::string> more) {
    std::vector<std::string> argv = {"-r", root, "--user",
                                     user, "-e", "PATH=/mnt/closed:/mnt/open"};
    argv.insert(argv.end(), more.begin(), more.end());
    return run(argv);
  };
  for (const char* path : {"/mnt/own", "/mnt/closed/tool"}) {
    CAPTURE(path);
    CHECK(as("0", {path}).exit_code == 0);
    const auto refused = as("1000", {path});
    INFO(refused);
    CHECK(refused.exit_code == 126);
    CHECK(refused.out.empty());
    CHECK(refused.last_error().find("closed to") != std::string::npos);
    CHECK(refused.last_error().find("EACCES") != std::string::npos);
  }
  // As a shell's, the search goes on where the user may not look.
  CHECK(as("0", {"tool"}).out == "in /mnt/closed\n");
  CHECK(as("1000", {"tool"}).out == "in /mnt/open\n");
  // A plugin may give the command a capability to do so.
  std::filesystem::copy_file(root + "/bin/busybox", root + "/mnt/closed/true");
  CHECK(as("1000", {"/mnt/closed/true"}).exit_code == 126);
  const auto given =
      as("1000", {"--capabilities.permitted", "CAP_DAC_OVERRIDE", "--", "/mnt/closed/true"});
  INFO(given);
  CHECK(given.exit_code == 0);
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

TEST_CASE("a broken line of passwd or group is no other user's or group's") {
  const auto root = fresh_root();
  const auto ids = [&](const char* user) {
    return run({"-r", root, "--user", user, "--container.groups", "user", "attest", "ids"});
  };
  const auto refused = [&](const char* user, const char* file) {
    const auto result = ids(user);
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find(file) != std::string::npos);
    CHECK(result.last_error().find("broken line") != std::string::npos);
  };
  const std::string later = "app:x:0:0::/:/bin/sh\n";
  for (const char* line :
       {"app:x:4294967296:5::/:/bin/sh", "app:x:4294967295:5::/:/bin/sh", "app:x:10 :5::/:/bin/sh",
        "app:x:10junk:5::/:/bin/sh", "app:x:-1:5::/:/bin/sh", "app:x:0x5:5::/:/bin/sh",
        "app:x::5::/:/bin/sh", "app:x:7::::", "app:x:7:5", "app:x:7", "app"}) {
    CAPTURE(line);
    write_file("passwd", line + ("\n" + later), root + "/etc");
    refused("app", "/etc/passwd");
  }
  // The first of two counts, as for getpwnam(3); other lines may be as they like.
  write_file("passwd", "#\n\n:\nbad:x:zz:5::/:/bin/sh\napp:x:7:5::/:/bin/sh\n" + later,
             root + "/etc");
  CHECK(value(ids("app").out, "uid") == "7 7 7");
  CHECK(value(ids("app").out, "gid") == "5 5 5");
  write_file("passwd", "app:x:7:5::/:/bin/sh", root + "/etc");  // its last line without an end
  CHECK(value(ids("app").out, "uid") == "7 7 7");
  for (const char* line : {"some:x:4294967296:app", "some:x:44 :app", "some:x::app"}) {
    CAPTURE(line);
    write_file("group", line + std::string("\nsome:x:0:app\n"), root + "/etc");
    refused("app", "/etc/group");
    refused("7:some", "/etc/group");
  }
  write_file("group", "some\n", root + "/etc");
  refused("7:some", "/etc/group");
}

TEST_CASE("passwd that is no file, or without end, is refused in time") {
  const auto root = fresh_root();
  const auto passwd = root + "/etc/passwd";
  const auto refused = [&](const char* what, const char* part) {
    CAPTURE(what);
    const auto result = run({"-r", root, "-p", "--user", "app", "true"});
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find(part) != std::string::npos);
    CHECK(result.duration < std::chrono::seconds(5));
    std::filesystem::remove_all(passwd);
  };
  std::filesystem::resize_file(passwd, 100ULL << 30U);
  refused("100 GiB of zeroes", "larger than");
  REQUIRE(::mkfifo(passwd.c_str(), 0666) == 0);
  refused("a FIFO", "not a regular file");
  std::filesystem::create_directory(passwd);
  refused("a directory", "not a regular file");
  std::filesystem::create_symlink("/dev/zero", passwd);
  refused("a link to a device", "not a regular file");
  std::filesystem::create_symlink("passwd", passwd);
  refused("a loop", "ELOOP");
  std::filesystem::create_symlink("/proc/self/environ", passwd);
  refused("a link to another text", "no user 'app'");
  std::filesystem::create_symlink("../../../../../../../../../../../etc/passwd", passwd);
  refused("a way out", "ELOOP");
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
        CHECK(result.last_error().find("the caller has passed no descriptor") != std::string::npos);
      }
    }
  }
  for (const char* number : {"-1", "-4294967293", "1000000", "2147483648", "4294967299"})
    CHECK(run(in_root({"--container.keep_fds", number, "true"})).exit_code == 125);
  for (const char* number : {"-1", "1021", "4294967296", "9223372036854775807"})
    for (const Words& words : {Words{"exec", "--preserve-fds", number, "keeper", "true"},
                               Words{"create", "--preserve-fds", number, "other"}}) {
      const auto result = run(words);
      INFO(result);
      CHECK(result.exit_code != 0);
      CHECK(result.last_error().find("is not a number from 0 to 1020") != std::string::npos);
    }
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
