// SPDX-License-Identifier: Apache-2.0
// What the plugins contribute, merged: the container as data.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/value.hpp"
#include "mini_container/abi.h"
#include "mini_container/fd.hpp"

namespace mini_container {

/// Who asked for something, and where in the launch. The plugin's name outlives the plan.
struct Origin {
  std::string_view plugin;
  Place place;

  /// A plugin's name is one text for the life of the process.
  [[nodiscard]] bool is_of_same_plugin(const Origin& other) const {
    return plugin.data() == other.plugin.data();
  }
  [[nodiscard]] std::string text() const { return mc::concat(plugin, " (", place.text(), ")"); }
};

struct PlannedNamespace {
  std::uint64_t type = 0;
  mc::Fd joined;  // none: a new one
  Origin origin;
};

/// An mc_mount that owns what it points to. Its texts are never null, but for `source` and `data`,
/// where there is none.
class PlannedMount {
 public:
  PlannedMount(const mc_mount& from, Origin origin);

  /// What it points to is valid until the mount is destroyed.
  [[nodiscard]] const mc_mount& data() const { return data_; }
  [[nodiscard]] std::string_view destination() const { return data_.destination; }
  /// How many components the destination has.
  [[nodiscard]] std::ptrdiff_t depth() const { return depth_; }
  /// Empty where there is none.
  [[nodiscard]] const char* source() const { return data_.source != nullptr ? data_.source : ""; }
  [[nodiscard]] const Origin& origin() const { return origin_; }

 private:
  void copy_texts();

  mc_mount data_;
  std::unique_ptr<char[]> texts_;
  std::ptrdiff_t depth_ = 0;
  mc::Fd fd_, idmap_;
  Origin origin_;
};

struct PlannedVariable {
  std::string name, value;
  Origin origin;
};

struct PlannedDescriptor {
  mc::Fd fd;
  int target = -1;
  Origin origin;
};

struct PlannedDescriptorSlot {
  mc::Fd fd;
  Origin origin;
};

/// What the root will be made of: a directory of the host.
struct AnnouncedRoot {
  std::string path;
  bool recursive = false;  // with what is mounted below it
  Origin origin;
};

/// Each add throws mc::Error naming both owners and both places where two contribute the same.
class Plan {
 public:
  void add_namespace(std::uint64_t type, mc::Fd joined, Origin origin);
  void add_mount(const mc_mount& mount, Origin origin);
  void set_cgroup(mc::Fd fd, Origin origin);
  void set_init(mc::Fd fd, Origin origin);
  void set_environment(std::string name, std::string value, Origin origin);
  void keep_descriptor(mc::Fd fd, int target, Origin origin);
  /// Changes nothing of the launch, and is no contribution.
  void announce_root(std::string path, bool recursive, Origin origin);

  /// Puts the mounts in the order to perform them: plugins' defaults by depth of the destination,
  /// the user's list in its own order, the late ones last. A user's entry replaces the others at
  /// its destination. To be called once everything is contributed; may be called again. False:
  /// nothing was contributed since, and all is as it was.
  bool order_mounts();

  /// How many contributions there have been.
  [[nodiscard]] std::uint64_t contributions() const { return contributions_; }
  [[nodiscard]] std::uint64_t clone_flags() const;
  [[nodiscard]] const PlannedNamespace* find_namespace(std::uint64_t type) const;

  [[nodiscard]] const std::vector<PlannedNamespace>& namespaces() const { return namespaces_; }
  [[nodiscard]] const std::vector<std::unique_ptr<PlannedMount>>& mounts() const { return mounts_; }
  [[nodiscard]] const std::vector<PlannedVariable>& environment() const { return environment_; }
  [[nodiscard]] const std::vector<PlannedDescriptor>& descriptors() const { return descriptors_; }
  [[nodiscard]] const PlannedDescriptorSlot& cgroup() const { return cgroup_; }
  [[nodiscard]] const PlannedDescriptorSlot& init() const { return init_; }
  [[nodiscard]] const std::optional<AnnouncedRoot>& root() const { return root_; }

 private:
  std::vector<PlannedNamespace> namespaces_;
  std::vector<std::unique_ptr<PlannedMount>> mounts_;
  std::vector<PlannedVariable> environment_;
  std::vector<PlannedDescriptor> descriptors_;
  PlannedDescriptorSlot cgroup_, init_;
  std::optional<AnnouncedRoot> root_;
  std::uint64_t contributions_ = 0;
  std::uint64_t ordered_at_ = 0;  // contributions, when the mounts were put in order
};

/// "/a//b/./c/" as "/a/b/c". Throws mc::Error where it is not absolute.
std::string normal_destination(std::string_view path);

}  // namespace mini_container
