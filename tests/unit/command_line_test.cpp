// SPDX-License-Identifier: Apache-2.0
#include "core/command_line.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "mini_container/error.hpp"
#include "mini_container/plugin.hpp"

namespace mini_container {

namespace {

constexpr mc_option rootfs_options[] = {
    mc::option(
        {.type = MC_PATH, .key = "path", .help = "h", .long_flag = "rootfs", .short_flag = 'r'}),
    mc::option({.type = MC_BOOL, .key = "readonly", .help = "h"}),
    mc::option({.type = MC_LIST, .element = MC_STRING, .key = "masked", .help = "h"}),
    mc::option({.type = MC_MAP, .element = MC_INT, .key = "limits", .help = "h"}),
};
constexpr mc_option uts_options[] = {
    mc::option({.type = MC_STRING, .key = "hostname", .help = "h", .long_flag = "hostname"}),
    mc::option({.type = MC_STRING,
                .key = "domain",
                .help = "h",
                .long_flag = "domain,domainname",
                .short_flag = 'd'}),
};
constexpr mc_option other_options[] = {
    mc::option({.type = MC_STRING, .key = "x", .help = "h", .long_flag = "domain"}),
};

Plugin plugin(const char* name, std::span<const mc_option> options, const char* flag = nullptr,
              char letter = 0) {
  Plugin out;
  out.name = name;
  out.data.long_flag = flag;
  out.data.short_flag = static_cast<unsigned char>(letter);
  out.options =
      read_options(options.data(), static_cast<std::uint32_t>(options.size()), sizeof(mc_option));
  return out;
}

/// A host with the plugins rootfs, pid and uts, that notes which are loaded.
struct Host {
  std::vector<Plugin> plugins = {plugin("rootfs", rootfs_options), plugin("pid", {}, nullptr, 'p'),
                                 plugin("uts", uts_options)};
  std::vector<std::string> loaded;
  std::vector<std::string> directories;
  GlobalOptions global;

  RunRequest parse(const std::vector<std::string>& arguments) {
    loaded.clear();
    global = {};
    return parse_run(arguments, global,
                     PluginLookup{[&](const std::string& name) -> const Plugin* {
                                    const auto found =
                                        std::ranges::find(plugins, name, &Plugin::name);
                                    if (found == plugins.end()) return nullptr;
                                    loaded.push_back(name);
                                    return &*found;
                                  },
                                  [&] {
                                    std::vector<std::string> out;
                                    for (const Plugin& each : plugins) out.push_back(each.name);
                                    return out;
                                  },
                                  [&](const std::string& path) { directories.push_back(path); },
                                  [](const std::string& name, const std::string& asked_at) {
                                    mc::fail(asked_at, ": no plugin ", name);
                                  }});
  }

  std::string refusal(const std::vector<std::string>& arguments) {
    try {
      parse(arguments);
    } catch (const mc::Error& error) {
      return error.hint().empty() ? error.attempt() : error.attempt() + "; " + error.hint();
    }
    return "accepted";
  }
};

std::string text(const Value& tree, std::string_view table, std::string_view key) {
  const Value* found = tree.find(table);
  if (found != nullptr) found = found->find(key);
  if (found == nullptr || found->as<std::string>() == nullptr) return "(none)";
  return *found->as<std::string>();
}

std::vector<std::string> command(const Value& tree) {
  std::vector<std::string> out;
  const Value* found = tree.find("container");
  if (found != nullptr) found = found->find("command");
  if (found != nullptr)
    for (const Value& each : *found->as<List>()) out.push_back(*each.as<std::string>());
  return out;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("letters and declared names set options and enable their plugins") {
  Host host;
  for (const Strings& arguments :
       {Strings{"-r", "root", "-p", "--hostname", "box", "-d", "nis", "sh", "-c", "a b"},
        Strings{"--rootfs", "root", "--pid", "--hostname=box", "--domain", "nis", "--", "sh", "-c",
                "a b"},
        Strings{"-prroot", "--domainname=nis", "--uts.hostname", "box", "sh", "-c", "a b"}}) {
    const RunRequest request = host.parse(arguments);
    CHECK(text(request.tree, "rootfs", "path") == "root");
    CHECK(text(request.tree, "uts", "hostname") == "box");
    CHECK(text(request.tree, "uts", "domain") == "nis");
    CHECK(request.tree.find("pid") != nullptr);
    CHECK(command(request.tree) == Strings{"sh", "-c", "a b"});
  }
}

TEST_CASE("the command's own flags are left alone") {
  Host host;
  CHECK(command(host.parse({"-p", "ls", "-l", "--hostname", "--", "-p"}).tree) ==
        Strings{"ls", "-l", "--hostname", "--", "-p"});
  CHECK(command(host.parse({"--", "--", "x"}).tree) == Strings{"--", "x"});
  CHECK(command(host.parse({"-", "x"}).tree) == Strings{"-", "x"});
  CHECK(command(host.parse({"-p", ""}).tree) == Strings{""});
  CHECK(command(host.parse({"-p"}).tree).empty());
}

TEST_CASE("--NAME and --NAME.KEY load that plugin alone") {
  Host host;
  host.parse({"--pid", "--rootfs.readonly", "x"});
  CHECK(host.loaded == Strings{"pid", "rootfs"});
  host.parse({"--no-rootfs.readonly", "x"});
  CHECK(host.loaded == Strings{"rootfs"});
}

TEST_CASE("booleans are given alone, with =, or with no-") {
  Host host;
  const auto readonly = [&](const char* flag) {
    return *host.parse({flag, "x"}).tree.find("rootfs")->find("readonly")->as<bool>();
  };
  CHECK(readonly("--rootfs.readonly"));
  CHECK(readonly("--rootfs.readonly=true"));
  CHECK(!readonly("--rootfs.readonly=false"));
  CHECK(!readonly("--no-rootfs.readonly"));
  CHECK(*host.parse({"-t", "x"}).tree.find("container")->find("terminal")->as<bool>());
  CHECK(!*host.parse({"--no-terminal", "x"}).tree.find("container")->find("terminal")->as<bool>());
}

TEST_CASE("lists repeat, maps take one entry a flag") {
  Host host;
  const RunRequest request =
      host.parse({"--rootfs.masked", "/a,/b", "--rootfs.masked=/c", "--rootfs.limits", "a=1",
                  "--rootfs.limits=b=2", "-e", "A=1,2", "--env", "B=x=y", "x"});
  CHECK(request.tree.find("rootfs")->find("masked")->as<List>()->size() == 3);
  CHECK(*request.tree.find("rootfs")->find("limits")->find("b")->as<std::int64_t>() == 2);
  const Value* env = request.tree.find("container")->find("env");
  CHECK(*env->find("A")->as<std::string>() == "1,2");
  CHECK(*env->find("B")->as<std::string>() == "x=y");
  CHECK(host.refusal({"-e", "=x", "sh"}) == "-e: '=x' is not KEY=VALUE; write -e NAME=VALUE");
}

TEST_CASE("an unknown flag is refused with its neighbour, an abbreviation too") {
  Host host;
  CHECK(host.refusal({"--hostnam", "x"}) == "--hostnam: unknown flag; did you mean '--hostname'?");
  CHECK(host.refusal({"--host", "x"}).starts_with("--host: unknown flag"));
  CHECK(host.refusal({"--rootfs.redonly"}) ==
        "--rootfs.redonly: unknown flag; did you mean '--rootfs.readonly'?");
  CHECK(host.refusal({"-p", "-z"}) == "-z: unknown flag; see mini_container --help");
  CHECK(host.refusal({"-pz"}).starts_with("-z: unknown flag"));
  CHECK(host.refusal({"--hostname"}) == "--hostname: needs a value; write --hostname VALUE");
  CHECK(host.refusal({"-d"}) == "-d: needs a value; write -d VALUE");
  CHECK(host.refusal({"--pid=1"}) == "--pid: takes no value");
}

TEST_CASE("an option of a plugin that is not there is refused for want of the plugin") {
  Host host;
  CHECK(host.refusal({"--utss.hostname", "x"}) == "--utss.hostname: no plugin utss");
  CHECK(host.refusal({"--no-utss.hostname"}) == "--no-utss.hostname: no plugin utss");
  CHECK(host.refusal({"--utss"}).starts_with("--utss: unknown flag"));
  CHECK(host.refusal({"--container.usr", "x"}) ==
        "--container.usr: unknown flag; did you mean '--container.user'?");
}

TEST_CASE("a launch file without a name is refused") {
  Host host;
  CHECK(host.refusal({"--config", "", "sh"}) ==
        "--config: the name of the launch file is empty; leave the flag out, or name a file");
  CHECK(host.refusal({"--config=", "sh"}).starts_with("--config: "));
}

TEST_CASE("a spelling that two plugins declare is refused, and the long forms still work") {
  Host host;
  host.plugins.push_back(plugin("zzz", other_options));
  CHECK(host.refusal({"--domain", "x"}).find("both 'uts' and 'zzz' declare this flag") !=
        std::string::npos);
  CHECK(text(host.parse({"--uts.domain", "x", "sh"}).tree, "uts", "domain") == "x");
}

TEST_CASE("flags win over the file, --set over both, --no-NAME takes a plugin away") {
  char name[] = "/tmp/command_line_test.XXXXXX";
  const int fd = ::mkstemp(name);
  REQUIRE(fd >= 0);
  ::close(fd);
  std::ofstream(name)
      << "[container]\ncommand = [\"file\"]\nuser = \"1\"\n[container.env]\nA = \"a\"\n"
         "B = \"b\"\n[uts]\nhostname = \"file\"\ndomain = \"file\"\n[pid]\n";
  Host host;
  const RunRequest request =
      host.parse({"--config", name, "--uts.hostname", "flag", "--uts.domain", "flag", "-e",
                  "B=flag", "--set", "uts.domain=set", "--set", "rootfs.limits.a=5", "--no-pid"});
  ::unlink(name);
  CHECK(text(request.tree, "uts", "hostname") == "flag");
  CHECK(text(request.tree, "uts", "domain") == "set");
  CHECK(text(request.tree, "container", "user") == "1");
  CHECK(text(*request.tree.find("container"), "env", "A") == "a");
  CHECK(text(*request.tree.find("container"), "env", "B") == "flag");
  CHECK(*request.tree.find("rootfs")->find("limits")->find("a")->as<std::int64_t>() == 5);
  CHECK(request.tree.find("pid") == nullptr);
  CHECK(command(request.tree) == Strings{"file"});
  CHECK(request.tree.find("uts")->find("hostname")->place().text() == "--uts.hostname");
  CHECK(request.directory == "/tmp/");
}

TEST_CASE("the core's own flags") {
  Host host;
  const RunRequest request =
      host.parse({"-v", "--detach", "--timings", "--trace", "t.json", "--pid-file=p", "--id", "one",
                  "--cwd", "/w", "-u", "1:2", "--plugin-dir", "/a", "--log-level=debug", "x"});
  CHECK(host.global.verbose);
  CHECK(request.detach);
  CHECK(request.timings);
  CHECK(request.trace_file == "t.json");
  CHECK(request.pid_file == "p");
  CHECK(text(request.tree, "container", "id") == "one");
  CHECK(text(request.tree, "container", "cwd") == "/w");
  CHECK(text(request.tree, "container", "user") == "1:2");
  CHECK(host.global.plugin_dirs == Strings{"/a"});
  CHECK(host.directories == Strings{"/a"});
  CHECK(host.global.log_level == "debug");
  CHECK(host.loaded.empty());
  CHECK(host.parse({"-h", "--nonsense"}).help);
}

TEST_CASE("the flags in front of a verb end at the first other argument") {
  GlobalOptions global;
  CHECK(parse_global({"-v", "--root", "/s", "--log=l", "run", "-v"}, global) == 4);
  CHECK(global.verbose);
  CHECK(global.state_dir == "/s");
  CHECK(global.log_file == "l");
  CHECK(parse_global({"--rootfs", "x"}, global) == 0);
  CHECK_THROWS_AS(parse_global({"--root"}, global), mc::Error);
}

}  // namespace mini_container
