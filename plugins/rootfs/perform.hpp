// SPDX-License-Identifier: Apache-2.0
// Performs the plan's list of mounts, those of every plugin, in the root.
#pragma once

#include "destination.hpp"
#include "filesystem.hpp"
#include "mini_container/plugin.hpp"
#include "tree.hpp"

namespace rootfs {

/// The name under which the agent hands over the tree of the plan's entry `index`.
std::string given_name(std::uint32_t index);

/// [child] One per launch.
class Performer {
 public:
  /// `agent_is_privileged`: the agent opens what the container's user namespace could not.
  Performer(mc::Host& host, const mc::Call& call, Tree& tree, bool agent_is_privileged);

  void run();

 private:
  void perform(const mc_mount& entry, std::uint32_t index);

  // perform.cpp: mounts
  void mount_filesystem(const mc_mount& entry);
  void bind(const mc_mount& entry, std::uint32_t index);
  void bind_host_directory(const mc_mount& entry, const char* source);
  void attach_tree(const mc_mount& entry, int tree);
  void remount(const mc_mount& entry);
  void cover_with_copy(const mc_mount& entry, int target);
  Spot directory_for(const mc_mount& entry);

  // mask.cpp: what is hidden or read-only
  void mask(const mc_mount& entry);
  void mask_file(const mc_mount& entry, const Spot& target);
  void mask_directory(const mc_mount& entry, const Spot& target);
  void make_readonly(const mc_mount& entry);

  // node.cpp: files, directories, links and devices
  void make_directory(const mc_mount& entry);
  void make_file(const mc_mount& entry);
  bool write_file_in_place(const mc_mount& entry);
  void make_link(const mc_mount& entry);
  void make_device(const mc_mount& entry);
  void compare_node(int node, const mc_mount& entry) const;
  void bind_device(const mc_mount& entry, const Spot& spot);

  mc::Host& host_;
  const mc::Call& call_;
  Tree& tree_;
  Destinations destinations_;
  bool in_user_namespace_;
  bool agent_is_privileged_;
  bool may_make_devices_ = true;  // until the kernel says no
  mc::Fd null_;                   // what masks files: /dev/null, once mounted
  mc::Fd empty_;                  // an empty read-only directory, attached
  std::vector<std::pair<std::string, mc::Fd>> read_only_late_;  // once all is mounted
  unsigned files_ = 0;
};

/// Whether the agent opens the tree of this entry, and not the child.
bool is_given(const mc_mount& entry, bool in_user_namespace, bool agent_is_privileged);

/// Whether `fd` is the character or block device that the numbers say; throws where it is not.
void check_device(int fd, const char* path, std::uint32_t type, std::uint32_t major,
                  std::uint32_t minor);

}  // namespace rootfs
