// SPDX-License-Identifier: Apache-2.0
// A plugin at work in one launch, and the mc_host through which it sees the core.
#pragma once

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/hook.hpp"
#include "core/launch.hpp"
#include "core/plan.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

class Instance;

/// Where a plugin's calls to its host go. One for all instances of a launch; it outlives them.
struct HostServices {
  Plan* plan = nullptr;       // set while contributions are taken: plan and pre_clone
  bool is_on_record = false;  // the launch, and which cleanups are owed
  /// A line of a plugin's; in the child it is sent to the agent.
  std::function<void(const std::string& plugin, std::uint32_t level, const std::string& text)> log;
  std::uint32_t log_level = MC_LOG_WARN;  // below it, log is not called
  /// Takes the name and the descriptor across the clone; empty where there is no other side.
  std::function<void(const std::string& key, int fd)> give;
  struct Given {
    std::string key;  // "PLUGIN/NAME"
    mc::Fd fd;
  };
  std::vector<Given> given;  // what has arrived
  /// What plugins told each other, by name. A list: the texts are lent out.
  std::list<std::pair<std::string, std::string>> facts;
};

/// What the plugin sees, and how the core finds its instance again.
struct HostForPlugin {
  mc_host api;  // first, so that a pointer to one is a pointer to the other
  Instance* instance;
};

class Instance {
 public:
  Instance(const EnabledPlugin& enabled, HostServices& services);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  [[nodiscard]] const Plugin& plugin() const { return *enabled_.plugin; }
  [[nodiscard]] const Value& config() const { return enabled_.config; }
  [[nodiscard]] const mc_host* host() const { return &host_.api; }
  [[nodiscard]] HostServices& services() const { return services_; }

  /// Whether the plugin has this hook (create: yes), and did not skip it in this launch.
  [[nodiscard]] bool has(Hook hook, const Plan& plan) const;
  /// The plugin's own hook has nothing to do, as long as nobody contributes to the plan after now;
  /// a cleanup has not, whoever does.
  void skip(Hook hook, const Plan& plan);
  /// What later processes may call of it.
  [[nodiscard]] Offers offers(const Plan& plan) const;

  /// Calls the plugin's create. Throws what it reports.
  void create();
  /// Calls the plugin's destroy, if create has succeeded.
  void destroy();
  /// Calls a hook that the plugin has. Throws what it reports.
  void call(mc_hook hook, const mc_call& call);

  /// The plugin's directory in the container's state, once it is made.
  mc::Fd state;

 private:
  const EnabledPlugin& enabled_;
  HostServices& services_;
  HostForPlugin host_;
  void* self_ = nullptr;
  static constexpr std::uint64_t for_good = UINT64_MAX;
  std::array<std::uint64_t, hook_table.size()> skipped_at_{};  // 1 + the plan's contributions
  bool created_ = false;
};

}  // namespace mini_container
