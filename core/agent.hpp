// SPDX-License-Identifier: Apache-2.0
// The agent: drives a launch through the pipeline, stays with the container, and undoes what was
// made.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "core/child.hpp"
#include "core/clone.hpp"
#include "core/container.hpp"
#include "core/failure.hpp"
#include "core/pipeline.hpp"
#include "core/signals.hpp"
#include "core/state.hpp"
#include "core/terminal.hpp"

namespace mini_container {

class Agent {
 public:
  Agent(const Launch& launch, RunOptions options);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  /// create and plan of every plugin, each under its deadline. Touches nothing; `validate` and
  /// `plan` stop here.
  void make_plan();
  /// make_plan, and up to the running program (or, with Start::by_verb, the waiting
  /// child). Throws Failure or mc::Error; everything is undone then.
  void start();
  /// Up to the running program in a container that is there: joins its cgroups and namespaces,
  /// then calls join and seal. Throws Failure or mc::Error.
  void start_in(const Container& container);
  /// Stays until the container's first process has ended; gives the exit code.
  int wait();
  /// post_exit and cleanup; removes the state, or keeps it for `delete` where it is detached.
  void finish();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] Pipeline& pipeline() { return pipeline_; }
  [[nodiscard]] const ContainerState& state() const { return state_; }

 private:
  void prepare();
  void clone_child();
  Cloned lend_memory(ChildInput& input, std::uint64_t new_namespaces, const mc::Fd& cgroup);
  void blame_silent_child();
  void run_post_clone();
  void let_go();
  void start_created();
  void follow_child();
  bool handle_record();
  void take_terminal(mc::Fd master);
  void announce() const;
  void run_post_exec();
  void unwind(bool failed);
  void warn_of_rest(const std::exception& error) const;
  void collect(bool kill_first);
  void list_namespaces(bool with_descriptors);
  void clone_into(ExecTarget& target);
  void check_child_deadline() const;
  [[noreturn]] void blame_child();
  [[nodiscard]] CallDetails details() const;
  [[nodiscard]] CallDetails details_of_launch() const;
  [[nodiscard]] bool is_terminal_job() const;
  [[nodiscard]] bool child_must_wait(bool is_job) const;
  [[nodiscard]] bool others_are_inside() const;
  [[nodiscard]] bool may_lend_memory(bool is_job) const;
  [[nodiscard]] bool enters_cgroup() const;
  void arm_guard();
  static Failure stopped_by(int signal);
  void pass_signals();
  bool wait_for_reader();

  Pipeline pipeline_;
  ContainerState state_;
  mc::Fd lock_;
  SignalQueue signals_;
  mc::Fd start_socket_;
  mc::Fd pidfd_;
  mc::Fd terminal_master_;
  mc::Fd root_;
  // Not closed before the child has closed its own: own_image.hpp.
  std::optional<OwnImage> own_image_;
  std::optional<ForegroundJob> job_;
  pid_t pid_ = -1;
  int wait_status_ = -1;
  bool collected_ = false;
  bool asked_to_stop_ = false;
  bool child_waits_ = false;
  bool memory_lent_ = false;  // to the child, until its execve or its end
  bool child_ready_ = false;
  bool child_created_ = false;
  bool channel_open_ = false;
  std::size_t prepared_ = 0;  // plugins whose cleanup is due
};

/// The exit code that stands for a wait status: the program's own, or 128 + the signal.
int exit_code_of(int wait_status);

}  // namespace mini_container
