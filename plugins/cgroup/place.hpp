// SPDX-License-Identifier: Apache-2.0
// The cgroups of one container, one in each hierarchy that it uses, and their record on disk.
#pragma once

#include <string>
#include <vector>

#include "directory.hpp"
#include "hierarchy.hpp"
#include "limits.hpp"
#include "mini_container/plugin.hpp"

namespace cgroup {

/// The container's cgroup in one hierarchy.
struct Place {
  Hierarchy hierarchy;
  std::string path;                      // below the mount point
  std::vector<std::string> controllers;  // those of ours in use there, by their v2 names
  bool needed = false;                   // a limit is set in it
  std::vector<std::string> made;         // what this launch makes, outermost first

  [[nodiscard]] std::string shown() const { return hierarchy.mount_point + path; }
};

/// Where `limits` and the names in `wanted` ("all" for all) lead on this machine. A controller
/// that a limit needs and that is nowhere is an error; a wanted one is passed over. Paths are not
/// set yet.
std::vector<Place> choose_places(const Hierarchies& hierarchies, const Limits& limits,
                                 const std::vector<std::string>& wanted);

/// The writes that bring `limits` into force in this place. Throws for what its version of
/// cgroups cannot express.
std::vector<Write> writes_for(const Place& place, const Limits& limits);

/// Writes `limits` into the files of the place; `config` tells where an option stands. Throws with
/// the option's place, the file and the cgroup. `log` may be null.
void apply(const Place& place, const Limits& limits, const mc::Node& config, const mc::Host& host);

/// `state_fd`: the plugin's state directory. The record is there before the first cgroup is made.
void write_record(int state_fd, const std::vector<Place>& places, const std::string& unit);

struct Record {
  std::vector<Place> places;
  std::string unit;  // systemd's scope, or empty
};
/// Empty where there is no record. Throws for one that is damaged.
Record read_record(int state_fd);

}  // namespace cgroup
