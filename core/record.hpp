// SPDX-License-Identifier: Apache-2.0
// What the core writes of a container, so that any later process can exec into it and clean up.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/hook.hpp"
#include "core/launch.hpp"
#include "core/process_mark.hpp"
#include "core/run_options.hpp"
#include "core/state.hpp"

namespace mini_container {

/// A plugin of a recorded launch. Its table is read when it is wanted: most verbs need few of them.
struct RecordedPlugin {
  std::string name;
  Offers offers = any_offer;
  std::string text;  // JSON: where it was loaded from, and its checked table
};

struct ContainerRecord {
  std::string id;
  std::int64_t created_ns = 0;  // since 1970, CLOCK_REALTIME
  std::string directory;
  ProcessMark agent;
  bool detached = false;
  Value container;                      // checked
  std::vector<RecordedPlugin> plugins;  // in order
  Value annotations;
};

/// What is on record of a plugin cannot be read.
class DamagedRecord : public mc::Error {
 public:
  explicit DamagedRecord(mc::Error error) : mc::Error(std::move(error)) {}
};

/// `offers`: what later processes may call of each plugin of the launch, in its order.
void write_record(const ContainerState& state, const Launch& launch, const RunOptions& options,
                  std::span<const Offers> offers);
/// nullopt: the directory is there but nothing was made yet. Throws for one that cannot be read.
std::optional<ContainerRecord> read_record(const ContainerState& state);

/// The plugin's checked table. Throws DamagedRecord.
Value table_of(const RecordedPlugin& plugin);

/// What cleanup needs of a container whose record cannot be read: the plugins that have a directory
/// in its state, with their defaults. A plugin's cleanup works from what is in that directory.
ContainerRecord salvage_record(const ContainerState& state, Catalog& catalog);

/// The launch of a record, with those plugins, loaded from where they came from, that offer any of
/// `wanted`. Throws DamagedRecord, or mc::Error where one cannot be loaded.
Launch launch_of(const ContainerRecord& record, Catalog& catalog, Offers wanted = any_offer);

}  // namespace mini_container
