// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

Result launch(const std::string& text, const std::vector<std::string>& command) {
  std::vector<std::string> arguments = {"run", "--config", launch_file(text), "--"};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return run(arguments);
}

const std::string programs =
    "[pid]\n[no_new_privs]\n[landlock]\npaths = [{ path = '/bin', rights = ['read', 'execute'] }";

}  // namespace

TEST_CASE("only what is listed can be reached, whoever asks") {
  const HostUnchanged unchanged;
  const std::string text = programs + ", { path = '/tmp', rights = ['all'] }]\n";
  CHECK(launch(text, {"attest", "open", "/bin/sh"}).out == "open ok\n");
  CHECK(launch(text, {"attest", "open", "/etc/passwd"}).out == "open EACCES\n");
  CHECK(launch("[pid]", {"attest", "open", "/etc/passwd"}).out == "open ok\n");
  CHECK(launch(text, {"attest", "write", "/tmp/x"}).out == "write ok\n");
  CHECK(launch(text, {"attest", "write", "/bin/x"}).out == "write EACCES\n");
  CHECK(launch(text, {"attest", "mkdir", "/x"}).out == "mkdir EACCES\n");
}

TEST_CASE("the kernel's own names of rights work, and files take those that they can have") {
  const std::string text =
      programs + ", { path = '/etc/passwd', rights = ['read_file', 'make_dir'] }]\n";
  CHECK(launch(text, {"attest", "open", "/etc/passwd"}).out == "open ok\n");
  CHECK(launch(text, {"attest", "open", "/etc/group"}).out == "open EACCES\n");
}

TEST_CASE("TCP ports are closed but those that are listed") {
  const std::string text =
      "[pid]\n[net]\n[no_new_privs]\n[landlock]\nports = [{ port = 8080, rights = ['bind'] }]\n";
  // busybox's nc says why it cannot bind.
  const auto listen = [&](const char* port) {
    return launch(text, {"sh", "-c", std::string("nc -l -p ") + port + " & sleep 0.2; kill $!"}).err;
  };
  CHECK(listen("8081").find("Permission denied") != std::string::npos);
  CHECK(listen("8080").find("Permission denied") == std::string::npos);
}

TEST_CASE("a path that is missing, relative, or a right that is unknown is refused") {
  const HostUnchanged unchanged;
  const auto refusal = [](const std::string& text) {
    const auto result = launch(text, {"true"});
    CHECK(result.exit_code == 125);
    return result.last_error();
  };
  CHECK(refusal(programs + ", { path = '/nowhere', rights = ['read'] }]").find(
            "open '/nowhere' for Landlock") != std::string::npos);
  CHECK(refusal(programs + ", { path = 'bin', rights = ['read'] }]").find("is not absolute") !=
        std::string::npos);
  CHECK(refusal(programs + ", { path = '/bin', rights = ['exceute'] }]").find(
            "did you mean 'execute'?") != std::string::npos);
  CHECK(refusal("[landlock]\n").find("limits nothing") != std::string::npos);
  CHECK(refusal("[landlock]\nports = [{ port = 65536, rights = ['bind'] }]").find("port") !=
        std::string::npos);
  CHECK(launch(programs + ", { path = '/nowhere', rights = ['read'], optional = true }]", {"true"})
            .exit_code == 0);
}

TEST_CASE("a command that is outside of the paths cannot be started") {
  const auto result = launch(
      "[pid]\n[no_new_privs]\n[landlock]\npaths = [{ path = '/etc', rights = ['read'] }]", {"true"});
  CHECK(result.exit_code == 126);
}
