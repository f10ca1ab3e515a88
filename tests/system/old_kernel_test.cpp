// SPDX-License-Identifier: Apache-2.0
// A kernel that lacks what a launch asks for: one clear error, or gone on without where that is
// asked for. A filter in front of the runtime plays that kernel.
#include <doctest/doctest.h>
#include <sys/syscall.h>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

/// `attest WORDS... mini_container run --config TEXT -- COMMAND...`
Result launch(std::vector<std::string> words, const std::string& text,
              const std::vector<std::string>& command) {
  words.insert(words.begin(), build_directory() + "/attest");
  for (auto& word : runtime_command({"run", "--config", launch_file(text), "--"}))
    words.push_back(std::move(word));
  words.insert(words.end(), command.begin(), command.end());
  return run_program(words);
}

Result without(long number, const std::string& text,
               const std::vector<std::string>& command = {"true"}) {
  return launch({"without", std::to_string(number)}, text, command);
}

Result with_landlock(int version, const std::string& text,
                     const std::vector<std::string>& command = {"true"}) {
  return launch({"landlock-version", std::to_string(version)}, text, command);
}

void check_refused(const Result& result, const std::vector<std::string>& parts) {
  INFO(result);
  CHECK(result.exit_code == 125);
  for (const auto& part : parts) CHECK(result.last_error().find(part) != std::string::npos);
}

const std::string paths =
    "[pid]\n[no_new_privs]\n[landlock]\npaths = [{ path = '/bin', rights = ['read', 'execute'] "
    "}]\n";
const std::string ports = "[pid]\n[no_new_privs]\n[landlock]\nports = []\n";
const std::string scopes = "[pid]\n[no_new_privs]\n[landlock]\nscope = ['signal']\n";

}  // namespace

TEST_CASE("no Landlock: refused, and gone on without only where that is asked for") {
  const HostUnchanged unchanged;
  for (const auto& text : {paths, ports, scopes}) {
    check_refused(without(SYS_landlock_create_ruleset, text),
                  {"has no Landlock", "best_effort = true"});
    const auto result = without(SYS_landlock_create_ruleset, text + "best_effort = true\n");
    CHECK_MESSAGE(result.exit_code == 0, result);
    CHECK(result.err.find("has no Landlock") != std::string::npos);
  }
}

TEST_CASE("an older Landlock: refused for what it cannot limit") {
  const HostUnchanged unchanged;
  check_refused(with_landlock(4, paths), {"has version 4", "all rights to paths need version 5"});
  check_refused(with_landlock(3, ports), {"has version 3", "ports need version 4"});
  check_refused(with_landlock(5, scopes), {"has version 5", "scopes need version 6"});
  CHECK(with_landlock(5, paths).exit_code == 0);
  CHECK(with_landlock(4, ports).exit_code == 0);
  CHECK(with_landlock(6, scopes).exit_code == 0);
}

TEST_CASE("an older Landlock on best effort: all that it can limit is limited") {
  for (int version = 1; version <= 4; ++version) {
    CAPTURE(version);
    const auto inside =
        with_landlock(version, paths + "best_effort = true\n", {"attest", "open", "/etc/passwd"});
    CHECK_MESSAGE(inside.out == "open EACCES\n", inside);
    CHECK(inside.err.find("has version " + std::to_string(version) +
                          " of Landlock; all rights to paths need version 5") != std::string::npos);
  }
}

TEST_CASE("no keyrings: refused, and gone on without where that is optional") {
  const HostUnchanged unchanged;
  check_refused(without(SYS_keyctl, "[keyring]"), {"ENOSYS", "keyring.optional = true"});
  const auto result = without(SYS_keyctl, "[keyring]\noptional = true");
  CHECK_MESSAGE(result.exit_code == 0, result);
  CHECK(result.err.find("no keyrings") != std::string::npos);
}

TEST_CASE("no seccomp, no memory policies, no input/output classes: each is named") {
  const HostUnchanged unchanged;
  check_refused(without(SYS_seccomp, "[no_new_privs]\n[seccomp]\ncache = false"),
                {"seccomp: create: ask the kernel for system call filters", "ENOSYS"});
  REQUIRE(
      run({"run", "--config", launch_file("[no_new_privs]\n[seccomp]"), "--", "true"}).exit_code ==
      0);
  check_refused(without(SYS_seccomp, "[no_new_privs]\n[seccomp]"),
                {"seccomp: seal: load the seccomp filter", "ENOSYS"});
  check_refused(without(SYS_set_mempolicy, "[scheduling]\nmemory_policy = 'local'"),
                {"scheduling: seal", "the memory policy 'local'", "ENOSYS"});
  check_refused(without(SYS_ioprio_set, "[scheduling]\nio_class = 'idle'"),
                {"scheduling: seal", "the input/output class 'idle'", "ENOSYS"});
  check_refused(without(SYS_sched_setattr, "[scheduling]\npolicy = 'batch'"),
                {"scheduling: seal", "the scheduling policy 'batch'", "ENOSYS"});
}
