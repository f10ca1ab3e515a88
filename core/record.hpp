// SPDX-License-Identifier: Apache-2.0
// What the core writes of a container, so that any later process can exec into it and clean up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/hook.hpp"
#include "core/launch.hpp"
#include "core/process_mark.hpp"
#include "core/run_options.hpp"
#include "core/state.hpp"

namespace mini_container {

struct ContainerRecord {
  std::string id;
  std::int64_t created_ns = 0;  // since 1970, CLOCK_REALTIME
  std::string directory;
  ProcessMark agent;
  bool detached = false;
  Value container;                                     // checked
  std::vector<std::pair<std::string, Value>> plugins;  // in order, with their checked tables
  std::vector<std::string> plugin_paths;
  std::vector<Offers> plugin_offers;
  Value annotations;
};

void write_record(const ContainerState& state, const Launch& launch, const RunOptions& options);
/// nullopt: the directory is there but nothing was made yet. Throws for one that cannot be read.
std::optional<ContainerRecord> read_record(const ContainerState& state);

/// What cleanup needs of a container whose record cannot be read: the plugins that have a directory
/// in its state, with their defaults. A plugin's cleanup works from what is in that directory.
ContainerRecord salvage_record(const ContainerState& state, Catalog& catalog);

/// The launch of a record, with those plugins, loaded from where they came from, that offer any of
/// `wanted`.
Launch launch_of(const ContainerRecord& record, Catalog& catalog, Offers wanted = any_offer);

}  // namespace mini_container
