// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>

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

namespace {

struct RightCase {
  const char* right;
  const char* beside;  // the other rights that the command needs
  std::vector<std::string> command;
};
const RightCase right_cases[] = {
    {"execute", "read_file", {"/work/attest", "exit", "0"}},
    {"write_file", "read_file", {"attest", "write", "/work/file"}},
    {"read_file", "read_dir", {"attest", "open", "/work/file"}},
    {"read_dir", "read_file", {"attest", "open", "/work"}},
    {"remove_dir", "read", {"busybox", "rmdir", "/work/empty"}},
    {"remove_file", "read", {"attest", "unlink", "/work/file"}},
    {"make_char", "read", {"attest", "mknod", "/work/new", "c", "1", "3"}},
    {"make_dir", "read", {"attest", "mkdir", "/work/new"}},
    {"make_reg", "write_file", {"attest", "write", "/work/new"}},
    {"make_sock", "read", {"attest", "mknod", "/work/new", "s"}},
    {"make_fifo", "read", {"attest", "mknod", "/work/new", "p"}},
    {"make_block", "read", {"attest", "mknod", "/work/new", "b", "7", "0"}},
    {"make_sym", "read", {"busybox", "ln", "-s", "file", "/work/new"}},
    {"refer", "make_reg", {"busybox", "ln", "/work/file", "/work/full/new"}},
    {"truncate", "write_file", {"busybox", "truncate", "-s", "0", "/work/file"}},
    {"ioctl_dev", "read", {"sh", "-c", "stty </dev/ptmx"}},
};

}  // namespace

TEST_CASE("each right by itself is what it takes") {
  for (const auto& each : right_cases) {
    CAPTURE(each.right);
    for (const bool given : {true, false}) {
      const auto root = fresh_root();
      namespace fs = std::filesystem;
      fs::create_directories(root + "/work/empty");
      fs::create_directories(root + "/work/full/in");
      fs::copy_file(root + "/bin/attest", root + "/work/attest");
      write_file("file", "text", root + "/work");
      std::string rights = "'" + std::string(each.beside) + "'";
      if (given) rights += ", '" + std::string(each.right) + "'";
      std::string text = programs;
      for (const char* path : {"/work", "/dev"})
        text += ", { path = '" + std::string(path) + "', rights = [" + rights + "] }";
      const auto result = launch(text + "]\n[rootfs]\npath = '" + root + "'\n", each.command);
      CHECK_MESSAGE((result.exit_code == 0) == given, result);
    }
  }
}

// Until the job before it listens on port 8080 or 8081, or has ended; says which.
constexpr const char* await_listener =
    "i=0; while kill -0 $! 2>/dev/null && [ $((i += 1)) -lt 100 ]; do "
    "cat /proc/net/tcp /proc/net/tcp6 | grep -q ':1F9[01] .* 0A ' && echo listens && break; "
    "sleep 0.05; done; ";

TEST_CASE("TCP connections go to the listed ports alone") {
  const auto ask = [](const std::string& rights) {
    return launch("[pid]\n[net]\n[no_new_privs]\n[landlock]\nports = [{ port = 8080, rights = [" +
                      rights + "] }]\n",
                  {"sh", "-c",
                   std::string("nc -l -p 8080 -e echo answered & ") + await_listener +
                       "nc 127.0.0.1 8080 </dev/null; kill $! 2>/dev/null"});
  };
  CHECK(ask("'bind', 'connect'").out == "listens\nanswered\n");
  const auto refused = ask("'bind'");
  CHECK(refused.out == "listens\n");
  CHECK(refused.err.find("Permission denied") != std::string::npos);
}

TEST_CASE("scopes: abstract sockets and signals do not leave the command's own processes") {
  // Neither [net] nor [pid]: both are reachable but for Landlock.
  Process listener({build_directory() + "/attest", "abstract-listen", "landlock-test"});
  REQUIRE(listener.wait_for("ready"));
  Process sleeper({"sleep", "30"});
  const std::string pid = std::to_string(sleeper.pid());
  const std::string open = "[no_new_privs]\n";
  const std::string scoped = open + "[landlock]\nscope = ['abstract_unix_socket', 'signal']\n";
  const std::vector<std::string> connect = {"attest", "abstract-connect", "landlock-test"};
  CHECK(launch(open, connect).out == "abstract-connect ok\n");
  CHECK(launch(scoped, connect).out == "abstract-connect EPERM\n");
  CHECK(launch(open, {"kill", "-0", pid}).exit_code == 0);
  CHECK(launch(scoped, {"kill", "-0", pid}).exit_code == 1);
  CHECK(launch(scoped, {"sh", "-c", "sleep 9 & kill $!"}).exit_code == 0);
}

TEST_CASE("TCP ports are closed but those that are listed") {
  const std::string text =
      "[pid]\n[net]\n[no_new_privs]\n[landlock]\nports = [{ port = 8080, rights = ['bind'] }]\n";
  // busybox's nc says why it cannot bind.
  const auto listen = [&](const char* port) {
    return launch(
        text, {"sh", "-c",
               std::string("nc -l -p ") + port + " & " + await_listener + "kill $! 2>/dev/null"});
  };
  const auto refused = listen("8081");
  CHECK(refused.err.find("Permission denied") != std::string::npos);
  CHECK(refused.out == "");
  CHECK(listen("8080").out == "listens\n");
}

TEST_CASE("a path that is missing, relative, or a right that is unknown is refused") {
  const HostUnchanged unchanged;
  const auto refusal = [](const std::string& text) {
    const auto result = launch(text, {"true"});
    CHECK(result.exit_code == 125);
    return result.last_error();
  };
  CHECK(refusal(programs + ", { path = '/nowhere', rights = ['read'] }]")
            .find("open '/nowhere' for Landlock") != std::string::npos);
  CHECK(refusal(programs + ", { path = 'bin', rights = ['read'] }]").find("is not absolute") !=
        std::string::npos);
  CHECK(refusal(programs + ", { path = '/bin', rights = ['exceute'] }]")
            .find("did you mean 'execute'?") != std::string::npos);
  CHECK(refusal("[landlock]\n").find("limits nothing") != std::string::npos);
  CHECK(refusal("[landlock]\nports = [{ port = 65536, rights = ['bind'] }]").find("port") !=
        std::string::npos);
  CHECK(launch(programs + ", { path = '/nowhere', rights = ['read'], optional = true }]", {"true"})
            .exit_code == 0);
}

TEST_CASE("a command that is outside of the paths cannot be started") {
  const auto result =
      launch("[pid]\n[no_new_privs]\n[landlock]\npaths = [{ path = '/etc', rights = ['read'] }]",
             {"true"});
  CHECK(result.exit_code == 126);
}
