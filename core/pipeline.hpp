// SPDX-License-Identifier: Apache-2.0
// What the agent and the child of one launch share: the plan, the plugins at work, and how a
// hook of theirs is called.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/channel.hpp"
#include "core/command.hpp"
#include "core/hook.hpp"
#include "core/instance.hpp"
#include "core/launch.hpp"
#include "core/plan.hpp"
#include "core/progress.hpp"
#include "core/run_options.hpp"

namespace mini_container {

/// What hooks are told, beyond what is the same for all.
struct CallDetails {
  std::uint32_t flags = 0;
  pid_t pid = -1;
  int pidfd = -1;
  int wait_status = -1;
  int root_fd = -1;
  std::uint32_t uid = UINT32_MAX;
  std::uint32_t gid = UINT32_MAX;
};

class Pipeline {
 public:
  Pipeline(const Launch& launch, RunOptions options);

  /// [agent] create and plan of every plugin; then the plan is merged. Touches nothing.
  void make_plan();

  /// Calls `hook` of `instance`, where it has it, timed by `where`. Throws Failure.
  void call_hook(Hook hook, std::size_t index, const CallDetails& details, Progress& where);
  /// Calls `hook` of every plugin, in order.
  void call_hooks(Hook hook, const CallDetails& details, Progress& where);

  [[nodiscard]] bool anyone_has(Hook hook) const;
  /// Those of each plugin, in their order.
  [[nodiscard]] std::vector<Offers> offers() const;
  /// Whether a plugin decides which capabilities the command has: MC_PLUGIN_SETS_CAPABILITIES.
  [[nodiscard]] bool sets_capabilities() const;

  /// Takes the plan's mounts over into `mounts`; they hold until the plan changes.
  void list_mounts();

  const Launch& launch;
  RunOptions options;
  Plan plan;
  HostServices services;
  std::vector<std::unique_ptr<Instance>> instances;
  std::vector<mc_namespace> namespaces;  // for mc_call; descriptors owned by namespace_fds
  std::vector<mc::Fd> namespace_fds;
  std::vector<mc_mount> mounts;  // for mc_call
  Progress* agent_progress;
  Progress* child_progress;
  bool in_child = false;
  Channel channel;   // this process's end
  FileIdentity own;  // the running binary

 private:
  friend class PlanWindow;
};

/// Lets the plugins contribute for as long as it lives; then the mounts are put in order.
class PlanWindow {
 public:
  explicit PlanWindow(Pipeline& pipeline) : pipeline_(pipeline) {
    pipeline_.services.plan = &pipeline_.plan;
  }
  ~PlanWindow() { pipeline_.services.plan = nullptr; }
  PlanWindow(const PlanWindow&) = delete;
  PlanWindow& operator=(const PlanWindow&) = delete;

 private:
  Pipeline& pipeline_;
};

}  // namespace mini_container
