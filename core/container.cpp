// SPDX-License-Identifier: Apache-2.0
#include "core/container.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/failure.hpp"
#include "core/late_cleanup.hpp"
#include "core/log.hpp"

namespace mini_container {

namespace {

constexpr int kill_patience_ms = 10'000;

// A zombie counts as ended.
bool has_ended(const mc::Fd& pidfd) {
  pollfd wait{pidfd.get(), POLLIN, 0};
  return !pidfd || ::poll(&wait, 1, 0) > 0;
}

void end_process(const mc::Fd& pidfd, const char* what, pid_t pid) {
  if (has_ended(pidfd)) return;
  ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
  pollfd wait{pidfd.get(), POLLIN, 0};
  if (::poll(&wait, 1, kill_patience_ms) <= 0)
    mc::fail("end the ", what, " (pid ", pid, "): it does not end within ",
             kill_patience_ms / 1000, " s of SIGKILL",
             mc::Hint{"it may hang in the kernel: see /proc/PID/stack"});
}

}  // namespace

int parse_signal(std::string_view text) {
  const auto* end = text.data() + text.size();
  int number = 0;
  const auto [rest, failed] = std::from_chars(text.data(), end, number);
  if (failed == std::errc() && rest == end) {
    if (number >= 1 && number <= SIGRTMAX) return number;
    mc::fail("there is no signal ", text);
  }
  std::string_view name = text;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  for (const auto& [base, first] : {std::pair{std::string_view("RTMIN"), SIGRTMIN},
                                    std::pair{std::string_view("RTMAX"), SIGRTMAX}}) {
    if (!name.starts_with(base)) continue;
    auto offset = name.substr(base.size());
    if (offset.starts_with('+')) offset.remove_prefix(1);
    int distance = 0;
    if (!offset.empty()) {
      const auto parsed = std::from_chars(offset.data(), offset.data() + offset.size(), distance);
      if (parsed.ec != std::errc() || parsed.ptr != offset.data() + offset.size()) break;
    }
    if (first + distance >= SIGRTMIN && first + distance <= SIGRTMAX) return first + distance;
  }
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* abbreviation = ::sigabbrev_np(signal);
    if (abbreviation != nullptr && name == abbreviation) return signal;
  }
  mc::fail("there is no signal '", text, "'", mc::Hint{"give a name (TERM) or a number (15)"});
}

Container Container::open(const std::string& state_root, const std::string& id) {
  Container out;
  out.state_root_ = state_root;
  out.state_ = ContainerState::open(state_root, id);
  out.record_ = read_record(out.state_);
  if (const auto process = out.state_.read(state_file::process))
    out.process_ = ProcessMark::parse(*process).value_or(ProcessMark{});
  out.pidfd_ = out.process_.open();
  const auto status = out.state_.read(state_file::status).value_or("");
  if (status.starts_with("stopped")) {
    int code = 0;
    const auto text = std::string_view(status).substr(std::min<std::size_t>(status.size(), 8));
    if (std::from_chars(text.data(), text.data() + text.size(), code).ec == std::errc())
      out.exit_code_ = code;
  }
  const bool agent_lives = out.record_ && !has_ended(out.record_->agent.open());
  if (!has_ended(out.pidfd_))
    out.status_ = status.starts_with("created")   ? Status::created
                  : status.starts_with("running") ? Status::running
                                                  : Status::creating;
  else
    out.status_ = out.process_.pid < 0 && agent_lives ? Status::creating : Status::stopped;
  return out;
}

const char* Container::status_name() const {
  static constexpr const char* names[] = {"creating", "created", "running", "stopped"};
  return names[static_cast<int>(status_)];
}

std::string Container::command() const {
  std::string out;
  const Value* command = record_ ? record_->container.find("command") : nullptr;
  if (command == nullptr || command->as<List>() == nullptr) return out;
  for (const auto& argument : *command->as<List>()) {
    if (!out.empty()) out += ' ';
    out += *argument.as<std::string>();
  }
  return out;
}

void Container::send_signal(int signal) const {
  if (has_ended(pidfd_))
    // In the words that engines look for.
    mc::fail("container not running: '", id(), "' is ", status_name(),
             mc::Hint{"remove it: mini_container delete " + id()});
  mc::check(::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0),
            "send signal ", signal, " to container '", id(), "'");
}

void Container::end_agent_and_process() const {
  // The container first: its agent then sees it end, and undoes the launch itself.
  end_process(pidfd_, "container", process_.pid);
  if (!record_ || record_->agent.pid == ::getpid()) return;
  const mc::Fd agent = record_->agent.open();
  pollfd wait{agent.get(), POLLIN, 0};
  if (agent && ::poll(&wait, 1, kill_patience_ms) <= 0)
    end_process(agent, "agent", record_->agent.pid);
}

void Container::remove(Catalog& catalog, bool force) {
  if (is_alive() && !force)
    mc::fail("container '", id(), "' is ", status_name(),
             mc::Hint{"stop it first, or give --force"});
  if (force || is_alive()) end_agent_and_process();
  const mc::Fd lock = state_.lock();
  // Its own agent may have removed it meanwhile.
  const auto ids = ContainerState::list(state_root_);
  if (std::ranges::find(ids, id()) == ids.end()) return;
  bool all_clean = true;
  if (record_) {
    try {
      all_clean = clean_up_later(state_, *record_, state_root_, process_.pid, catalog);
    } catch (const mc::Error& error) {
      all_clean = false;
      log_line(MC_LOG_WARN, "", describe(error));
    }
  }
  if (!all_clean && !force)
    mc::fail("container '", id(), "' is not removed: a cleanup failed",
             mc::Hint{"repair the cause and try again, or give --force"});
  state_.remove();
  ContainerState::remove_log(state_root_, id());
}

}  // namespace mini_container
