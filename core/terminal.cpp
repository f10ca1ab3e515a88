// SPDX-License-Identifier: Apache-2.0
#include "core/terminal.hpp"

#include <limits.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>

#include "mini_container/in_root.hpp"

namespace mini_container {

namespace {

constexpr unsigned ptmx_major = 5, ptmx_minor = 2;  // admin-guide/devices.txt

mc::Fd open_ptmx() {
  const int fd = mc::try_open_in_root(AT_FDCWD, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW, 0,
                                      RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
  if (fd < 0)
    mc::fail_with(-fd, "open '/dev/pts/ptmx' in the container",
                  mc::Hint{"container.terminal needs a devpts on /dev/pts; rootfs mounts one"});
  mc::Fd master(fd);
  struct stat info {};
  struct statfs filesystem {};
  mc::check(mc::stat_of(fd, &info), "look at '/dev/pts/ptmx'");
  mc::check(::fstatfs(fd, &filesystem), "look at '/dev/pts'");
  if (!S_ISCHR(info.st_mode) || info.st_rdev != makedev(ptmx_major, ptmx_minor) ||
      filesystem.f_type != DEVPTS_SUPER_MAGIC)
    mc::fail("'/dev/pts/ptmx' in the container is not a terminal multiplexer of a devpts",
             mc::Hint{"mount a devpts on /dev/pts"});
  return master;
}

// The slave's own mount, attached by descriptor: no path of the container's is followed twice.
void bind_to_console(int slave) {
  const int console = mc::try_open_in_root(AT_FDCWD, "/dev/console", O_PATH | O_NOFOLLOW, 0,
                                           RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
  mc::Fd target(console);
  if (console == -ENOENT) {
    target.reset(mc::try_open_in_root(AT_FDCWD, "/dev/console",
                                      O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW, 0600,
                                      RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS));
  }
  if (target.get() < 0) {
    if (target.get() == -EROFS) return;  // a read-only /dev without the file: nothing to attach to
    mc::fail_with(-target.get(), "open '/dev/console' in the container");
  }
  // A link is opened as itself here, and a terminal mounted on one would be seen by chance.
  struct stat info {};
  mc::check(mc::stat_of(target.get(), &info), "look at '/dev/console' in the container");
  if (S_ISLNK(info.st_mode))
    mc::fail("'/dev/console' in the container is a symbolic link",
             mc::Hint{"remove it from the root"});
  const mc::Fd mount(
      mc::check(::open_tree(slave, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH),
                "clone the terminal's mount"));
  mc::check(::move_mount(mount.get(), "", target.get(), "",
                         MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH),
            "mount the terminal on '/dev/console'");
}

}  // namespace

std::optional<winsize> wanted_terminal_size(const Value& container) {
  winsize window{};
  if (const auto* size = container.find("terminal_size")) {
    const auto number = [&](const char* key) {
      return static_cast<unsigned short>(*size->find(key)->as<std::int64_t>());
    };
    window.ws_row = number("height");
    window.ws_col = number("width");
    return window;
  }
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &window) != 0) return std::nullopt;
  return window;
}

mc::Fd open_container_terminal(bool bind_console, const std::optional<winsize>& size) {
  mc::Fd master = open_ptmx();
  int unlock = 0;
  mc::check(::ioctl(master.get(), TIOCSPTLCK, &unlock), "unlock the container's terminal");
  // By the master's own descriptor, not by its number below /dev/pts: ioctl_tty(2).
  const mc::Fd slave(mc::check(::ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC),
                               "open the container's terminal"));
  if (bind_console) bind_to_console(slave.get());
  mc::check(::setsid() < 0 && errno != EPERM ? -1 : 0, "start a session");
  mc::check(::ioctl(slave.get(), TIOCSCTTY, 0), "make the terminal the controlling one");
  for (int fd = 0; fd <= 2; ++fd)
    mc::check(::dup2(slave.get(), fd), "make the terminal descriptor ", fd);
  // Here, before the command can ask for it.
  if (size) mc::check(::ioctl(master.get(), TIOCSWINSZ, &*size), "set the terminal's size");
  return master;
}

void give_terminal_to(uid_t user) {
  // Where the id cannot own it (a user namespace without it), it stays with the root user.
  if (::fchown(STDIN_FILENO, user, static_cast<gid_t>(-1)) != 0 && errno != EINVAL)
    mc::fail_with(errno, "give the terminal to user ", user);
}

TerminalRelay::TerminalRelay(mc::Fd master, bool attended)
    : master_(std::move(master)), reads_input_(attended) {
  // The open file is ours alone: the container has the other side.
  mc::check(::fcntl(master_.get(), F_SETFL, O_RDWR | O_NONBLOCK), "make the terminal non-blocking");
  termios now{};
  if (attended && ::tcgetattr(STDIN_FILENO, &now) == 0) {
    saved_ = now;
    ::cfmakeraw(&now);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
  }
}

TerminalRelay::~TerminalRelay() {
  if (saved_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &*saved_);
}

void TerminalRelay::resize() const {
  winsize size{};
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0) return;
  // A terminal that nobody has told its size says 0: no reason to forget one that was asked for.
  if (size.ws_row != 0 || size.ws_col != 0) ::ioctl(master_.get(), TIOCSWINSZ, &size);
}

void TerminalRelay::copy_input() {
  char data[4096];
  const auto got = ::read(STDIN_FILENO, data, sizeof data);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got > 0) {
    pending_.assign(data, static_cast<std::size_t>(got));
  } else {
    // The caller has no more: the terminal's own end of file, VEOF at the start of a line.
    reads_input_ = false;
    pending_ = "\x04";
  }
  pass_input();
}

void TerminalRelay::pass_input() {
  if (pending_.empty()) return;
  const auto put = ::write(master_.get(), pending_.data(), pending_.size());
  if (put > 0)
    pending_.erase(0, static_cast<std::size_t>(put));
  else if (errno != EAGAIN && errno != EINTR)
    pending_.clear();  // nobody is there to read it
}

// So much a pipe takes without waiting once it takes something: pipe(7).
bool TerminalRelay::copy_output(const Wait& wait) {
  char data[16384];
  const auto got = ::read(master_.get(), data, sizeof data);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  for (ssize_t put = 0; put < got;) {
    if (!wait()) return false;
    const auto now = ::write(STDOUT_FILENO, data + put,
                             static_cast<std::size_t>(std::min<ssize_t>(got - put, PIPE_BUF)));
    if (now < 0 && errno != EINTR) return false;
    if (now > 0) put += now;
  }
  return got > 0;
}

void TerminalRelay::drain(const Wait& wait) {
  pollfd ready{master_.get(), POLLIN, 0};
  while (::poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN) != 0)
    if (!copy_output(wait)) return;
}

bool is_foreground() {
  // In a pipeline the terminal is for all of its commands: a pager behind us reads from it.
  struct stat output {};
  if (mc::stat_of(STDOUT_FILENO, &output) == 0 && S_ISFIFO(output.st_mode)) return false;
  const pid_t group = ::tcgetpgrp(STDIN_FILENO);
  return group > 0 && group == ::getpgrp();
}

ForegroundJob::ForegroundJob(pid_t container) : container_(container) {
  ::setpgid(container_, container_);
  give();
}

ForegroundJob::~ForegroundJob() { take_back(); }

void ForegroundJob::give() { ::tcsetpgrp(STDIN_FILENO, container_); }

void ForegroundJob::take_back() {
  // We are in the background now; asking for the terminal would stop us.
  sigset_t block, before;
  ::sigemptyset(&block);
  ::sigaddset(&block, SIGTTOU);
  ::sigprocmask(SIG_BLOCK, &block, &before);
  ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

void ForegroundJob::stop_along() {
  take_back();
  ::raise(SIGSTOP);
  // Continued, by the shell's fg or bg. In the background the terminal is not ours to give.
  if (::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) give();
  ::kill(-container_, SIGCONT);
}

}  // namespace mini_container
