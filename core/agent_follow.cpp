// SPDX-License-Identifier: Apache-2.0
// The agent's side of the child's life: its records, its deadline, its end.
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "core/agent.hpp"
#include "core/console_socket.hpp"
#include "core/failure.hpp"
#include "core/hook_guard.hpp"
#include "core/log.hpp"
#include "core/terminal.hpp"

namespace mini_container {

namespace {

void signal_container(int pidfd, int signal) {
  // ESRCH: it has just ended, which the next poll tells.
  ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
}

}  // namespace

// Gives false at the end of the channel.
bool Agent::handle_record() {
  auto record = pipeline_.channel.receive();
  if (!record) return false;
  switch (record->kind) {
    case RecordKind::log:
      if (record->level == 0)
        say(record->text);
      else
        log_line(record->level, record->who, record->text);
      return true;
    case RecordKind::descriptor:
      if (record->text == "terminal")
        take_terminal(std::move(record->fd));
      else
        pipeline_.services.given.push_back({std::move(record->text), std::move(record->fd)});
      return true;
    case RecordKind::ready:
      child_created_ = child_ready_;  // its second word: it waits to be started
      child_ready_ = true;
      if (child_created_ && pipeline_.options.start == Start::when_created) start_created();
      return true;
    case RecordKind::said:
      pipeline_.channel.send({.kind = RecordKind::go});
      return true;
    case RecordKind::failed: {
      if (record->text.empty()) {  // the init program's word
        const int number = record->error.error_number;
        const auto& command = *pipeline_.launch.container.find("command")->as<List>();
        throw Failure({},
                      mc::Error(number, "execute '" + *command.front().as<std::string>() + "'",
                                number == ENOENT ? "its interpreter is missing in the root" : ""),
                      number == ENOENT ? exit_not_found : exit_not_executable);
      }
      throw Failure({}, mc::Error(0, record->text), record->exit_code);
    }
    case RecordKind::go:
      break;
  }
  mc::fail("the child has sent a record that it must not send");
}

// Goes to who asked for it, or stays here.
void Agent::take_terminal(mc::Fd master) {
  if (pipeline_.options.console_socket.empty())
    terminal_master_ = std::move(master);
  else
    send_terminal(pipeline_.options.console_socket, master.get());
}

Failure Agent::stopped_by(int signal) {
  return {{},
          mc::Error(0, mc::concat("stopped by SIG", ::sigabbrev_np(signal), " while starting")),
          128 + signal};
}

// Until the channel ends, which the execve does.
void Agent::follow_child() {
  const bool to_be_started = pipeline_.options.start == Start::by_verb;
  for (;;) {
    pollfd waits[2] = {{pipeline_.channel.fd(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}};
    const int ready = ::poll(waits, 2, 1000);
    if (ready < 0 && errno != EINTR) mc::fail_with(errno, "wait for the child");
    check_child_deadline();
    if (ready <= 0) continue;
    if (waits[0].revents != 0) {
      if (!handle_record()) {
        if (pipeline_.child_progress->executing.load(std::memory_order_acquire) != 0 ||
            (to_be_started && child_created_))
          break;
        blame_child();
      }
      continue;
    }
    while (const auto signal = signals_.next())
      if (const int number = signal->number;
          std::ranges::find(stop_signals, number) != stop_signals.end())
        throw stopped_by(number);
  }
  pipeline_.channel.close();
}

void Agent::check_child_deadline() const {
  if (memory_lent_) return;  // its own guard ends it: blame_child
  const Progress& child = *pipeline_.child_progress;
  const auto since = child.since_ns.load(std::memory_order_acquire);
  if (since == 0) return;
  const auto index = child.plugin.load();
  if (index >= pipeline_.instances.size()) return;
  const Plugin& plugin = pipeline_.instances[index]->plugin();
  const auto deadline = hook_deadline_ns(pipeline_.launch, plugin);
  if (deadline == 0) return;
  if (monotonic_ns() - since > deadline)
    throw Failure(plugin.name + ": " + info(static_cast<Hook>(child.hook.load())).name,
                  mc::Error(0, "the plugin did not return within its deadline",
                            "raise container.hook_timeout, or repair the plugin"));
}

// The channel has ended without a word: the shared memory tells where the child was.
void Agent::blame_child() {
  collect(false);
  const Progress& child = *pipeline_.child_progress;
  if (memory_lent_) blame_child_in_memory(child, wait_status_);
  std::string where = "the child";
  const auto index = child.plugin.load();
  if (child.since_ns.load() != 0 && index < pipeline_.instances.size())
    where = pipeline_.instances[index]->plugin().name + ": " +
            info(static_cast<Hook>(child.hook.load())).name;
  std::string what;
  if (WIFSIGNALED(wait_status_))
    what =
        mc::concat("the plugin crashed or was killed (", signal_name(WTERMSIG(wait_status_)), ")");
  else if (WEXITSTATUS(wait_status_) == exit_runtime_failed)
    what = "the plugin closed descriptors of the core";
  else
    what = mc::concat("the plugin called exit() with status ", WEXITSTATUS(wait_status_));
  throw Failure(where, mc::Error(0, what, "repair or disable it"));
}

// Waits for the first process, killed before where asked, and keeps its status.
void Agent::collect(bool kill_first) {
  if (pid_ <= 0 || collected_) return;
  if (kill_first) signal_container(pidfd_.get(), SIGKILL);
  // A hook may have closed the pidfd; the number is ours until it is waited for.
  if (kill_first) ::kill(pid_, SIGKILL);
  // In a paused container it dies only when that is resumed, with v1 of cgroups; nobody waits so
  // long for an exec that was called off.
  constexpr std::uint64_t patience = 2'000'000'000;  // ns
  pollfd end{pidfd_.get(), POLLIN, 0};
  if (kill_first && pipeline_.options.in_paused)
    for (const auto begin = monotonic_ns(); ::poll(&end, 1, 100) <= 0;)
      if (monotonic_ns() - begin > patience) return;
  while (::waitpid(pid_, &wait_status_, 0) < 0)
    if (errno != EINTR) return;
  collected_ = true;
}

void Agent::pass_signals() {
  while (const auto signal = signals_.next()) {
    if (signal->number != SIGCHLD) {
      if (std::ranges::find(stop_signals, signal->number) != stop_signals.end())
        asked_to_stop_ = true;
      // What the terminal sends has reached a container in our own process group already.
      if (!signal->by_terminal || ::getpgid(pid_) != ::getpgrp())
        signal_container(pidfd_.get(), signal->number);
      continue;
    }
    siginfo_t what{};
    if (job_ && ::waitid(P_PID, static_cast<id_t>(pid_), &what, WSTOPPED | WNOHANG) == 0 &&
        what.si_pid == pid_)
      job_->stop_along();
  }
}

// A reader that does not read holds up the output, but no signal. Gives false where we were asked
// to stop, the container has, and nothing is read any more.
bool Agent::wait_for_reader() {
  constexpr int patience = 2000;  // ms
  for (bool has_ended = collected_;;) {
    pollfd waits[3] = {{STDOUT_FILENO, POLLOUT, 0},
                       {signals_.fd(), POLLIN, 0},
                       {asked_to_stop_ && !has_ended ? pidfd_.get() : -1, POLLIN, 0}};
    const int ready = ::poll(waits, 3, asked_to_stop_ && has_ended ? patience : -1);
    if (ready < 0 && errno != EINTR) mc::fail_with(errno, "wait for the reader");
    if (ready == 0) return false;
    if (ready < 0) continue;
    if (waits[0].revents != 0) return true;
    if (waits[1].revents != 0) pass_signals();
    has_ended = has_ended || waits[2].revents != 0;
  }
}

int Agent::wait() {
  std::optional<TerminalRelay> relay;
  const auto reader = [this] { return wait_for_reader(); };
  if (terminal_master_) relay.emplace(std::move(terminal_master_), !pipeline_.options.detached);
  for (;;) {
    pollfd waits[4] = {
        {pidfd_.get(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}, {-1, 0, 0}, {-1, 0, 0}};
    if (relay) {
      waits[2] = {relay->master(), relay->master_events(), 0};
      if (relay->reads_input()) waits[3] = {STDIN_FILENO, POLLIN, 0};
    }
    if (::poll(waits, 4, -1) < 0 && errno != EINTR) mc::fail_with(errno, "wait for the container");
    if (waits[1].revents != 0) {
      if (relay) relay->resize();
      pass_signals();
    }
    if (waits[3].revents != 0) relay->copy_input();
    if ((waits[2].revents & POLLOUT) != 0) relay->pass_input();
    if (waits[2].revents != 0 && (waits[0].revents & POLLIN) == 0 && !relay->copy_output(reader)) {
      // The container closed its terminal; it may go on without one.
      relay->drain(reader);
      relay.reset();
    }
    if ((waits[0].revents & POLLIN) != 0) break;
  }
  collect(false);
  if (relay) relay->drain(reader);
  relay.reset();
  job_.reset();
  if (pipeline_.options.verbose)
    say(mc::concat("[Agent] The container exited with status: ", exit_code_of(wait_status_)));
  return exit_code_of(wait_status_);
}

}  // namespace mini_container
