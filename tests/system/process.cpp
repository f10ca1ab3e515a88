// SPDX-License-Identifier: Apache-2.0
#include "tests/system/process.hpp"

#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <ostream>
#include <sstream>

#include "tests/system/container_root.hpp"

namespace mini_container::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Pipe {
  mc::Fd read;
  mc::Fd write;
};

Pipe make_pipe() {
  int ends[2];
  mc::check(::pipe2(ends, O_CLOEXEC), "make a pipe");
  return {mc::Fd(ends[0]), mc::Fd(ends[1])};
}

[[noreturn]] void execute(const std::vector<std::string>& argv, const RunOptions& options, int in,
                          int out, int err) {
  ::setpgid(0, 0);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  // This process may have been given descriptors itself.
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  for (const int fd : options.keep) ::fcntl(fd, F_SETFD, 0);
  // A coverage build's profile is root's; whoever cannot write it would say so on standard error.
  if (options.uid != 0)
    ::setenv("GCOV_PREFIX", mc::concat("/tmp/mini_container-gcov-", options.uid).c_str(), 1);
  for (const auto& [name, content] : options.env) ::setenv(name.c_str(), content.c_str(), 1);
  if (!options.directory.empty() && ::chdir(options.directory.c_str()) < 0) ::_exit(126);
  if (options.uid != 0 &&
      (::setgroups(0, nullptr) < 0 || ::setresgid(options.uid, options.uid, options.uid) < 0 ||
       ::setresuid(options.uid, options.uid, options.uid) < 0))
    ::_exit(126);
  std::vector<char*> pointers;
  for (const auto& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  ::execvp(pointers[0], pointers.data());
  ::dprintf(2, "cannot run %s: %s\n", pointers[0], std::strerror(errno));
  ::_exit(127);
}

/// Appends what is there to read; false at the end.
bool drain(mc::Fd& source, std::string& text) {
  char block[65536];
  const auto got = ::read(source.get(), block, sizeof block);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (got > 0) {
    text.append(block, static_cast<std::size_t>(got));
    return true;
  }
  source.reset();
  return false;
}

}  // namespace

Process::Process(const std::vector<std::string>& argv, RunOptions options)
    : options_(std::move(options)), start_(steady_clock::now()) {
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  pid_ = mc::check(::fork(), "fork");
  if (pid_ == 0) execute(argv, options_, in.read.get(), out.write.get(), err.write.get());
  ::setpgid(pid_, pid_);
  pidfd_.reset(static_cast<int>(mc::check(::syscall(SYS_pidfd_open, pid_, 0), "pidfd_open")));
  out_ = std::move(out.read);
  err_ = std::move(err.read);
  for (const mc::Fd* end : {&out_, &err_}) ::fcntl(end->get(), F_SETFL, O_NONBLOCK);
  if (!options_.input.empty()) {
    // Larger input would need a writer of its own; no test has any.
    ::fcntl(in.write.get(), F_SETPIPE_SZ, 1 << 20);
    ::signal(SIGPIPE, SIG_IGN);
    mc::check(::write(in.write.get(), options_.input.data(), options_.input.size()), "give input");
  } else {
    input_ = std::move(in.write);
  }
}

Process::Process(Process&& other) noexcept
    : options_(std::move(other.options_)),
      start_(other.start_),
      pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      input_(std::move(other.input_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      result_(std::move(other.result_)),
      ended_(std::exchange(other.ended_, true)) {}

Process::~Process() {
  if (pid_ <= 0 || ended_) return;
  ::kill(-pid_, SIGKILL);
  reap();
}

void Process::signal(int number) const {
  mc::check(::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0), "send signal ",
            number);
}

/// Reads for at most `wait`; true when the program has ended.
bool Process::pump(milliseconds wait) {
  pollfd polled[] = {{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}, {pidfd_.get(), POLLIN, 0}};
  ::poll(polled, 3, static_cast<int>(wait.count()));
  if (out_.valid() && polled[0].revents != 0) drain(out_, result_.out);
  if (err_.valid() && polled[1].revents != 0) drain(err_, result_.err);
  return polled[2].revents != 0;
}

bool Process::wait_for(const std::string& text, bool in_errors, milliseconds timeout) {
  const auto end = steady_clock::now() + timeout;
  const std::string& where = in_errors ? result_.err : result_.out;
  while (where.find(text) == std::string::npos) {
    if (steady_clock::now() > end) return false;
    if (pump(milliseconds(20)) && pump(milliseconds(20)) && where.find(text) == std::string::npos)
      return false;
  }
  return true;
}

void Process::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) result_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result_.signal = WTERMSIG(status);
  ended_ = true;
}

Result Process::finish() {
  input_.reset();
  const auto end = start_ + options_.timeout;
  while (!pump(milliseconds(50)))
    if (!result_.timed_out && steady_clock::now() > end) {
      result_.timed_out = true;
      ::kill(-pid_, SIGKILL);
    }
  result_.duration =
      std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - start_);
  reap();
  const auto grace = steady_clock::now() + options_.grace;
  while (out_.valid() || err_.valid()) {
    if (steady_clock::now() > grace) {
      result_.left_open = true;
      break;
    }
    pollfd polled[] = {{out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}};
    ::poll(polled, 2, 20);
    if (out_.valid() && polled[0].revents != 0) drain(out_, result_.out);
    if (err_.valid() && polled[1].revents != 0) drain(err_, result_.err);
  }
  return result_;
}

std::string Result::last_error() const {
  const auto end = err.find_last_not_of('\n');
  if (end == std::string::npos) return "";
  const auto start = err.find_last_of('\n', end);
  return err.substr(start + 1, end - start);
}

std::ostream& operator<<(std::ostream& stream, const Result& result) {
  stream << "exit code " << result.exit_code << ", signal " << result.signal
         << (result.timed_out ? ", TIMED OUT" : "") << (result.left_open ? ", LEFT OPEN" : "")
         << "\n--- out\n"
         << result.out << "--- err\n"
         << result.err;
  return stream;
}

Result run_program(const std::vector<std::string>& argv, RunOptions options) {
  return Process(argv, std::move(options)).finish();
}

std::vector<std::string> runtime_command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), build_directory() + "/mini_container");
  return arguments;
}

Result run(std::vector<std::string> arguments, RunOptions options) {
  return run_program(runtime_command(std::move(arguments)), std::move(options));
}

std::string run_inside(const std::vector<std::string>& plugins,
                       const std::vector<std::string>& command) {
  std::vector<std::string> arguments = {"--rootfs.path", shared_root()};
  for (const auto& plugin : plugins)
    arguments.push_back(plugin.starts_with('-') ? plugin : "--" + plugin);
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), command.begin(), command.end());
  const Result result = run(arguments);
  if (result.exit_code != 0) {
    std::ostringstream text;
    text << result;
    mc::fail("the container failed: ", text.str());
  }
  return result.out;
}

std::vector<std::string> values(const std::string& report, const std::string& key) {
  std::vector<std::string> found;
  std::istringstream lines(report);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(key + " ")) found.push_back(line.substr(key.size() + 1));
  return found;
}

std::string value(const std::string& report, const std::string& key) {
  const auto found = values(report, key);
  return found.empty() ? "" : found.front();
}

}  // namespace mini_container::test
