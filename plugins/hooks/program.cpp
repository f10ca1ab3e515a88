// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "mini_container/error.hpp"
#include "mini_container/fd.hpp"

namespace hooks {

namespace {

constexpr std::size_t kept_output = 4096;

std::int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000 + time.tv_nsec / 1000;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

struct Pipe {
  mc::Fd read;
  mc::Fd write;
};

// The flags are for the end that is read.
Pipe make_pipe(int flags) {
  int ends[2];
  mc::check(::pipe2(ends, O_CLOEXEC), "make a pipe");
  Pipe out{mc::Fd(ends[0]), mc::Fd(ends[1])};
  mc::check(::fcntl(ends[0], F_SETFL, flags), "set up a pipe");
  return out;
}

mc::Fd as_file(const std::string& text) {
  mc::Fd file(mc::check(::memfd_create("state", MFD_CLOEXEC), "make a file in memory"));
  mc::check(::pwrite(file.get(), text.data(), text.size(), 0), "write a file in memory");
  return file;
}

// In the new process. Only async-signal-safe calls: its parent may be in the middle of anything.
[[noreturn]] void become(const Program& program, const std::vector<char*>& argv,
                         const std::vector<char*>& environment, int input, int output, int errors,
                         int failure, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(SIGKILL), 0UL, 0UL, 0UL);
  if (::getppid() != parent) ::_exit(126);  // it ended before that
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // Out of the way of 0, 1 and 2 first: any of them may be one of the others.
  const int in = ::fcntl(input, F_DUPFD_CLOEXEC, 10);
  const int out = ::fcntl(output, F_DUPFD_CLOEXEC, 10);
  const int err = ::fcntl(errors, F_DUPFD_CLOEXEC, 10);
  const int report = ::fcntl(failure, F_DUPFD_CLOEXEC, 10);
  if (in >= 0 && out >= 0 && err >= 0 && report >= 0 && ::dup2(in, 0) >= 0 && ::dup2(out, 1) >= 0 &&
      ::dup2(err, 2) >= 0) {
    // Only the container's own system call filter can forbid it; what then stays open is what its
    // command is given.
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    ::execve(program.path.c_str(), argv.data(), environment.data());
  }
  const int error = errno;
  if (::write(report, &error, sizeof error) < 0) ::_exit(126);
  ::_exit(127);
}

// Reads what is there; false at the end of it.
bool drain(int fd, std::string& kept) {
  char buffer[16384];
  for (;;) {
    const auto got = ::read(fd, buffer, sizeof buffer);
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    kept.append(buffer, static_cast<std::size_t>(got));
    if (kept.size() > kept_output) kept.erase(0, kept.size() - kept_output);
  }
}

// The agent blocks them, and reads them when we have returned.
bool is_asked_to_stop() {
  sigset_t waiting;
  ::sigemptyset(&waiting);
  ::sigpending(&waiting);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
    if (::sigismember(&waiting, number) == 1) return true;
  return false;
}

bool has_ended(int pid) {
  siginfo_t found{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &found, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         found.si_pid == pid;
}

void reap(int pid, int& status) {
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) mc::fail_with(errno, "wait for process ", pid);
}

}  // namespace

std::string Outcome::text(const Program& program) const {
  if (timed_out)
    return mc::concat("did not end within ", program.timeout / 1'000'000, ".",
                      program.timeout / 100'000 % 10, " s and was killed");
  if (stopped) return "was killed: the launch is to stop";
  if (WIFSIGNALED(wait_status)) return mc::concat("was killed by signal ", WTERMSIG(wait_status));
  return mc::concat("exited with status ", WEXITSTATUS(wait_status));
}

Outcome run(const Program& program, const std::string& input) {
  const mc::Fd file = as_file(input);
  Pipe output = make_pipe(O_NONBLOCK);
  Pipe errors = make_pipe(O_NONBLOCK);
  Pipe failure = make_pipe(0);
  const auto argv = pointers(program.arguments);
  const auto environment = pointers(program.environment);

  const pid_t parent = ::getpid();
  const pid_t pid = mc::check(::fork(), "make a process for '", program.path, "'");
  if (pid == 0)
    become(program, argv, environment, file.get(), output.write.get(), errors.write.get(),
           failure.write.get(), parent);
  ::setpgid(pid, pid);  // whoever comes first: setpgid(2)
  for (Pipe* pipe : {&output, &errors, &failure}) pipe->write.reset();

  Outcome outcome;
  // Not reaped yet, so the number is still its own.
  // None where the container's system call filter, which holds for us as well by then, has no
  // pidfd_open(2): then we look from time to time.
  const mc::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const std::int64_t end = program.timeout > 0 ? now() + program.timeout : INT64_MAX;
  // In milliseconds.
  const int longest = !pidfd ? 10 : program.before_start ? 250 : 60'000;
  pollfd watched[] = {
      {pidfd.get(), POLLIN, 0}, {output.read.get(), POLLIN, 0}, {errors.read.get(), POLLIN, 0}};
  for (;;) {
    const std::int64_t left = end - now();
    outcome.timed_out = left <= 0;
    outcome.stopped = program.before_start && is_asked_to_stop();
    if (outcome.timed_out || outcome.stopped) {
      ::kill(-pid, SIGKILL);
      ::kill(pid, SIGKILL);
      break;
    }
    const int wait = static_cast<int>(std::min<std::int64_t>(left / 1000 + 1, longest));
    if (::poll(watched, 3, wait) < 0 && errno != EINTR) {
      const int error = errno;
      ::kill(-pid, SIGKILL);
      reap(pid, outcome.wait_status);
      mc::fail_with(error, "wait for '", program.path, "'");
    }
    if (watched[1].revents != 0 && !drain(output.read.get(), outcome.output)) watched[1].fd = -1;
    if (watched[2].revents != 0 && !drain(errors.read.get(), outcome.errors)) watched[2].fd = -1;
    // What it has started may hold the pipe open: its own end is what counts.
    if (pidfd ? (watched[0].revents & POLLIN) != 0 : has_ended(pid)) break;
    for (pollfd& one : watched) one.revents = 0;
  }
  reap(pid, outcome.wait_status);
  drain(output.read.get(), outcome.output);
  drain(errors.read.get(), outcome.errors);
  // Closed by a successful execve.
  if (::read(failure.read.get(), &outcome.exec_error, sizeof outcome.exec_error) !=
      static_cast<ssize_t>(sizeof outcome.exec_error))
    outcome.exec_error = 0;
  return outcome;
}

}  // namespace hooks
