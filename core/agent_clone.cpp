// SPDX-License-Identifier: Apache-2.0
// The agent's side of a launch's clone: which way the child is made, and what it is handed.
#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "core/agent.hpp"
#include "core/hook_guard.hpp"
#include "core/log.hpp"
#include "core/process_mark.hpp"
#include "core/single_thread.hpp"
#include "core/terminal.hpp"

namespace mini_container {

void Agent::clone_child() {
  auto [ours, childs] = Channel::make();
  channel_open_ = true;
  const bool is_job = is_terminal_job();
  child_waits_ = child_must_wait(is_job);
  list_namespaces(false);
  if (others_are_inside())
    own_image_.emplace((pipeline_.plan.clone_flags() & CLONE_NEWNS) != 0, pipeline_.own);
  require_single_thread();
  memory_lent_ = !own_image_ && !enters_cgroup() && may_lend_memory(is_job);
  if (!memory_lent_) pipeline_.child_progress = map_progress();
  ChildInput input{.pipeline = pipeline_,
                   .channel = std::move(childs),
                   .start_socket = std::move(start_socket_),
                   .is_job = is_job,
                   .waits = child_waits_,
                   .own_image = own_image_ ? &*own_image_ : nullptr,
                   // The lock would outlive an agent that is killed, with a child that waits.
                   .agents_own = {ours.fd(), lock_.get()},
                   .shares_memory = memory_lent_};
  auto cloned =
      memory_lent_
          // A time namespace is the child's own affair: see its join_namespaces.
          ? lend_memory(input,
                        pipeline_.plan.clone_flags() & ~static_cast<std::uint64_t>(CLONE_NEWTIME),
                        {})
          : clone_container(pipeline_.plan, pipeline_.anyone_has(Hook::post_clone));
  if (cloned.pid == 0) run_child(std::move(input));
  pipeline_.channel = std::move(ours);
  pid_ = cloned.pid;
  pidfd_ = std::move(cloned.pidfd);
  start_socket_.reset();
  set_emergency_child(pid_);
  blame_silent_child();
  state_.note(state_file::process, ProcessMark::of(pid_, pidfd_, state_.may_outlive_boot()).text());
  announce();
  if (is_job) job_.emplace(pid_);
}

// A child that dies with its agent need not be on record before it goes on; a job must not run
// before it has the terminal.
bool Agent::child_must_wait(bool is_job) const {
  return is_job || pipeline_.options.start != Start::at_once || pipeline_.options.outlives_agent ||
         pipeline_.anyone_has(Hook::post_clone);
}

// Whoever runs in the container's view already could exchange the command for a link to
// /proc/self/exe between our look at it and execve. An engine's containers share volumes, and any
// others may share a root; and a seal hook that has no deadline waits for a program, which may be
// the image's. In the runtime's own tree the binary is there for everybody.
bool Agent::others_are_inside() const {
  const bool has_own_tree = (pipeline_.plan.clone_flags() & CLONE_NEWNS) != 0;
  const auto runs_programs = [this](const auto& instance) {
    return instance->plugin().data.deadline_ms == UINT32_MAX &&
           instance->has(Hook::seal, pipeline_.plan);
  };
  return pipeline_.options.start != Start::at_once ||
         (has_own_tree &&
          (state_.has_neighbours() || std::ranges::any_of(pipeline_.instances, runs_programs))) ||
         std::ranges::any_of(pipeline_.plan.namespaces(),
                             [](const PlannedNamespace& space) { return space.joined.valid(); });
}

bool Agent::is_terminal_job() const {
  return is_foreground() && !pipeline_.options.detached && !pipeline_.options.outlives_agent &&
         !*pipeline_.launch.container.find("terminal")->as<bool>();
}

void Agent::announce() const {
  if (!pipeline_.options.verbose) return;
  char host[65] = {};
  char domain[65] = {};
  ::gethostname(host, sizeof host);
  ::getdomainname(domain, sizeof domain);
  say(mc::concat("[Agent] Container pid: ", pid_));
  say(mc::concat("[Agent] Agent pid: ", ::getpid()));
  say(mc::concat("[Agent] Agent hostname: ", host));
  say(mc::concat("[Agent] Agent NIS domain name: ", domain));
}

}  // namespace mini_container
