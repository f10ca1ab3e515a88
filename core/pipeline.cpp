// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "core/failure.hpp"
#include "core/hook_guard.hpp"
#include "core/single_thread.hpp"

namespace mini_container {

Pipeline::Pipeline(const Launch& launch_, RunOptions options_)
    : launch(launch_), options(std::move(options_)) {
  static Progress agents, childs;
  agent_progress = &agents;
  child_progress = &childs;
  instances.reserve(launch.plugins.size());
  for (const auto& enabled : launch.plugins)
    instances.push_back(std::make_unique<Instance>(enabled, services));
}

void Pipeline::make_plan() {
  const PlanWindow window(*this);
  for (std::size_t i = 0; i < instances.size(); ++i) {
    call_hook(Hook::create, i, {}, *agent_progress);
    call_hook(Hook::plan, i, {}, *agent_progress);
  }
  plan.order_mounts();
}

bool Pipeline::anyone_has(Hook hook) const {
  return std::ranges::any_of(instances,
                             [&](const auto& instance) { return instance->has(hook, plan); });
}

std::vector<Offers> Pipeline::offers() const {
  std::vector<Offers> out;
  for (const auto& instance : instances) out.push_back(instance->offers(plan));
  return out;
}

bool Pipeline::sets_capabilities() const {
  return std::ranges::any_of(instances, [](const auto& instance) {
    return (instance->plugin().data.flags & MC_PLUGIN_SETS_CAPABILITIES) != 0;
  });
}

void Pipeline::call_hook(Hook hook, std::size_t index, const CallDetails& details,
                         Progress& where) {
  Instance& instance = *instances[index];
  if (!instance.has(hook, plan)) return;
  mc_call call{};
  call.size = sizeof call;
  call.flags = details.flags | (options.detached ? static_cast<unsigned>(MC_CALL_DETACHED) : 0U);
  call.id = options.id.c_str();
  call.pid = details.pid;
  call.pidfd = details.pidfd;
  call.wait_status = details.wait_status;
  call.root_fd = details.root_fd;
  call.state_fd = in_child ? -1 : instance.state.get();
  call.uid = details.uid;
  call.gid = details.gid;
  call.namespaces = namespaces.data();
  call.namespace_count = static_cast<std::uint32_t>(namespaces.size());
  call.namespace_stride = sizeof(mc_namespace);
  call.mounts = mounts.data();
  call.mount_count = static_cast<std::uint32_t>(mounts.size());
  call.mount_stride = sizeof(mc_mount);
  call.bundle = launch.directory.c_str();
  where.enter(static_cast<std::uint32_t>(index), hook);
  try {
    if (hook == Hook::create)
      instance.create();
    else
      instance.call(instance.plugin().data.*(info(hook).member), call);
    if (hook <= Hook::pre_clone) require_no_thread_left();
  } catch (const mc::Error& error) {
    where.leave(options.timings);
    throw Failure(instance.plugin().name + ": " + info(hook).name, error);
  } catch (...) {
    // Of a C++ runtime of the plugin's own: nothing is known of it.
    where.leave(options.timings);
    throw Failure(instance.plugin().name + ": " + info(hook).name,
                  mc::Error(0, "the plugin let an exception out", "repair or disable it"));
  }
  // Before the hook counts as left: what it broke has its name.
  if (in_child) {
    if (::fcntl(channel.fd(), F_GETFD) < 0 && errno == EBADF) ::_exit(exit_runtime_failed);
  } else {
    check_hook_left_no_damage();
  }
  where.leave(options.timings);
}

void Pipeline::list_mounts() {
  mounts.clear();
  mounts.reserve(plan.mounts().size());
  for (const auto& mount : plan.mounts()) mounts.push_back(mount->data());
}

void Pipeline::call_hooks(Hook hook, const CallDetails& details, Progress& where) {
  for (std::size_t i = 0; i < instances.size(); ++i) call_hook(hook, i, details, where);
}

}  // namespace mini_container
