// SPDX-License-Identifier: Apache-2.0
#include "helper.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <vector>

#include "lease.hpp"
#include "mini_container/fd.hpp"

namespace net {
namespace {

constexpr const char* state_file = "helper";     // "PID STARTTIME"
constexpr const char* pasta_file = "pasta.pid";  // written by pasta itself
constexpr const char* output_file = "helper.log";

void pause_ms(long milliseconds) {
  const timespec time{0, milliseconds * 1000000};
  ::nanosleep(&time, nullptr);
}

mc::Fd create_file(int state_fd, const char* name) {
  return mc::Fd(mc::check(
      ::openat(state_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600),
      "create '", name, "' in the state directory"));
}

struct Pipe {
  mc::Fd read;
  mc::Fd write;
};
Pipe make_pipe() {
  int ends[2];
  mc::check(::pipe2(ends, O_CLOEXEC), "create a pipe");
  return {mc::Fd(ends[0]), mc::Fd(ends[1])};
}

std::vector<std::string> arguments(const Helper& helper, const Settings& settings,
                                   const HelperTarget& target, int state_fd) {
  if (!helper.pasta) {
    std::vector<std::string> out{helper.path, "--configure", "--disable-host-loopback",
                                 "--ready-fd=3", "--exit-fd=4"};
    if (settings.mtu != 0) out.push_back(mc::concat("--mtu=", settings.mtu));
    out.insert(out.end(), {mc::concat(target.pid), settings.interface});
    return out;
  }
  // By descriptor: pasta gives up the capabilities with which root could open another process's
  // namespaces before it opens them.
  std::vector<std::string> out{helper.path,   "--config-net",
                               "--quiet",     "--no-map-gw",
                               "-t",          "none",
                               "-u",          "none",
                               "-T",          "none",
                               "-U",          "none",
                               "--ns-ifname", settings.interface,
                               "--pid",       directory_path(state_fd) + "/" + pasta_file,
                               "--netns",     "/proc/self/fd/5"};
  if (target.own_users)
    out.insert(out.end(), {"--userns", "/proc/self/fd/6"});
  else
    out.push_back("--netns-only");
  if (::geteuid() == 0) out.insert(out.end(), {"--runas", "0:0"});
  if (settings.mtu != 0) out.insert(out.end(), {"--mtu", mc::concat(settings.mtu)});
  return out;
}

mc::Fd open_space(int pid, const char* name) {
  const std::string path = mc::concat("/proc/", pid, "/ns/", name);
  return mc::Fd(mc::check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open '", path, "'"));
}

// In the forked process, until execve: system calls alone.
[[noreturn]] void become(char* const argv[], int go, const std::array<int, 5>& kept,
                         bool outlives) {
  // The agent takes its signals by descriptor; here they would wait for ever, that of its own death
  // too.
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (!outlives) ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  char byte = 0;
  // The agent writes once it has noted this process; without it, it was killed.
  if (::read(go, &byte, 1) != 1) ::_exit(125);
  ::setsid();
  // Above what dup2 overwrites: output, ready, pidfd, network and user namespace become 2 to 6.
  int high[5];
  for (std::size_t i = 0; i < kept.size(); ++i) high[i] = ::fcntl(kept[i], F_DUPFD, 16);
  ::dup2(::open("/dev/null", O_RDWR), 0);
  ::dup2(high[0], 1);
  for (std::size_t i = 0; i < kept.size(); ++i) ::dup2(high[i], static_cast<int>(i) + 2);
  ::close_range(7, ~0U, 0);
  char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char* const environment[] = {path, nullptr};
  ::execve(argv[0], argv, environment);
  ::_exit(127);
}

std::string last_line(int state_fd) {
  const mc::Fd file(::openat(state_fd, output_file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return {};
  std::string text = mc::read_all(file.get(), output_file);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1, 200);
}

[[noreturn]] void refuse(const Helper& helper, int state_fd, const char* what) {
  mc::fail("'", helper.path, "' ", what, ": ", last_line(state_fd),
           mc::Hint{"try it by hand, or set net.helper to the other one"});
}

void wait_for(const Helper& helper, int fd, int state_fd) {
  pollfd wait{fd, POLLIN, 0};
  int got = 0;
  while ((got = ::poll(&wait, 1, 8000)) < 0)
    if (errno != EINTR) mc::fail_with(errno, "wait for '", helper.path, "'");
  if (got == 0) refuse(helper, state_fd, "did not get ready within 8 seconds");
}

// slirp4netns writes a byte when the interface is configured, and stays; pasta goes into the
// background, and its first process exits with 0.
void wait_ready(const Helper& helper, pid_t process, int ready, int state_fd) {
  if (!helper.pasta) {
    wait_for(helper, ready, state_fd);
    char byte = 0;
    if (::read(ready, &byte, 1) != 1) refuse(helper, state_fd, "failed");
    return;
  }
  const mc::Fd pidfd(
      mc::check(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)), "open process ", process));
  wait_for(helper, pidfd.get(), state_fd);
  int status = 0;
  while (::waitpid(process, &status, 0) < 0)
    if (errno != EINTR) mc::fail_with(errno, "wait for '", helper.path, "'");
  if (status != 0) refuse(helper, state_fd, "failed");
}

std::string read_state(int state_fd, const char* name) {
  const mc::Fd file(::openat(state_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return {};
  std::string text = mc::read_all(file.get(), name);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// Ends the process of this identity, and waits until it is gone.
void end_process(const std::string& identity) {
  const int pid = std::atoi(identity.c_str());
  for (int attempt = 0; attempt < 400; ++attempt) {
    ::waitpid(pid, nullptr, WNOHANG);
    if (process_identity(pid) != identity) return;
    if (attempt % 200 == 0) ::kill(pid, attempt == 0 ? SIGTERM : SIGKILL);
    pause_ms(5);
  }
  mc::fail("process ", pid, " of the user-mode network does not end");
}

}  // namespace

Helper find_helper(const mc::Node& config) {
  const std::string wanted = config["helper"].text();
  if (const mc::Node node = config["helper_path"]) {
    const std::string path = node.text();
    if (::access(path.c_str(), X_OK) != 0)
      mc::fail_with(errno, node.where(), ": net.helper_path: '", path, "'",
                    mc::Hint{"name the program itself"});
    const bool pasta =
        wanted == "pasta" || (wanted == "auto" && path.find("slirp4netns") == std::string::npos);
    return {path, pasta};
  }
  for (const char* name : {"pasta", "slirp4netns"}) {
    if (wanted != "auto" && wanted != name) continue;
    for (const char* directory : {"/usr/bin/", "/usr/local/bin/", "/bin/"}) {
      const std::string path = std::string(directory) + name;
      if (::access(path.c_str(), X_OK) == 0) return {path, path.back() == 'a'};
    }
  }
  mc::fail(config["mode"].where(), ": net.mode: mode 'user' needs ",
           wanted == "auto" ? "pasta or slirp4netns" : wanted, ", which is not installed",
           mc::Hint{"install the package passt or slirp4netns, or set net.helper_path"});
}

std::string helper_name_server(const Helper& helper) {
  return helper.path.empty() || helper.pasta ? "" : "10.0.2.3";
}

void start_helper(const Helper& helper, const Settings& settings, const HelperTarget& target,
                  int state_fd) {
  const auto texts = arguments(helper, settings, target, state_fd);
  std::vector<char*> argv;
  for (const std::string& text : texts) argv.push_back(const_cast<char*>(text.c_str()));
  argv.push_back(nullptr);
  const mc::Fd output = create_file(state_fd, output_file);
  const mc::Fd note = create_file(state_fd, state_file);
  const mc::Fd network = open_space(target.pid, "net");
  const mc::Fd users = open_space(target.pid, "user");
  Pipe go = make_pipe();
  Pipe ready = make_pipe();
  const pid_t process = mc::check(::fork(), "start '", helper.path, "'");
  if (process == 0) {
    // Or it would wait for itself, where the agent is gone without a word.
    go.write.reset();
    become(argv.data(), go.read.get(),
           {output.get(), ready.write.get(), target.pidfd, network.get(), users.get()},
           target.outlives);
  }
  ready.write.reset();
  const std::string identity = process_identity(process) + "\n";
  mc::check(::write(note.get(), identity.data(), identity.size()), "note the helper");
  mc::check(::write(go.write.get(), "g", 1), "start '", helper.path, "'");
  wait_ready(helper, process, ready.read.get(), state_fd);
}

void stop_helper(int state_fd) {
  const std::string identity = read_state(state_fd, state_file);
  if (!identity.empty()) end_process(identity);
  const std::string pasta = read_state(state_fd, pasta_file);
  if (!pasta.empty()) {
    // Its number alone is known: only a process of that name is ours. It may run as passt.avx2.
    const int pid = std::atoi(pasta.c_str());
    const mc::Fd name(::open(mc::concat("/proc/", pid, "/comm").c_str(), O_RDONLY | O_CLOEXEC));
    const std::string comm = name ? mc::read_all(name.get(), "comm") : std::string();
    if (comm.rfind("pasta", 0) == 0 || comm.rfind("passt", 0) == 0)
      end_process(process_identity(pid));
  }
  for (const char* file : {state_file, pasta_file, output_file}) ::unlinkat(state_fd, file, 0);
}

}  // namespace net
