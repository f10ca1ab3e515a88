// SPDX-License-Identifier: Apache-2.0
// The terminals of bundles: over a console socket, as engines ask for them, and at hand.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "tests/oci/bundle.hpp"
#include "tests/system/terminal.hpp"

using namespace mini_container;
using namespace mini_container::test;
using std::chrono::milliseconds;

namespace {

/// The engine's end of a console socket.
class ConsoleSocket {
 public:
  explicit ConsoleSocket(std::string path, int backlog = 4)
      : path_(std::move(path)),
        listener_(mc::check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket")) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    mc::check(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
              "bind");
    mc::check(::listen(listener_.get(), backlog), "listen");
  }

  [[nodiscard]] const std::string& path() const { return path_; }

  /// The master that was sent; its name is in `name`. None after two seconds.
  mc::Fd receive(std::string* name = nullptr) const {
    pollfd waiting{listener_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 2000) <= 0) return {};
    const mc::Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    char text[256] = {};
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
    iovec part{text, sizeof text - 1};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = space;
    message.msg_controllen = sizeof space;
    if (::recvmsg(connection.get(), &message, MSG_CMSG_CLOEXEC) < 0) return {};
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr) return {};
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    if (name != nullptr) *name = text;
    return mc::Fd(fd);
  }

 private:
  std::string path_;
  mc::Fd listener_;
};

/// What appears on a master until it holds `text`; what there is after `timeout`.
std::string read_until(int master, const std::string& text,
                       milliseconds timeout = milliseconds(5000)) {
  std::string shown;
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (shown.find(text) == std::string::npos && std::chrono::steady_clock::now() < end) {
    pollfd waiting{master, POLLIN, 0};
    if (::poll(&waiting, 1, 50) <= 0) continue;
    char block[4096];
    const auto got = ::read(master, block, sizeof block);
    if (got <= 0) break;
    shown.append(block, static_cast<std::size_t>(got));
  }
  return shown;
}

void type(int master, const std::string& text) {
  mc::check(::write(master, text.data(), text.size()), "type");
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Bundle terminal_bundle(const char* args) {
  Bundle bundle;
  bundle.set("process.terminal", "true").set("process.args", args);
  bundle.add("process.env", R"("PS1=ready> ")");
  bundle.set("process.capabilities.bounding", R"(["CAP_KILL"])");
  bundle.write();
  return bundle;
}

constexpr const char* shell = R"(["sh"])";

void remove(const std::string& id) {
  const auto removed = run({"delete", "--force", id});
  INFO(removed);
  CHECK(removed.exit_code == 0);
}

}  // namespace

TEST_CASE("a console socket whose owner accepts nobody is not waited for without end") {
  auto bundle = terminal_bundle(shell);
  const ConsoleSocket console(fresh_directory() + "/console.sock", 0);
  const mc::Fd first(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, console.path().c_str(), sizeof address.sun_path - 1);
  // The one that has room to wait.
  REQUIRE(::connect(first.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  const auto result =
      run({"create", "-b", bundle.directory(), "--console-socket", console.path(), id});
  INFO(result);
  CHECK(!result.timed_out);
  CHECK(result.exit_code == 1);
  CHECK(has(result.last_error(),
            "console.sock': Resource temporarily unavailable (EAGAIN); "
            "whoever listens does not accept"));
}

TEST_CASE("a created container's terminal goes to the console socket, in the size asked for") {
  auto bundle = terminal_bundle(shell);
  bundle.set("process.consoleSize", R"({"height": 31, "width": 97})").write();
  const ConsoleSocket console(fresh_directory() + "/console.sock");
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  REQUIRE(
      run({"create", "-b", bundle.directory(), "--console-socket", console.path(), id}).exit_code ==
      0);
  std::string name;
  const mc::Fd master = console.receive(&name);
  REQUIRE(master.valid());
  CHECK(name == "/dev/pts/0");
  REQUIRE(run({"start", id}).exit_code == 0);
  REQUIRE(has(read_until(master.get(), "ready> "), "ready> "));
  type(master.get(),
       "tty; stty size; attest tty; ls -l /dev/console | cut -c1; echo end$((1+1))\n");
  const auto shown = read_until(master.get(), "end2");
  INFO(shown);
  CHECK(has(shown, "/dev/pts/0"));
  CHECK(has(shown, "31 97"));
  CHECK(has(shown, "ctty yes"));
  CHECK(has(shown, "foreground yes"));

  // Resized by who has the master; the program learns of it.
  const winsize size{50, 120, 0, 0};
  ::ioctl(master.get(), TIOCSWINSZ, &size);
  type(master.get(),
       "stty size; sh -c 'trap \"echo size changed\" WINCH; "
       "echo waits; for i in $(seq 20); do sleep 0.1; done'\n");
  const auto before = read_until(master.get(), "\nwaits");
  CHECK(has(before, "50 120"));
  const winsize again{20, 60, 0, 0};
  ::ioctl(master.get(), TIOCSWINSZ, &again);
  CHECK(has(read_until(master.get(), "\nsize changed"), "size changed"));

  type(master.get(), "sh -c 'echo it sle\"\"eps; exec sleep 100'\n");
  CHECK(has(read_until(master.get(), "it sleeps"), "it sleeps"));
  type(master.get(), "\x03");
  type(master.get(), "echo code=$?\n");
  CHECK(has(read_until(master.get(), "code=130"), "code=130"));
  type(master.get(), "exit 0\n");
  CHECK(eventually([&] { return has(run({"state", id}).out, "\"stopped\""); }));
  remove(id);
}

TEST_CASE("the container's program is hung up when the engine closes the terminal") {
  const auto bundle = terminal_bundle(R"(["sleep", "1000"])");
  const ConsoleSocket console(fresh_directory() + "/console.sock");
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  REQUIRE(run({"run", "-d", "-b", bundle.directory(), "--console-socket", console.path(), id})
              .exit_code == 0);
  {
    const mc::Fd master = console.receive();
    REQUIRE(master.valid());
    CHECK(has(run({"state", id}).out, "\"running\""));
    // The first process of a PID namespace has to ask for the signal; its child need not.
  }
  Process child(
      runtime_command({"exec", "-d", "--tty", "--console-socket", console.path(), id, "sh", "-c",
                       "trap 'echo hung >/tmp/hung; exit' HUP; "
                       "echo listens; sleep 1000 & wait"}));
  {
    const mc::Fd master = console.receive();
    REQUIRE(master.valid());
    CHECK(child.finish().exit_code == 0);
    CHECK(has(read_until(master.get(), "listens"), "listens"));
  }
  CHECK(eventually([&] { return std::filesystem::exists(bundle.root() + "/tmp/hung"); }));
  std::filesystem::remove(bundle.root() + "/tmp/hung");
  remove(id);
}

TEST_CASE("exec sends its own terminal to a console socket") {
  const auto bundle = Bundle().write();
  const ConsoleSocket console(fresh_directory() + "/console.sock");
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  REQUIRE(run_and_leave({"run", "-d", "-b", bundle.directory(), id}).exit_code == 0);
  const auto process = write_file("process.json", R"({"terminal": true, "cwd": "/",
      "consoleSize": {"height": 12, "width": 34}, "env": ["PATH=/bin"],
      "args": ["sh", "-c", "tty; stty size; read line; echo got $line"]})");
  const auto started = run({"exec", "-d", "--process", process, "--console-socket", console.path(),
                            "--pid-file", fresh_directory() + "/pid", id});
  INFO(started);
  REQUIRE(started.exit_code == 0);
  const mc::Fd master = console.receive();
  REQUIRE(master.valid());
  CHECK(has(read_until(master.get(), "12 34"), "12 34"));
  type(master.get(), "words\n");
  CHECK(has(read_until(master.get(), "got words"), "got words"));
  remove(id);
}

TEST_CASE("run and exec -it at a terminal: size from the start, resize, Ctrl-C, exit code") {
  const auto bundle = terminal_bundle(shell);
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  Terminal terminal(runtime_command({"run", "-b", bundle.directory(), id}));
  REQUIRE(terminal.wait_for("ready> "));
  for (int round = 0; round < 10; ++round) {
    Terminal quick(runtime_command({"exec", "-t", id, "stty", "size"}));
    CHECK(quick.wait_for("24 80"));
    CHECK(quick.finish() == 0);
  }
  Terminal other(runtime_command({"exec", "-t", "-e", "PS1=other> ", id, "sh"}));
  REQUIRE(other.wait_for("other> "));
  other.resize(43, 21);
  // The agent passes it on in its own time.
  other.type(
      "i=0; until [ \"$(stty size)\" = '43 21' ] || [ $((i += 1)) -gt 100 ]; "
      "do sleep 0.05; done; stty size\n");
  CHECK(other.wait_for("\n43 21"));
  other.type("sh -c 'echo it sle\"\"eps; exec sleep 100'\n");
  REQUIRE(other.wait_for("it sleeps"));
  other.type("\x03");
  REQUIRE(other.wait_for("other> "));
  other.type("echo code=$?; exit 4\n");
  CHECK(other.wait_for("code=130"));
  CHECK(other.finish() == 4);
  terminal.type("exit 6\n");
  CHECK(terminal.finish() == 6);
}

TEST_CASE("much that is typed at once neither blocks nor gets lost") {
  const auto bundle = terminal_bundle(R"(["sh", "-c", "stty -echo; echo on; cat; echo all"])");
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  std::string text;
  for (int line = 0; line < 20'000; ++line) text += "line " + std::to_string(line) + "\n";
  // Standard input is a pipe whose end comes at once; output is read only as it is written.
  const auto result = run({"run", "-b", bundle.directory(), id}, {.input = text});
  CHECK(!result.timed_out);
  CHECK(result.exit_code == 0);
  CHECK(has(result.out, "line 19999\r\n"));
  CHECK(has(result.out, "all\r\n"));
}

TEST_CASE("a program that reads nothing does not hold up its own end") {
  const auto bundle = terminal_bundle(R"(["sh", "-c", "sleep 1; exit 3"])");
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  const auto result =
      run({"run", "-b", bundle.directory(), id}, {.input = std::string(500'000, 'x')});
  CHECK(!result.timed_out);
  CHECK(result.exit_code == 3);
}

TEST_CASE("a hangup of the caller's terminal ends the shell that it was for") {
  const auto bundle = terminal_bundle(shell);
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  {
    Terminal terminal(runtime_command({"run", "-b", bundle.directory(), id}));
    REQUIRE(terminal.wait_for("ready> "));
    terminal.hang_up();
    CHECK(terminal.finish(milliseconds(3000)) != 128 + SIGKILL);
  }
  CHECK(has(run({"state", id}).err, "does not exist"));
}

TEST_CASE("terminals that cannot be had are refused, and nothing is left") {
  auto bundle = terminal_bundle(shell);
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  const auto refused = [&](std::vector<std::string> words, const char* reason) {
    const auto result = run(std::move(words));
    INFO(result);
    CHECK(result.exit_code == 1);
    CHECK(result.err.find('\n') + 1 == result.err.size());
    CHECK(has(result.err, reason));
    CHECK(has(run({"state", id}).err, "does not exist"));
  };
  const auto& directory = bundle.directory();
  refused({"create", "-b", directory, id}, "--console-socket");
  refused({"create", "-b", directory, "--console-socket", "/nowhere/sock", id}, "/nowhere");
  const auto file = write_file("file", "");
  refused({"create", "-b", directory, "--console-socket", file, id}, file.c_str());
  {
    const ConsoleSocket closed(fresh_directory() + "/console.sock");
    const auto path = closed.path();
    std::filesystem::rename(path, path + ".gone");
    refused({"create", "-b", directory, "--console-socket", path, id}, path.c_str());
  }
  const ConsoleSocket console(fresh_directory() + "/console.sock");
  bundle.set("process.terminal", "false").write();
  refused({"create", "-b", directory, "--console-socket", console.path(), id},
          "process.terminal is false");
}
