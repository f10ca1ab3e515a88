// SPDX-License-Identifier: Apache-2.0
#include "tests/system/terminal.hpp"

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>

namespace mini_container::test {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Terminal::Terminal(const std::vector<std::string>& argv) {
  winsize size{24, 80, 0, 0};
  int master = -1;
  pid_ = mc::check(::forkpty(&master, nullptr, nullptr, &size), "open a terminal");
  if (pid_ == 0) {
    std::vector<char*> pointers;
    for (const auto& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    ::execvp(pointers[0], pointers.data());
    ::_exit(127);
  }
  master_.reset(master);
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
}

Terminal::~Terminal() {
  if (pid_ > 0) finish(milliseconds(0));
}

void Terminal::type(const std::string& text) const {
  mc::check(::write(master_.get(), text.data(), text.size()), "type");
}

void Terminal::resize(unsigned short rows, unsigned short columns) const {
  const winsize size{rows, columns, 0, 0};
  mc::check(::ioctl(master_.get(), TIOCSWINSZ, &size), "resize the terminal");
}

bool Terminal::read_some(milliseconds wait) {
  if (!master_) return false;
  pollfd polled{master_.get(), POLLIN, 0};
  if (::poll(&polled, 1, static_cast<int>(wait.count())) <= 0) return true;
  char block[4096];
  const auto got = ::read(master_.get(), block, sizeof block);
  if (got <= 0) return false;
  shown_.append(block, static_cast<std::size_t>(got));
  return true;
}

bool Terminal::wait_for(const std::string& text, milliseconds timeout) {
  const auto end = steady_clock::now() + timeout;
  for (;;) {
    const auto found = shown_.find(text, seen_);
    if (found != std::string::npos) {
      seen_ = found + text.size();
      return true;
    }
    if (steady_clock::now() > end || !read_some(milliseconds(20))) {
      return shown_.find(text, seen_) != std::string::npos;
    }
  }
}

int Terminal::finish(milliseconds timeout) {
  const auto end = steady_clock::now() + timeout;
  int status = 0;
  bool open = true;
  for (;;) {
    const auto ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) break;
    if (steady_clock::now() > end) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status, 0);
      break;
    }
    if (open)
      open = read_some(milliseconds(10));
    else
      ::usleep(10000);
  }
  while (open && ::poll(nullptr, 0, 0) == 0) {
    const auto before = shown_.size();
    open = read_some(milliseconds(50));
    if (shown_.size() == before) break;
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace mini_container::test
