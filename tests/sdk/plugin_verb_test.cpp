// SPDX-License-Identifier: Apache-2.0
// plugin list, plugin info, plugin check.
#include <doctest/doctest.h>

#include <link.h>
#include <sys/stat.h>

#include <cstddef>
#include <filesystem>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;
namespace fs = std::filesystem;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string fixture(const std::string& name) { return FIXTURES "/" + name + ".so"; }

std::string built(const std::string& name) {
  return build_directory() + "/plugins.d/" + name + ".so";
}

/// check_fails("exports", ...): `plugin check` has a line "FAIL exports ..." with `part` in it.
void check_fails(const Result& result, const std::string& what, const std::string& part) {
  CAPTURE(result);
  CAPTURE(part);
  CHECK(result.exit_code == 1);
  const auto line = result.out.find("FAIL  " + what);
  REQUIRE(line != std::string::npos);
  CHECK(has(result.out.substr(line, result.out.find('\n', line) - line), part));
}

}  // namespace

TEST_CASE("plugin list shows name, version, summary and path") {
  const auto result = run({"plugin", "list"});
  CHECK(result.exit_code == 0);
  CHECK(has(result.out, "uts            1.0.0    A hostname and a NIS domain name"));
  CHECK(has(result.out, "(" + built("uts") + ")\n"));
  const auto json = run({"plugin", "list", "--json"});
  CHECK(json.exit_code == 0);
  CHECK(
      has(json.out, "\"name\": \"uts\",\n    \"version\": \"1.0.0\",\n    \"summary\": \"A host"));
  CHECK(has(json.out, "\"path\": \"" + built("uts") + "\""));
}

TEST_CASE("plugin list shows a broken plugin with the reason, and goes on") {
  const auto result = run({"--plugin-dir", FIXTURES, "plugin", "list"});
  CHECK(result.exit_code == 125);
  CHECK(has(result.out, "newer_abi      broken "));
  CHECK(has(result.out, "needs ABI 1.1"));
  CHECK(has(result.out, "uts            1.0.0"));
}

TEST_CASE("plugin list has one line for each plugin, however its file is named") {
  const auto directory = fresh_directory();
  const std::string long_name(100, 'n');
  for (const std::string& name : {std::string("red\033[31m\nlines"), long_name})
    write_file(name + ".so", "text", directory);
  const auto result = run({"--plugin-dir", directory, "plugin", "list"});
  CAPTURE(result.out);
  CHECK(has(result.out, "\nred?[31m?lines broken   plugin '" + directory + "/red?[31m?lines.so'"));
  CHECK(has(result.out, "\n" + long_name + " broken   plugin '"));
}

TEST_CASE("plugin list shows each plugin by the file that a launch takes") {
  const auto directory = fresh_directory();
  fs::copy_file(built("uts"), directory + "/uts.so");
  fs::copy_file(built("uts"), directory + "/other.so");
  const auto result = run({"--plugin-dir", directory, "plugin", "list"});
  CAPTURE(result.out);
  CHECK(has(result.out, "other.so' calls itself 'uts'"));
  CHECK(has(result.out, "(" + directory + "/uts.so)\n"));
}

TEST_CASE("plugin info shows options, namespaces, hooks and order") {
  const auto result = run({"plugin", "info", "uts"});
  CHECK(result.exit_code == 0);
  for (const char* part :
       {"uts 1.0.0: A hostname", "namespaces   CLONE_NEWUTS\n", "in agent     create, plan\n",
        "in child     after_pivot\n", "hostname (string, 1 to 64 bytes, flag --hostname)",
        "flag -d, --domain, --domainname"}) {
    CAPTURE(part);
    CHECK(has(result.out, part));
  }
  CHECK(has(run({"plugin", "info", "ipc"}).out, "needs        rootfs\n"));
  const auto json = run({"plugin", "info", "--json", "uts"});
  for (const char* part : {"\"namespaces\": [", "\"CLONE_NEWUTS\"", "\"name\": \"after_pivot\"",
                           "\"process\": \"child\"", "\"key\": \"hostname\"", "\"maximum\": 64"}) {
    CAPTURE(part);
    CHECK(has(json.out, part));
  }
}

TEST_CASE("plugin info shows since when there is an option") {
  CHECK(has(run({"--plugin-dir", FIXTURES, "plugin", "info", "telling"}).out,
            "newer (boolean, since 7)"));
  CHECK(has(run({"--plugin-dir", FIXTURES, "plugin", "info", "--json", "telling"}).out,
            "\"since\": 7"));
}

TEST_CASE("plugin info of a plugin that is not there names those that are") {
  const auto result = run({"plugin", "info", "utz"});
  CHECK(result.exit_code == 125);
  CHECK(has(result.last_error(), "there is no plugin 'utz'; did you mean 'uts'?"));
  CHECK(has(result.last_error(), "ipc"));
  CHECK(run({"plugin"}).exit_code == 125);
  CHECK(run({"plugin", "dance"}).exit_code == 125);
  CHECK(run({"plugin", "check"}).exit_code == 125);
}

TEST_CASE("plugin check of a good plugin reports each of its hooks, and leaves nothing") {
  for (const char* name : {"uts", "pid", "ipc", "rootfs"}) {
    CAPTURE(name);
    const HostUnchanged unchanged;
    const auto result = run({"plugin", "check", built(name)});
    CAPTURE(result);
    CHECK(result.exit_code == 0);
    CHECK_FALSE(has(result.out, "FAIL"));
    CHECK(has(result.out, "ok    exports      nothing beside mc_plugin_v1"));
    CHECK(has(result.out, "ok    run          in a throwaway container, to its end"));
    CHECK(has(result.out, "ok    hook         plan         agent"));
    CHECK(has(result.out, " us\n"));
  }
}

TEST_CASE("plugin check works for an ordinary user, with plugins of root") {
  const auto directory = fresh_directory();
  fs::copy_file(build_directory() + "/mini_container", directory + "/mini_container");
  fs::copy(build_directory() + "/plugins.d", directory + "/plugins.d");
  const auto result = run_program(
      {directory + "/mini_container", "plugin", "check", directory + "/plugins.d/uts.so"},
      {.uid = 1000});
  CAPTURE(result);
  CHECK(result.exit_code == 0);
  CHECK(has(result.out, "ok    run          in a throwaway container, to its end"));
}

TEST_CASE("plugin check takes the plugin's flags, and says which option is missing") {
  const auto missing = run({"plugin", "check", fixture("required")});
  CHECK(missing.exit_code == 0);
  CHECK(has(missing.out,
            "note  run          not tried: it needs a value for must; add "
            "--required.must VALUE"));
  const auto given = run({"plugin", "check", fixture("required"), "--required.must", "x"});
  CHECK(given.exit_code == 0);
  CHECK(has(given.out, "ok    run "));
}

TEST_CASE("plugin check finds each fault") {
  const HostUnchanged unchanged;
  const auto check = [](const std::string& name) {
    return run({"plugin", "check", fixture(name)});
  };
  check_fails(check("missing_symbol"), "symbol", "does not export mc_plugin_v1");
  check_fails(check("wrong_symbol"), "exports", "mc_plugin_v9");
  check_fails(check("more_exports"), "exports", "another_symbol");
  check_fails(check("newer_abi"), "load", "needs ABI 1.1");
  check_fails(check("tiny_struct"), "load", "8 bytes");
  check_fails(check("bad_option"), "load", "unknown type 77");
  check_fails(check("unknown_namespace"), "load", "unknown namespace");
  check_fails(check("missing_need"), "load", "there is no plugin 'nowhere'");
  check_fails(check("wrong_name"), "name", "name it another.so");
  check_fails(check("unresolved"), "load", "mini_container_nobody_defines_this");
  CHECK(has(check("unresolved").out, "note  unresolved   mini_container_nobody_defines_this"));
  CHECK(check("smaller_struct").exit_code == 0);
}

TEST_CASE("plugin check reads files that are no plugins without loading them") {
  const auto directory = fresh_directory();
  const auto text = write_file("text.so", "text", directory);
  check_fails(run({"plugin", "check", text}), "file", "is not a shared object");
  const auto cut = write_file("cut.so", read_file(built("uts")).substr(0, 3000), directory);
  check_fails(run({"plugin", "check", cut}), "file", "is cut short");
  check_fails(run({"plugin", "check", "/bin/busybox"}), "file", "another ELF file");
  auto bare = read_file(built("uts"));
  bare.replace(offsetof(ElfW(Ehdr), e_shoff), sizeof(ElfW(Off)), sizeof(ElfW(Off)), '\0');
  check_fails(run({"plugin", "check", write_file("bare.so", bare, directory)}), "file",
              "has no section headers");
  CHECK(run({"plugin", "check", directory + "/none.so"}).exit_code == 125);
  fs::copy_file(built("uts"), directory + "/uts.so");
  ::chmod((directory + "/uts.so").c_str(), 0666);
  check_fails(run({"plugin", "check", directory + "/uts.so"}), "permissions", "chmod go-w");
}

TEST_CASE("plugin check finds what the linker was told wrong") {
  const auto directory = fresh_directory();
  const auto source = std::string(TEST_SOURCE_DIR) + "/tests/sdk/fixtures/declared.c";
  const auto build = [&](const std::vector<std::string>& flags) {
    std::vector<std::string> gcc = {"gcc",
                                    "-shared",
                                    "-fPIC",
                                    "-DNAME=\"linked\"",
                                    "-I" TEST_SOURCE_DIR "/sdk/include",
                                    source,
                                    "-o",
                                    directory + "/linked.so"};
    gcc.insert(gcc.end(), flags.begin(), flags.end());
    REQUIRE(run_program(gcc).exit_code == 0);
    return run({"plugin", "check", directory + "/linked.so"});
  };
  check_fails(build({"-Wl,-z,execstack", "-Wl,-z,now"}), "stack", "executable stack");
  check_fails(build({"-Wl,-z,lazy"}), "binding", "link with -z now");
  check_fails(build({"-Wl,-z,now", "-Wl,-rpath,/tmp"}), "search path", "/tmp");
  CHECK(build({"-Wl,-z,now"}).exit_code == 0);
}

TEST_CASE("plugin check survives a plugin that breaks") {
  for (const std::string fault :
       {"abort", "crash", "exit", "leave", "close", "error", "escape", "loop"})
    for (const std::string hook : {"create", "pre_clone", "after_pivot", "cleanup"}) {
      CAPTURE(fault);
      CAPTURE(hook);
      const HostUnchanged unchanged;
      const auto result = run({"plugin", "check", fixture("faulty"), "--faulty.hook", hook,
                               "--faulty.fault", fault, "--container.hook_timeout", "300ms"});
      CAPTURE(result);
      CHECK(result.exit_code == 1);
      CHECK(has(result.out + result.err, std::string("faulty: ") + hook + ": "));
    }
}

TEST_CASE("plugin check does not take the exit code of a plugin that ends it for its own") {
  for (const std::string status : {"0", "1"}) {
    const auto result = run({"plugin", "check", LEAVING "/leaving_" + status + ".so"});
    check_fails(result, "run", "broken off with exit code 125; see standard error");
    CHECK(has(result.err, "leaving_" + status + ".so': it called _exit()"));
  }
}
