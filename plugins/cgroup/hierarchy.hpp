// SPDX-License-Identifier: Apache-2.0
// The cgroup file systems of this machine, as they are found at run time: cgroups(7).
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "mini_container/fd.hpp"

namespace cgroup {

/// One hierarchy that is mounted: the unified one (v2), or one of v1 with its controllers.
struct Hierarchy {
  bool unified = false;
  /// v1: "memory", or "cpu" and "cpuacct" together, or "name=systemd". v2: what
  /// cgroup.controllers of the mount's root offers.
  std::vector<std::string> controllers;
  std::string mount_point;
  std::string mount_root;  // the directory of the hierarchy that is mounted there: mountinfo's root
  std::string own_path;    // the calling process's cgroup, as /proc/self/cgroup has it
  /// What statfs(2) must say of every directory of it before it is written to.
  long magic = 0;

  [[nodiscard]] bool has(std::string_view controller) const;
  /// The calling process's own cgroup as a path below the mount point; "/" for its root. Throws
  /// where it is not below what is mounted.
  [[nodiscard]] std::string own_path_below_mount() const;
  /// "memory", "cpu,cpuacct", "unified": for messages and for the record.
  [[nodiscard]] std::string name() const;
};

class Hierarchies {
 public:
  Hierarchies() = default;
  /// Of a recorded machine: for tests.
  explicit Hierarchies(std::vector<Hierarchy> all) : all_(std::move(all)) {}

  /// Of this machine, from /proc/self/mountinfo and /proc/self/cgroup.
  static Hierarchies find();

  /// The unified hierarchy, or nullptr: this machine has v1 alone.
  [[nodiscard]] const Hierarchy* unified() const;
  /// Where this controller is, v1 or unified, or nullptr: this machine has it nowhere.
  [[nodiscard]] const Hierarchy* of(std::string_view controller) const;
  [[nodiscard]] const std::vector<Hierarchy>& all() const { return all_; }

 private:
  std::vector<Hierarchy> all_;
};

/// Reads the text of mountinfo and of a process's cgroup file. The unified hierarchy's controllers
/// are not in there and stay empty.
std::vector<Hierarchy> parse_hierarchies(std::string_view mountinfo, std::string_view own);

/// Calls `each` with the parts of `text` between `separator`, empty ones left out.
template <class Each>
void for_each_part(std::string_view text, char separator, Each&& each) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0) each(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// These parts.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace cgroup
