// SPDX-License-Identifier: Apache-2.0
// A container that is there, as any later process finds it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/process_mark.hpp"
#include "core/record.hpp"
#include "core/state.hpp"

namespace mini_container {

/// "TERM", "SIGTERM", "15", "RTMIN+1" as a signal's number. Throws mc::Error.
int parse_signal(std::string_view text);

class Container {
 public:
  enum class Status { creating, created, running, stopped };

  /// Throws where there is none of this id. A record that cannot be read is no failure: what has
  /// to be known of the container for `list` and `delete --force` is known without.
  static Container open(const std::string& state_root, const std::string& id);
  /// The same, for who needs it running: where it is being created, waits for a moment. Its program
  /// may run already and have told so, while its agent is about to note that.
  static Container open_settled(const std::string& state_root, const std::string& id);
  /// The same; none where there is none.
  static std::optional<Container> find(const std::string& state_root, const std::string& id);

  [[nodiscard]] const std::string& id() const { return state_.id(); }
  [[nodiscard]] const ContainerState& state() const { return state_; }
  [[nodiscard]] const std::optional<ContainerRecord>& record() const { return record_; }
  [[nodiscard]] const ProcessMark& process() const { return process_; }
  /// Of its first process, while this object lives; -1 where that had ended.
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  [[nodiscard]] Status status() const { return status_; }
  [[nodiscard]] const char* status_name() const;
  /// What of its state cannot be read, and why; there is no record then. Empty: nothing.
  [[nodiscard]] const std::string& damage() const { return damage_; }
  /// The exit code that its agent has noted, where it did.
  [[nodiscard]] std::optional<int> exit_code() const { return exit_code_; }
  [[nodiscard]] bool is_alive() const { return status_ != Status::stopped; }
  /// Its command and arguments, separated by blanks.
  [[nodiscard]] std::string command() const;

  /// To its first process. Throws where it has ended, or is still being created.
  void send_signal(int signal) const;

  /// As it is now that this process has its lock. The record, which stays as it is once it is
  /// there, is taken over from this one.
  Container again_under_lock();

  enum class Removal {
    of_stopped,  // one that runs, and one whose cleanup fails, is refused
    forced,      // it is ended; whatever a hook says is reported, and the state goes all the same
    of_launch    // it is ended; what a hook fails to clean up stays on record for a `delete`
  };
  /// Calls the plugins' cleanup hooks, and removes the state. `anew`: see clean_up_later.
  void remove(Catalog& catalog, Removal how, const std::vector<std::string>& anew = {});

 private:
  Container() = default;
  /// With `own_lock` the container's lock is this process's own.
  static Container load(const std::string& state_root, const std::string& id, bool own_lock,
                        std::optional<ContainerRecord> known);
  void end_agent_and_process() const;
  void refuse_alive() const;
  /// Whether every plugin's cleanup did its work; what did not is reported.
  bool call_cleanup(Catalog& catalog, const std::vector<std::string>& anew) const;

  std::string state_root_;
  ContainerState state_;
  std::optional<ContainerRecord> record_;
  std::string damage_;
  ProcessMark process_;
  mc::Fd pidfd_;
  Status status_ = Status::creating;
  std::optional<int> exit_code_;
};

}  // namespace mini_container
