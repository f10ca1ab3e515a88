// SPDX-License-Identifier: Apache-2.0
#include "core/container.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "core/failure.hpp"
#include "core/late_cleanup.hpp"
#include "core/log.hpp"

namespace mini_container {

namespace {

constexpr int kill_patience_ms = 10'000;
constexpr int creator_patience_ms = 500;

bool has_ended(const mc::Fd& pidfd) { return !pidfd || ends_within(pidfd, 0); }

void end_process(const mc::Fd& pidfd, const char* what, pid_t pid) {
  if (has_ended(pidfd)) return;
  ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
  if (!ends_within(pidfd, kill_patience_ms))
    mc::fail("end the ", what, " (pid ", pid, "): it does not end within ", kill_patience_ms / 1000,
             " s of SIGKILL", mc::Hint{"it may hang in the kernel: see /proc/PID/stack"});
}

// Who let it go notes so a moment later, and never where it was killed: the kernel knows.
Container::Status live_status(std::string_view noted, const ProcessMark& process) {
  if (noted.starts_with("running") || process.has_executed()) return Container::Status::running;
  return noted.starts_with("created") ? Container::Status::created : Container::Status::creating;
}

}  // namespace

int parse_signal(std::string_view text) {
  const auto* end = text.data() + text.size();
  int number = 0;
  const auto [rest, failed] = std::from_chars(text.data(), end, number);
  if (failed == std::errc() && rest == end) {
    if (number >= 0 && number <= SIGRTMAX) return number;  // 0 asks whether it runs: kill(2)
    mc::fail("there is no signal ", text);
  }
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  std::string_view name = upper;
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
    if (distance >= SIGRTMIN - first && distance <= SIGRTMAX - first) return first + distance;
  }
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* abbreviation = ::sigabbrev_np(signal);
    if (abbreviation != nullptr && name == abbreviation) return signal;
  }
  mc::fail("there is no signal '", text, "'", mc::Hint{"give a name (TERM) or a number (15)"});
}

Container Container::open(const std::string& state_root, const std::string& id) {
  return load(state_root, id, false, std::nullopt);
}

Container Container::open_settled(const std::string& state_root, const std::string& id) {
  Container out = open(state_root, id);
  for (int rest = 500; rest > 0 && out.status_ == Status::creating && out.process_.pid < 0;
       rest -= 5) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    out = open(state_root, id);
  }
  return out;
}

Container Container::load(const std::string& state_root, const std::string& id, bool own_lock,
                          std::optional<ContainerRecord> known) {
  Container out;
  out.state_root_ = state_root;
  out.state_ = ContainerState::open(state_root, id);
  std::string status;
  try {
    if (const auto process = out.state_.noted(state_file::process))
      out.process_ = ProcessMark::parse(*process).value_or(ProcessMark{});
    out.pidfd_ = out.process_.open();
    status = out.state_.noted(state_file::status).value_or("");
    // Once it is there it stays as it is.
    out.record_ = known ? std::move(known) : read_record(out.state_);
  } catch (const mc::Error& error) {
    out.damage_ = mc::concat("the state of container '", id, "': ", describe(error));
  }
  if (status.starts_with("stopped")) {
    int code = 0;
    const auto text = std::string_view(status).substr(std::min<std::size_t>(status.size(), 8));
    if (std::from_chars(text.data(), text.data() + text.size(), code).ec == std::errc())
      out.exit_code_ = code;
  }
  const auto agent_lives = [&] {
    return out.record_ ? !has_ended(out.record_->agent.open())
                       : out.damage_.empty() && !own_lock && out.state_.is_locked();
  };
  if (!has_ended(out.pidfd_))
    out.status_ = live_status(status, out.process_);
  else
    out.status_ = out.process_.pid < 0 && agent_lives() ? Status::creating : Status::stopped;
  return out;
}

std::optional<Container> Container::find(const std::string& state_root, const std::string& id) {
  try {
    return open(state_root, id);
  } catch (const mc::Error& error) {
    if (error.error_number() != ENOENT) throw;
  }
  return std::nullopt;
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
  // "neither created nor running MUST ... generate an error": the specification's kill.
  if (has_ended(pidfd_) || status_ == Status::creating)
    // In the words that engines look for.
    mc::fail("container not running: '", id(), "' is ", status_name(),
             mc::Hint{mc::concat("remove it: mini_container delete ",
                                 status_ == Status::creating ? "--force " : "", id())});
  mc::check(::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0), "send signal ",
            signal, " to container '", id(), "'");
}

void Container::end_agent_and_process() const {
  // The container first: its agent then sees it end, and undoes the launch itself.
  end_process(pidfd_, "container", process_.pid);
  if (!record_ || record_->agent.pid == ::getpid()) return;
  const mc::Fd agent = record_->agent.open();
  // One that is still creating has nothing to do but what we do in its stead.
  const int patience = status_ == Status::creating ? creator_patience_ms : kill_patience_ms;
  if (agent && !ends_within(agent, patience)) end_process(agent, "agent", record_->agent.pid);
}

Container Container::again_under_lock() {
  return load(state_root_, id(), true, std::exchange(record_, std::nullopt));
}

void Container::refuse_alive() const {
  if (is_alive())
    mc::fail("container '", id(), "' is ", status_name(),
             mc::Hint{"stop it first, or give --force"});
}

bool Container::call_cleanup(Catalog& catalog, const std::vector<std::string>& anew) const {
  const auto clean_up = [&](const ContainerRecord& record) {
    return clean_up_later(state_, record, state_root_, process_.pid, catalog, anew);
  };
  try {
    if (record_) try {
        return clean_up(*record_);
      } catch (const DamagedRecord& error) {
        log_line(MC_LOG_WARN, "", describe(error));
      }
    return clean_up(salvage_record(state_, catalog));
  } catch (const mc::Error& error) {
    log_line(MC_LOG_WARN, "", describe(error));
  }
  return false;
}

void Container::remove(Catalog& catalog, Removal how, const std::vector<std::string>& anew) {
  if (how == Removal::of_stopped) refuse_alive();
  end_agent_and_process();
  const mc::Fd lock = state_.lock();
  if (!lock) return;  // its own agent has removed it meanwhile
  // What is under the lock changes no more; a `create` may have come to its end before.
  const Container now = again_under_lock();
  if (how == Removal::of_stopped) now.refuse_alive();
  // An agent that is there still waits for our lock, and then finds nothing to do.
  end_process(now.pidfd_, "container", now.process_.pid);
  if (!now.call_cleanup(catalog, anew)) {
    if (how == Removal::of_launch)
      return log_line(
          MC_LOG_WARN, "",
          mc::concat("a cleanup failed; kept for: mini_container delete --force ", id()));
    if (how == Removal::of_stopped)
      mc::fail("container '", id(), "' is not removed: a cleanup failed",
               mc::Hint{"repair the cause and try again, or give --force"});
  }
  // First what only the directory tells of.
  ContainerState::remove_log(state_root_, id());
  state_.remove();
}

}  // namespace mini_container
