// SPDX-License-Identifier: Apache-2.0
// A child that works in the agent's memory instead of a copy, which saves a launch some 0.2 ms.
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "core/agent.hpp"
#include "core/hook_guard.hpp"

namespace mini_container {

// The agent cannot do anything meanwhile: answer, read what the child says, or hand on a terminal.
bool Agent::may_lend_memory(bool is_job) const {
  const auto has_hook_in_child = [](const mc_plugin& plugin) {
    return std::ranges::any_of(hook_table, [&](const HookInfo& hook) {
      return std::string_view(hook.process) == "child" && plugin.*hook.member != nullptr;
    });
  };
  return !is_job && !child_waits_ && !pipeline_.options.verbose && !pipeline_.plan.cgroup().fd &&
         !*pipeline_.launch.container.find("terminal")->as<bool>() &&
         std::ranges::all_of(pipeline_.instances, [&](const auto& instance) {
           const mc_plugin& plugin = instance->plugin().data;
           return (plugin.flags & MC_PLUGIN_SHARES_MEMORY) != 0 || !has_hook_in_child(plugin);
         });
}

// What the child changes in our memory is taken back, but for what its hooks did: abi.h,
// MC_PLUGIN_SHARES_MEMORY.
Cloned Agent::lend_memory(ChildInput& input, std::uint64_t new_namespaces) {
  const int childs_end = input.channel.fd();  // the child may know it by another number in the end
  const int dumpable = ::prctl(PR_GET_DUMPABLE);
  auto cloned = clone_sharing_memory(
      new_namespaces,
      [](void* lent) -> int { run_child(std::move(*static_cast<ChildInput*>(lent))); }, &input);
  end_guard_of_child();
  pipeline_.channel.release();
  ::close(childs_end);
  pipeline_.in_child = false;
  pipeline_.services.give = nullptr;
  // The child has cleared it, which is the memory's own: prctl(2), PR_SET_DUMPABLE.
  if (dumpable == 1) ::prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);
  return cloned;
}

}  // namespace mini_container
