// SPDX-License-Identifier: Apache-2.0
// Plugins that are broken in what they declare, or as files: refused by name, nothing touched.
#include <doctest/doctest.h>

#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <filesystem>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;
namespace fs = std::filesystem;

namespace {

const std::string marker = "/run/command_ran";

/// The launch of a command that leaves a mark, with these plugins of the fixtures.
Result launch(const std::vector<std::string>& plugins, const std::string& directory = FIXTURES) {
  std::vector<std::string> arguments = {"--plugin-dir", directory};
  for (const auto& plugin : plugins) arguments.push_back("--" + plugin);
  if (plugins.front() == "rootfs") arguments.insert(arguments.begin() + 3, shared_root());
  arguments.insert(arguments.end(), {"--", "touch", marker});
  return run(arguments);
}

/// Refused with exit code 125 and a last line that has all of `parts`; nothing ran, nothing is
/// left.
void check_refused(const Result& result, const std::vector<std::string>& parts) {
  CAPTURE(result);
  CHECK(result.exit_code == 125);
  for (const auto& part : parts) {
    CAPTURE(part);
    CHECK(result.last_error().find(part) != std::string::npos);
  }
  CHECK_FALSE(fs::exists(marker));
}

/// A directory with a copy of a good plugin.
std::string directory_with_copy(const std::string& name = "required.so") {
  auto directory = fresh_directory();
  fs::copy_file(FIXTURES "/smaller_struct.so", directory + "/" + name);
  return directory;
}

}  // namespace

TEST_CASE("a plugin without the right symbol is refused by name") {
  const HostUnchanged unchanged;
  check_refused(launch({"wrong_symbol"}), {"wrong_symbol.so' does not export mc_plugin_v1"});
  check_refused(launch({"missing_symbol"}), {"missing_symbol.so' does not export mc_plugin_v1"});
  check_refused(launch({"unresolved"}),
                {"unresolved.so", "undefined symbol: mini_container_nobody_defines_this"});
}

TEST_CASE("a plugin whose initialiser ends the process is refused by its file's name") {
  const HostUnchanged unchanged;
  check_refused(launch({"leaving_0"}, LEAVING),
                {"load plugin '" LEAVING "/leaving_0.so': it called _exit()"});
}

TEST_CASE("a plugin whose initialiser crashes is refused by its file's name, by every verb") {
  const HostUnchanged unchanged;
  const std::string refusal = "load plugin '" LEAVING "/crashing.so': it crashed (SIGSEGV)";
  check_refused(launch({"crashing"}, LEAVING), {refusal, "; repair or remove it"});
  check_refused(run({"--plugin-dir", LEAVING, "plugin", "info", "crashing"}), {refusal});
}

TEST_CASE(
    "a plugin whose initialiser does not return is refused by its file's name, by every verb") {
  const HostUnchanged unchanged;
  const std::string refusal =
      "load plugin '" LEAVING "/hanging.so': it did not return from its initialisers within 10 s";
  RunOptions options;
  options.timeout = std::chrono::seconds(30);
  Process launched(
      runtime_command({"--plugin-dir", LEAVING, "--uts", "--hanging", "--", "touch", marker}),
      options);
  Process asked(runtime_command({"--plugin-dir", LEAVING, "plugin", "info", "hanging"}), options);
  check_refused(launched.finish(), {refusal, "; repair or remove it"});
  check_refused(asked.finish(), {refusal});
}

TEST_CASE(
    "a plugin whose initialiser leaves a thread is refused by its file's name, by every verb") {
  const HostUnchanged unchanged;
  const std::string refusal =
      "load plugin '" LEAVING "/threading.so': its initialisers have left 1 threads running";
  check_refused(launch({"uts", "threading"}, LEAVING), {refusal});
  CHECK(
      run({"plugin", "check", LEAVING "/threading.so"}).out.find("FAIL  load         " + refusal) !=
      std::string::npos);
}

TEST_CASE("a plugin whose descriptor leads nowhere is refused by its file's name, by every verb") {
  const HostUnchanged unchanged;
  const std::string refusal = "load plugin '" LEAVING "/astray.so': it crashed (SIGSEGV)";
  check_refused(launch({"astray"}, LEAVING), {refusal});
  check_refused(run({"--plugin-dir", LEAVING, "plugin", "info", "astray"}), {refusal});
}

TEST_CASE("a plugin for a newer ABI is refused, and says what it needs") {
  const HostUnchanged unchanged;
  check_refused(
      launch({"newer_abi"}),
      {"newer_abi.so' needs ABI 1.1; this mini_container offers 1.0", "update mini_container"});
}

TEST_CASE("a plugin of a smaller, older descriptor loads; what lies beyond its size is not read") {
  const HostUnchanged unchanged;
  const auto result = launch({"smaller_struct"});
  CAPTURE(result);
  CHECK(result.exit_code == 0);
  CHECK(fs::remove(marker));
  check_refused(launch({"tiny_struct"}),
                {"tiny_struct.so': the descriptor says that it is 8 bytes"});
}

TEST_CASE("files that are no plugins are refused") {
  const HostUnchanged unchanged;
  const auto directory = fresh_directory();
  write_file("text.so", "this is a text\n", directory);
  check_refused(launch({"text"}, directory), {"text.so' is not a shared object"});
  write_file("empty.so", "", directory);
  check_refused(launch({"empty"}, directory), {"empty.so' is not a shared object, or cut short"});
  const auto whole = read_file(FIXTURES "/smaller_struct.so");
  for (const std::size_t length : {20U, 64U, 100U, 512U, 4096U, 8192U}) {
    CAPTURE(length);
    REQUIRE(length < whole.size());
    write_file("cut.so", whole.substr(0, length), directory);
    check_refused(launch({"cut"}, directory),
                  {"cut.so' is not a shared object, or cut short; install it again"});
  }
  auto foreign = whole;
  foreign[offsetof(ElfW(Ehdr), e_machine)] ^= 0x40;
  write_file("foreign.so", foreign, directory);
  check_refused(launch({"foreign"}, directory), {"foreign.so' is made for another machine"});
  fs::create_directory(directory + "/folder.so");
  check_refused(launch({"folder"}, directory), {"folder.so' is not a regular file"});
}

TEST_CASE("a file must be named as its plugin") {
  check_refused(launch({"wrong_name"}), {"wrong_name.so' calls itself 'another'", "named NAME.so"});
}

TEST_CASE(
    "a plugin that is named as a table of the core's is refused, for no launch could enable it") {
  check_refused(launch({"container"}, RESERVED),
                {"container.so': 'container' is the core's own in a launch"});
}

TEST_CASE("namespaces that do not exist, and two owners of one, are refused") {
  const HostUnchanged unchanged;
  check_refused(launch({"unknown_namespace"}),
                {"unknown_namespace.so' asks for an unknown namespace"});
  check_refused(launch({"namespace_clash", "uts"}),
                {"'namespace_clash'", "'uts'", "both own CLONE_NEWUTS"});
}

TEST_CASE("two plugins that want one destination are both named") {
  const HostUnchanged unchanged;
  check_refused(launch({"rootfs", "mount_clash_a", "mount_clash_b"}),
                {"mount_clash_b: plan: ", "'/clash'", "mount_clash_a"});
}

TEST_CASE("a mount that lacks what its kind needs is its plugin's fault, not the root's") {
  const HostUnchanged unchanged;
  const std::string where = ": plan: contribute a mount on '/clash': ";
  for (const auto& [plugin, lack] : {std::pair{"mount_no_kind", "no kind 99"},
                                     {"bind_no_source", "no source"},
                                     {"link_no_source", "no source"},
                                     {"mount_no_type", "no type"}})
    check_refused(launch({"rootfs", plugin}), {plugin + where + lack});
}

TEST_CASE("a link of a plugin's may be in the root already, however long it is") {
  const auto root = fresh_root();
  const auto launch = [&root] {
    return run({"--plugin-dir", FIXTURES, "-r", root, "--long_link", "--", "readlink", "/clash"});
  };
  const auto made = launch();
  CHECK_MESSAGE(made.exit_code == 0, made);
  CHECK(made.out.size() == 2001);
  const auto again = launch();
  CHECK_MESSAGE(again.exit_code == 0, again);
  CHECK(again.out == made.out);
}

TEST_CASE("a hook that logs when nobody can hear it goes on") {
  const HostUnchanged unchanged;
  const auto result =
      run({"--plugin-dir", FIXTURES, "-r", fresh_root(), "--unheard", "--", "true"});
  CHECK_MESSAGE(result.err.find("went on\n") == 0, result);
  CHECK(result.exit_code == 125);
}

TEST_CASE("a cycle is named, and a need that is not there") {
  const HostUnchanged unchanged;
  check_refused(launch({"cycle_a", "cycle_b"}),
                {"the plugins' order is a cycle: cycle_a after cycle_b after cycle_a"});
  check_refused(launch({"missing_need"}),
                {"needed by 'missing_need': there is no plugin 'nowhere'", "there are: "});
}

TEST_CASE("what a needed plugin lacks is told by who needs it") {
  const HostUnchanged unchanged;
  check_refused(launch({"needing"}),
                {"needed by 'needing': required.must: it is required and not given"});
}

TEST_CASE("a default that its option does not take is refused with the option's name") {
  const HostUnchanged unchanged;
  check_refused(launch({"bad_default"}),
                {"bad_default.pairs: default: 'x' has no '='; write it as KEY=VALUE"});
}

TEST_CASE("a root is announced by the plugin that enters it, and by no other") {
  check_refused(launch({"false_root"}),
                {"false_root: plan: announce the root: the plugin does not enter one"});
}

TEST_CASE("who gives a cgroup that is none is named") {
  const HostUnchanged unchanged;
  check_refused(launch({"false_cgroup"}), {"clone with none into the cgroup of false_cgroup (",
                                           "EBADF", "set_cgroup takes a cgroup v2 directory"});
}

TEST_CASE("a malformed option is refused with its key") {
  check_refused(launch({"bad_option"}), {"bad_option.so", "broken"});
  check_refused(launch({"required"}), {"required.must", "--required"});
}

TEST_CASE("a plugin with a flag that would never reach it is refused by both names, and checked") {
  const HostUnchanged unchanged;
  const std::pair<const char*, const char*> refused[] = {
      {"cores_flag", "its flag --log is the core's own; give it another name; --cores_flag.KEY"},
      {"cores_negation", "its flag --no-tty is the core's own"},
      {"cores_letter", "its flag -e is the core's own"},
      {"verbs_flag", "its flag --json is the core's own"},
      {"untypable_flag", "its flag '--x' is none that can be given"},
      {"untypable_letter", "its flag of code 63 is none that can be given"},
      {"twice_one_flag", "its flag --level is declared twice"}};
  for (const auto& [name, why] : refused) {
    const std::string file = mc::concat(FLAGS "/", name, ".so");
    const std::string line = mc::concat("plugin '", file, "': ", why);
    check_refused(launch({name}, FLAGS), {line});
    const auto checked = run({"plugin", "check", file});
    CAPTURE(checked);
    CHECK(checked.exit_code == 1);
    CHECK(checked.out.find("FAIL  flags        " + line) != std::string::npos);
  }
  check_refused(launch({"astray_flag"}, FLAGS),
                {"load plugin '" FLAGS "/astray_flag.so': it crashed (SIGSEGV)"});
}

TEST_CASE("a flag that is nearly the core's reaches its plugin") {
  const HostUnchanged unchanged;
  for (const std::vector<std::string>& given :
       {std::vector<std::string>{"--loge", "x"}, {"--no-json=x"}, {"-Ex"}}) {
    std::vector<std::string> arguments = {"--plugin-dir", FLAGS, "plan", "--good_flag"};
    arguments.insert(arguments.end(), given.begin(), given.end());
    const auto result = run(arguments);
    CAPTURE(result);
    CHECK(result.exit_code == 0);
  }
}

TEST_CASE("a plugin that others may change, or that belongs to another, is refused") {
  const HostUnchanged unchanged;
  const auto directory = directory_with_copy();
  const auto file = directory + "/required.so";
  for (const mode_t mode : {0664, 0646}) {
    ::chmod(file.c_str(), mode);
    check_refused(launch({"required"}, directory),
                  {"refuse the plugin file '" + file, "others than its owner may write", "chmod"});
  }
  ::chmod(file.c_str(), 0644);
  REQUIRE(::chown(file.c_str(), 1000, 0) == 0);
  check_refused(launch({"required"}, directory),
                {"refuse the plugin file '" + file, "belongs to uid 1000", "chown"});
}

TEST_CASE("a plugin directory that others may change, or that belongs to another, is refused") {
  const HostUnchanged unchanged;
  const auto directory = directory_with_copy();
  for (const mode_t mode : {0775, 01777}) {
    ::chmod(directory.c_str(), mode);
    check_refused(launch({"required"}, directory),
                  {"refuse the plugin directory '" + directory, "others than its owner may write"});
  }
  ::chmod(directory.c_str(), 0755);
  REQUIRE(::chown(directory.c_str(), 1000, 0) == 0);
  check_refused(launch({"required"}, directory),
                {"refuse the plugin directory '" + directory, "belongs to uid 1000"});
}

TEST_CASE("a plugin directory that others could exchange on the way to it is refused") {
  const HostUnchanged unchanged;
  const auto above = fresh_directory();
  const auto middle = above + "/middle";
  const auto directory = middle + "/plugins";
  fs::create_directories(directory);
  fs::copy_file(FIXTURES "/smaller_struct.so", directory + "/smaller_struct.so");
  const auto by_flag = [&] { return launch({"smaller_struct"}, directory); };
  const auto by_variable = [&] {
    return run({"--smaller_struct", "--", "touch", marker},
               {.env = {{"MINI_CONTAINER_PLUGIN_DIR", directory}}});
  };
  const auto check_both = [&](const std::vector<std::string>& parts) {
    check_refused(by_flag(), parts);
    check_refused(by_variable(), parts);
    const auto checked = run({"plugin", "check", directory + "/smaller_struct.so"});
    for (const auto& part : parts)
      CHECK_MESSAGE(checked.out.find(part) != std::string::npos, checked);
  };
  for (const std::string& open : {middle, above}) {
    for (const mode_t mode : {0775, 0757}) {
      ::chmod(open.c_str(), mode);
      check_both({"refuse the plugin directory '" + directory + "': '" + open +
                      "', which leads to it, may be written to by others than its owner",
                  "chmod go-w"});
    }
    // Nobody can rename there what is not his own.
    ::chmod(open.c_str(), 01777);
    CHECK(by_flag().exit_code == 0);
    CHECK(fs::remove(marker));
    CHECK(by_variable().exit_code == 0);
    CHECK(fs::remove(marker));
    ::chmod(open.c_str(), 0755);
    REQUIRE(::chown(open.c_str(), 1000, 0) == 0);
    check_both({"'" + open + "', which leads to it, belongs to uid 1000", "chown"});
    REQUIRE(::chown(open.c_str(), 0, 0) == 0);
  }
}

TEST_CASE("a plugin directory is looked at along the links that lead to it") {
  const HostUnchanged unchanged;
  const auto outside = fresh_directory();
  const auto linked = fresh_directory();
  fs::create_directories(outside + "/open/plugins");
  fs::copy_file(FIXTURES "/smaller_struct.so", outside + "/open/plugins/smaller_struct.so");
  fs::create_directory(linked + "/below");
  const auto link = linked + "/below/link";
  const auto launched = [&](const std::string& way) {
    return launch({"smaller_struct"}, link + way);
  };
  const auto check_refused_at = [&](const std::string& way, const std::string& part) {
    check_refused(launched(way), {"refuse the plugin directory '" + link + way + "': '" + part});
  };
  for (const auto& [target, way] :
       {std::pair<std::string, std::string>{outside, "/open/plugins"},
        {outside + "/open/plugins", ""},
        {"../../" + fs::path(outside).filename().string(), "/open/plugins"},
        {outside + "/open/plugins", "/../plugins"}}) {
    CAPTURE(target);
    fs::create_symlink(target, link);
    CHECK(launched(way).exit_code == 0);
    CHECK(fs::remove(marker));
    ::chmod((outside + "/open").c_str(), 0777);
    check_refused_at(way, outside + "/open', which leads to it");
    ::chmod((outside + "/open").c_str(), 0755);
    ::chmod((linked + "/below").c_str(), 0777);
    check_refused_at(way, linked + "/below', which leads to it");
    // In a sticky directory a link is its owner's to exchange.
    ::chmod((linked + "/below").c_str(), 01777);
    CHECK(launched(way).exit_code == 0);
    CHECK(fs::remove(marker));
    REQUIRE(::lchown(link.c_str(), 1000, 1000) == 0);
    const auto protect = read_file("/proc/sys/fs/protected_symlinks");
    if (protect == "0\n") check_refused_at(way, link + "', which leads to it, belongs to uid 1000");
    CHECK(launched(way).exit_code == 125);
    ::chmod((linked + "/below").c_str(), 0755);
    fs::remove(link);
  }
}

TEST_CASE("a plugin directory of the environment has to be there, unless it is empty") {
  const HostUnchanged unchanged;
  const auto with = [](const std::vector<std::string>& arguments, const std::string& directory) {
    return run(arguments, {.env = {{"MINI_CONTAINER_PLUGIN_DIR", directory}}});
  };
  const auto file = write_file("file", "text");
  for (const std::string& wrong : {std::string("/nowhere"), std::string("nowhere"), file}) {
    CAPTURE(wrong);
    const std::string line =
        "MINI_CONTAINER_PLUGIN_DIR '" + wrong + "' is not a directory; name the one that holds";
    check_refused(with({"--uts", "--", "touch", marker}, wrong), {line});
    check_refused(with({"plugin", "list"}, wrong), {line});
    // What needs no plugin does not ask.
    CHECK(with({"list"}, wrong).exit_code == 0);
  }
  CHECK(with({"--hostname", "box", "--", "hostname"}, "").out == "box\n");
}

TEST_CASE(
    "a link to where others may put another file is refused, and one to elsewhere is followed") {
  const HostUnchanged unchanged;
  const auto directory = fresh_directory();
  const auto elsewhere = directory_with_copy();
  fs::create_symlink(elsewhere + "/required.so", directory + "/required.so");
  const auto asked = [&] { return run({"--plugin-dir", directory, "plugin", "info", "required"}); };
  CAPTURE(asked());
  CHECK(asked().last_error().find("calls itself 'smaller_struct'") != std::string::npos);
  ::chmod(elsewhere.c_str(), 0777);
  check_refused(asked(), {"refuse the plugin file's directory '" + elsewhere, "chmod go-w"});
}

TEST_CASE("a name that leads nowhere in one directory is looked for in the next") {
  const auto directory = fresh_directory();
  fs::create_symlink("uts.so", directory + "/uts.so");
  const auto result = run({"--plugin-dir", directory, "--hostname", "box", "--", "hostname"});
  CAPTURE(result);
  CHECK(result.out == "box\n");
  CHECK(run({"plugin", "check", directory + "/uts.so"}).last_error().find("ELOOP") !=
        std::string::npos);
}

TEST_CASE("a plugin of a relative directory is found again from another working directory") {
  const fs::path directory = FIXTURES;
  const std::string name = directory.filename();
  const RunOptions above{.directory = directory.parent_path()};
  const RunOptions by_variable{.env = {{"MINI_CONTAINER_PLUGIN_DIR", name}},
                               .directory = directory.parent_path()};
  const std::vector<std::string> launch = {"run", "--detach",    "--id", "elsewhere", "--telling",
                                           "-r",  shared_root(), "--",   "sleep",     "60"};
  std::vector<std::string> by_flag = {"--plugin-dir", name};
  by_flag.insert(by_flag.end(), launch.begin(), launch.end());
  for (const auto& [arguments, options] : {std::pair{by_flag, above}, {launch, by_variable}}) {
    const auto started = run(arguments, options);
    CAPTURE(started);
    CHECK(started.exit_code == 0);
    const auto result = run({"exec", "elsewhere", "true"});
    CAPTURE(result);
    CHECK(result.err.find("telling: join: ") != std::string::npos);
    CHECK(run({"delete", "--force", "elsewhere"}).exit_code == 0);
  }
}
