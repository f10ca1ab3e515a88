// SPDX-License-Identifier: Apache-2.0
#include "core/hook_guard.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/error_output.hpp"
#include "core/failure.hpp"
#include "core/signals.hpp"

namespace mini_container {

namespace {

// Reached from signal handlers and from atexit, so it is static and plain.
struct GuardState {
  Progress* progress = nullptr;
  Progress* of_child = nullptr;  // of the child that works in our memory, in which this is as well
  int agents_status = -1;
  std::vector<GuardedPlugin> plugins;
  std::vector<std::string> arguments;
  std::vector<char*> argument_pointers;
  const char* loading = nullptr;  // the file of a plugin
  std::uint64_t loading_since_ns = 0;
  pid_t loader = 0;
  pid_t owner = 0;
  volatile pid_t ticking = 0;  // whose timer ticks: a forked process has none
  pid_t child = 0;
  int sentinel = -1;
  bool rests = false;
  volatile sig_atomic_t alarms_of_others = 0;
};
GuardState guard;
alignas(16) char alternate_stack[32768];

constexpr long tick_us = 250'000;
constexpr std::uint64_t load_deadline_ns = 10'000'000'000;  // as container.hook_timeout has it
constexpr const char* late = "did not return within its deadline";
constexpr const char* closed_descriptors = "closed descriptors of the core";

constexpr std::array crash_signals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};

bool in_hook(const Progress* progress) {
  return progress != nullptr && progress->since_ns.load(std::memory_order_acquire) != 0 &&
         progress->plugin.load() < guard.plugins.size();
}

bool is_overdue(const Progress& progress) {
  const auto deadline = guard.plugins[progress.plugin.load()].deadline_ns;
  return deadline != 0 && monotonic_ns() - progress.since_ns.load() > deadline;
}

// Written as a line is complete: the command may be writing to the same pipe.
void put(const char* text) {
  static char line[PATH_MAX + 256];  // the longest names a plugin's file
  static std::size_t length = 0;
  const auto added = std::min(std::strlen(text), sizeof line - length);
  std::memcpy(line + length, text, added);
  length += added;
  if (!std::string_view(text).ends_with('\n')) return;
  const auto written = ::write(STDERR_FILENO, line, length);
  length = 0;
  if (written < 0) return;  // nobody is left to tell
}

/// 0: nobody's.
void set_ticks(pid_t whose) {
  itimerval timer{};
  if (whose != 0) timer.it_value.tv_usec = timer.it_interval.tv_usec = tick_us;
  guard.ticking = whose;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

void block_alarm(bool block) {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGALRM);
  ::sigprocmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, nullptr);
}

[[noreturn]] void end_at_once(int exit_code) {
  for (;;) ::syscall(SYS_exit_group, exit_code);
}

// Only async-signal-safe calls from here on: the heap may be broken.
[[noreturn]] void undo_launch(int exit_code) {
  if (guard.child > 0) ::kill(guard.child, SIGKILL);
  if (guard.arguments.empty()) end_at_once(exit_code);
  auto& code = guard.arguments.back();
  std::to_chars(code.data(), code.data() + code.size(), exit_code);
  execute_anew();
}

[[noreturn]] void emergency(const Progress& progress, const char* what) {
  restore_error_output();
  const bool of_plugin = in_hook(&progress);
  put("mini_container: ");
  if (of_plugin) {
    put(guard.plugins[progress.plugin.load()].name.c_str());
    put(": ");
    put(info(static_cast<Hook>(progress.hook.load())).name);
    put(": ");
  }
  put(of_plugin ? "the plugin " : "the child ");
  put(what);
  if (!guard.arguments.empty()) put("; the launch is undone");
  put(of_plugin ? "; repair or disable the plugin\n" : "\n");
  undo_launch(exit_runtime_failed);
}

[[noreturn]] void stop_launch(int signal) {
  restore_error_output();
  for (const char* part :
       {"mini_container: stopped by SIG", ::sigabbrev_np(signal), " while starting\n"})
    put(part);
  undo_launch(128 + signal);
}

// Where a plugin is being loaded: nothing of a launch is made by then.
void refuse_load(const char* what) {
  if (guard.loading == nullptr || ::getpid() != guard.loader) return;
  for (const char* part :
       {"mini_container: load plugin '", guard.loading, "': it ", what, "; repair or remove it\n"})
    put(part);
  end_at_once(exit_runtime_failed);
}

struct Crash {
  Crash(const char* what, int signal) {
    const char* name = ::sigabbrev_np(signal);
    for (const char* part : {what, " (SIG", name != nullptr ? name : "?", ")"})
      std::strncat(text, part, sizeof text - std::strlen(text) - 1);
  }
  char text[64] = {};
};

void on_crash(int signal) {
  refuse_load(Crash("crashed", signal).text);
  if (::getpid() == guard.owner && in_hook(guard.progress))
    emergency(*guard.progress, Crash("crashed", signal).text);
  // The core's own fault: die of it, with a core dump where there is to be one.
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void on_tick(int number, siginfo_t* info, void*) {
  const bool has_hooks = guard.owner != 0;
  if (info->si_code != SI_KERNEL) {
    guard.alarms_of_others = 1;
    if (!has_hooks) {  // it ends us, as it would any program
      ::signal(number, SIG_DFL);
      ::raise(number);
    }
  }
  if (guard.loading != nullptr) {
    if (monotonic_ns() - guard.loading_since_ns > load_deadline_ns)
      refuse_load("did not return from its initialisers within 10 s");
  } else if (!has_hooks) {
    set_ticks(0);
  } else if (in_hook(guard.progress) && is_overdue(*guard.progress)) {
    emergency(*guard.progress, late);
  }
}

// The agent tells which by looking at the time itself.
void on_tick_in_child(int) {
  // Where a filter may be in force, and nothing takes long any more.
  if (guard.of_child == nullptr || guard.of_child->executing.load() != 0) return;
  if ((in_hook(guard.of_child) && is_overdue(*guard.of_child)) ||
      (guard.agents_status >= 0 && is_asked_to_stop(guard.agents_status)))
    ::_exit(exit_runtime_failed);
}

// Unlike setitimer's it ends with execve, when a filter may forbid to end it: timer_create(2).
bool make_timer(int& timer) {
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGALRM;
  return ::syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0;
}

void on_exit() {
  refuse_load("called exit()");
  // Nothing more of the agent's memory is to be taken down.
  if (guard.of_child != nullptr) ::_exit(0);
  if (::getpid() == guard.owner && in_hook(guard.progress))
    emergency(*guard.progress, "called exit()");
}

// Destroyed by exit(), as atexit(3) has it.
void watch_exit() {
  static const struct AtExit {
    ~AtExit() { on_exit(); }
  } at_exit;
}

// Once: by whoever comes first, the first plugin that is loaded or the guard of the hooks.
void handle_signals() {
  static bool are_handled = false;
  if (std::exchange(are_handled, true)) return;
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
}

}  // namespace

// The timer and the handlers are those that a launch needs anyway for its hooks.
LoadWatch::LoadWatch(const std::string& path) {
  watch_exit();
  handle_signals();
  guard.loading_since_ns = monotonic_ns();
  guard.loader = ::getpid();
  guard.loading = path.c_str();
  if (guard.ticking != guard.loader) set_ticks(guard.loader);
}
LoadWatch::~LoadWatch() { guard.loading = nullptr; }

// In place of the C library's, and so found by the plugins. exit(3) has its own.
extern "C" [[gnu::visibility("default")]] void _exit(int status) {
  refuse_load("called _exit()");
  if (in_hook(guard.progress) && ::getpid() == guard.owner)
    emergency(*guard.progress, "called _exit()");
  end_at_once(status);
}

void execute_anew() {
  // It would go on behind the execve, where nobody waits for its signal.
  set_ticks(0);
  if (!guard.argument_pointers.empty()) ::execv("/proc/self/exe", guard.argument_pointers.data());
  end_at_once(exit_runtime_failed);
}

std::vector<GuardedPlugin> guarded_plugins(const Launch& launch) {
  std::vector<GuardedPlugin> out;
  for (const auto& enabled : launch.plugins)
    out.push_back({enabled.plugin->name, hook_deadline_ns(launch, *enabled.plugin)});
  return out;
}

void name_guarded_plugins(std::vector<GuardedPlugin> plugins) {
  guard.plugins = std::move(plugins);
  watch_exit();
}

void arm_hook_guard(Progress* progress, std::vector<GuardedPlugin> plugins) {
  guard.progress = progress;
  name_guarded_plugins(std::move(plugins));
  const bool again = guard.owner != 0;
  guard.owner = ::getpid();
  if (!again) {
    note_error_output();
    handle_signals();
  }
  if (std::exchange(guard.rests, false)) block_alarm(false);
  if (guard.ticking != guard.owner) set_ticks(guard.owner);
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
    emergency(*guard.progress, closed_descriptors);
}

bool may_guard_child() {
  int timer = 0;
  return make_timer(timer) && ::syscall(SYS_timer_delete, timer) == 0;
}

void guard_hooks_of_child(Progress* progress, int agents_status) {
  struct sigaction action {};
  action.sa_handler = on_tick_in_child;
  action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESTART);
  ::sigaction(SIGALRM, &action, nullptr);
  block_alarm(false);  // whatever the caller has passed on
  int timer = 0;
  itimerspec ticks{};
  ticks.it_value.tv_nsec = ticks.it_interval.tv_nsec = tick_us * 1000;
  if (!make_timer(timer)) mc::fail_with(errno, "make a timer");
  mc::check(::syscall(SYS_timer_settime, timer, 0, &ticks, nullptr), "start a timer");
  guard.agents_status = agents_status;
  guard.of_child = progress;
}

void end_guard_of_child() { guard.of_child = nullptr; }

void blame_child_in_memory(const Progress& progress, int wait_status) {
  guard.child = 0;  // it has been waited for
  if (WIFSIGNALED(wait_status))
    emergency(progress, Crash("crashed or was killed", WTERMSIG(wait_status)).text);
  if (WEXITSTATUS(wait_status) != exit_runtime_failed) emergency(progress, "called exit()");
  if (in_hook(&progress) && is_overdue(progress)) emergency(progress, late);
  if (const int number = take_stop_signals(); number != 0) stop_launch(number);
  emergency(progress, closed_descriptors);
}

// While it rests, SIGALRM is one more signal for the container; so is one that came before.
void pause_hook_guard() {
  if (std::exchange(guard.rests, true)) return;
  set_ticks(0);
  block_alarm(true);
  if (guard.alarms_of_others != 0) ::raise(SIGALRM);
  guard.alarms_of_others = 0;
}

void resume_hook_guard() {
  if (!std::exchange(guard.rests, false)) return;
  block_alarm(false);
  set_ticks(guard.owner);
}

}  // namespace mini_container
