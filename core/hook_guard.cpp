// SPDX-License-Identifier: Apache-2.0
#include "core/hook_guard.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "core/error_output.hpp"
#include "core/failure.hpp"

namespace mini_container {

namespace {

// Reached from signal handlers and from atexit, so it is static and plain.
struct GuardState {
  Progress* progress = nullptr;
  std::vector<GuardedPlugin> plugins;
  std::vector<std::string> arguments;
  std::vector<char*> argument_pointers;
  pid_t owner = 0;
  pid_t child = 0;
  int sentinel = -1;
  volatile sig_atomic_t alarms_of_others = 0;
};
GuardState guard;
alignas(16) char alternate_stack[32768];

constexpr std::array crash_signals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};

bool in_hook() {
  return guard.progress != nullptr &&
         guard.progress->since_ns.load(std::memory_order_acquire) != 0 &&
         guard.progress->plugin.load() < guard.plugins.size();
}

void put(const char* text) {
  const auto length = std::strlen(text);
  if (::write(STDERR_FILENO, text, length) < 0) return;  // nobody is left to tell
}

void set_ticks(bool on) {
  itimerval timer{};
  if (on) {
    timer.it_value.tv_usec = timer.it_interval.tv_usec = 250'000;
  }
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

void block_alarm(bool block) {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGALRM);
  ::sigprocmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, nullptr);
}

// Only async-signal-safe calls: the heap may be broken.
[[noreturn]] void emergency(const char* what) {
  restore_error_output();
  const auto& name = guard.plugins[guard.progress->plugin.load()].name;
  put("mini_container: ");
  put(name.c_str());
  put(": ");
  put(info(static_cast<Hook>(guard.progress->hook.load())).name);
  put(": ");
  put(what);
  put("; the launch is undone; repair or disable the plugin\n");
  if (guard.child > 0) ::kill(guard.child, SIGKILL);
  // It would go on behind the execve, where nobody waits for its signal.
  set_ticks(false);
  if (!guard.argument_pointers.empty()) ::execv("/proc/self/exe", guard.argument_pointers.data());
  ::_exit(exit_runtime_failed);
}

void on_crash(int signal) {
  if (::getpid() == guard.owner && in_hook()) {
    char what[64] = "the plugin crashed (SIG";
    const char* name = ::sigabbrev_np(signal);
    std::strncat(what, name != nullptr ? name : "?", 16);
    std::strncat(what, ")", 2);
    emergency(what);
  }
  // The core's own fault: die of it, with a core dump where there is to be one.
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void on_tick(int, siginfo_t* info, void*) {
  if (info->si_code != SI_KERNEL) guard.alarms_of_others = 1;
  if (!in_hook()) return;
  const auto deadline = guard.plugins[guard.progress->plugin.load()].deadline_ns;
  const auto since = guard.progress->since_ns.load();
  if (deadline != 0 && monotonic_ns() - since > deadline)
    emergency("the plugin did not return within its deadline");
}

void on_exit() {
  if (::getpid() == guard.owner && in_hook()) emergency("the plugin called exit()");
}

}  // namespace

void arm_hook_guard(Progress* progress, std::vector<GuardedPlugin> plugins) {
  guard.progress = progress;
  guard.plugins = std::move(plugins);
  const bool again = guard.owner != 0;
  guard.owner = ::getpid();
  if (!again) {
    note_error_output();
    stack_t stack{};
    stack.ss_sp = alternate_stack;
    stack.ss_size = sizeof alternate_stack;
    ::sigaltstack(&stack, nullptr);
    struct sigaction action {};
    action.sa_handler = on_crash;
    action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND);
    for (const int signal : crash_signals) ::sigaction(signal, &action, nullptr);
    action.sa_sigaction = on_tick;
    action.sa_flags = SA_ONSTACK | SA_RESTART | SA_SIGINFO;
    ::sigaction(SIGALRM, &action, nullptr);
    // Destroyed by exit(), as atexit(3) has it.
    static const struct AtExit {
      ~AtExit() { on_exit(); }
    } at_exit;
  }
  set_ticks(true);
}

void set_emergency_command(std::vector<std::string> arguments) {
  guard.argument_pointers.clear();
  guard.arguments = std::move(arguments);
  for (auto& argument : guard.arguments) guard.argument_pointers.push_back(argument.data());
  if (!guard.arguments.empty()) guard.argument_pointers.push_back(nullptr);
}

void set_emergency_child(pid_t child) { guard.child = child; }
void set_sentinel(int fd) { guard.sentinel = fd; }

void check_hook_left_no_damage() {
  if (guard.sentinel >= 0 && ::fcntl(guard.sentinel, F_GETFD) < 0)
    emergency("the plugin closed descriptors of the core");
}

// While it rests, SIGALRM is one more signal for the container; so is one that came before.
void pause_hook_guard() {
  set_ticks(false);
  block_alarm(true);
  if (guard.alarms_of_others != 0) ::raise(SIGALRM);
  guard.alarms_of_others = 0;
}

void resume_hook_guard() {
  block_alarm(false);
  set_ticks(true);
}

}  // namespace mini_container
