// SPDX-License-Identifier: Apache-2.0
#include "core/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace mini_container {

namespace {

bool is_ignored(int number) {
  struct sigaction now {};
  return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

void do_nothing(int) {}

// The signals in one of the masks of proc(5).
std::uint64_t mask_in(const char* status, const char* name) {
  std::uint64_t out = 0;
  if (const char* at = std::strstr(status, name)) {
    at += std::strlen(name);
    std::from_chars(at, at + std::strlen(at), out, 16);
  }
  return out;
}

}  // namespace

std::string signal_name(int number) {
  const char* const abbreviation = ::sigabbrev_np(number);
  return abbreviation != nullptr ? mc::concat("SIG", abbreviation) : mc::concat("signal ", number);
}

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
  if (::sigismember(&before_, SIGALRM) == 0) return;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGALRM);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
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

void survive_lost_output() {
  for (const int number : {SIGPIPE, SIGXFSZ}) ::signal(number, do_nothing);
}

int take_stop_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : stop_signals) ::sigaddset(&set, number);
  ::sigaddset(&set, SIGXFSZ);  // write(2) has told it: no second time, by our end
  const timespec now{};
  int first = 0;
  for (int number = 0; (number = ::sigtimedwait(&set, nullptr, &now)) > 0;)
    if (first == 0 && number != SIGXFSZ) first = number;
  return first;
}

void let_stop_signals_end_us() {
  take_stop_signals();
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : stop_signals) ::sigaddset(&set, number);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

bool is_asked_to_stop(int status) {
  const int error_number = errno;
  char text[4096];
  const auto length = ::pread(status, text, sizeof text - 1, 0);
  errno = error_number;
  if (length <= 0) return false;
  text[length] = '\0';
  const auto waiting = mask_in(text, "\nSigPnd:\t") | mask_in(text, "\nShdPnd:\t");
  for (const int number : stop_signals)
    if ((waiting & (1ULL << (number - 1))) != 0) return true;
  return false;
}

}  // namespace mini_container
