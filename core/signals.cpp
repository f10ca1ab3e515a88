// SPDX-License-Identifier: Apache-2.0
#include "core/signals.hpp"

#include <sys/signalfd.h>

namespace mini_container {

SignalQueue::SignalQueue() {
  sigset_t set;
  ::sigfillset(&set);
  // What tells of a fault of our own, or belongs to our own timer and job control.
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP, SIGALRM, SIGTSTP,
                        SIGTTIN, SIGTTOU, SIGPIPE})
    ::sigdelset(&set, own);
  ::sigprocmask(SIG_BLOCK, &set, &before_);
  fd_.reset(mc::check(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "make a signalfd"));
}

SignalQueue::~SignalQueue() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

int SignalQueue::next() const {
  signalfd_siginfo info{};
  return ::read(fd_.get(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo)
                                                              : 0;
}

}  // namespace mini_container
