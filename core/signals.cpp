// SPDX-License-Identifier: Apache-2.0
#include "core/signals.hpp"

#include <sys/signalfd.h>

namespace mini_container {

namespace {

bool is_ignored(int number) {
  struct sigaction now {};
  return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

void do_nothing(int) {}

}  // namespace

SignalQueue::SignalQueue() {
  ::signal(SIGCHLD, SIG_DFL);
  // A handler, not SIG_IGN, which the programs that plugins run would inherit.
  ::signal(SIGPIPE, do_nothing);
  sigset_t set;
  ::sigfillset(&set);
  // What tells of a fault of our own, or belongs to our own job control.
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP, SIGTSTP, SIGTTIN,
                        SIGTTOU, SIGPIPE})
    ::sigdelset(&set, own);
  if (is_ignored(SIGHUP)) ::sigdelset(&set, SIGHUP);
  fd_.reset(mc::check(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "make a signalfd"));
  ::sigdelset(&set, SIGALRM);
  ::sigprocmask(SIG_BLOCK, &set, &before_);
}

SignalQueue::~SignalQueue() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

std::optional<Signal> SignalQueue::next() const {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  return Signal{static_cast<int>(info.ssi_signo), info.ssi_code == SI_KERNEL};
}

void reset_signals() {
  for (int number = 1; number <= SIGRTMAX; ++number)
    if (number != SIGHUP) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace mini_container
