// SPDX-License-Identifier: Apache-2.0
// The resources of a container that is there, by way of the plugin that offers them:
// mini_container/extensions.h.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "core/container.hpp"
#include "mini_container/extensions.h"

namespace mini_container {

/// The extension of a plugin that offers it; nullptr: none.
const mc_resources* resources_of(const Plugin& plugin);

class Resources {
 public:
  /// nullopt: no plugin of the container's launch offers them.
  static std::optional<Resources> of(const Container& container, Catalog& catalog);
  /// The same, where `launch` has those of the container's plugins that offer an extension.
  static std::optional<Resources> of(const Container& container, const Launch& launch);
  /// The same; throws, naming what cannot be done without.
  static Resources need(const Container& container, Catalog& catalog, const char* attempt);

  /// Which plugin it is, and so whose table `update` takes.
  [[nodiscard]] const Plugin& plugin() const { return *plugin_; }

  // Each throws mc::Error.
  void pause() const;
  void resume() const;
  [[nodiscard]] bool is_paused() const;
  /// `changes`: the plugin's table with the changed options alone, not yet checked.
  void update(const Value& changes) const;
  [[nodiscard]] std::vector<pid_t> processes() const;
  void signal_all(int signal) const;
  /// One JSON object.
  [[nodiscard]] std::string statistics() const;
  [[nodiscard]] std::uint64_t oom_kills() const;

 private:
  Resources(const Plugin& plugin, const mc_resources& functions, mc::Fd state)
      : plugin_(&plugin), functions_(&functions), state_(std::move(state)) {}

  const Plugin* plugin_;
  const mc_resources* functions_;
  mc::Fd state_;
};

}  // namespace mini_container
