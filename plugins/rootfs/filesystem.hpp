// SPDX-License-Identifier: Apache-2.0
// Detached mounts: made, changed and attached by descriptor, never by path.
#pragma once

#include <cstdint>
#include <string_view>

#include "mini_container/abi.h"
#include "mini_container/fd.hpp"

namespace rootfs {

/// A new instance of the filesystem `type`, not attached yet: fsopen(2), fsconfig(2), fsmount(2).
/// `data` is comma-separated, a value with commas in double quotes; `attributes` are
/// MOUNT_ATTR_*. The error carries what the filesystem itself says.
mc::Fd new_filesystem(const char* type, const char* source, std::string_view data,
                      std::uint64_t attributes);

/// Sets `data`, written as above, on the filesystem that `mount` is the root of: fspick(2).
void reconfigure(int mount, const char* path, std::string_view data);

/// A copy of the mount that `path` is on, from `path` down, not attached yet: open_tree(2).
/// `directory` and `path` as in openat(2), but that the last component of a path below a descriptor
/// is not followed; an empty path stands for `directory` itself. -1 with errno set where it
/// fails.
int try_clone_tree(int directory, const char* path, bool recursive) noexcept;

/// Puts the detached `mount` on `name` below `directory` (which itself, where `name` is empty).
/// The last component is not followed. -1 with errno set where it fails.
int attach(int mount, int directory, const char* name) noexcept;

struct AttributeChange {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  std::uint64_t propagation = 0;  // one of MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE; 0: kept
  int idmap = -1;                 // the user namespace to map with (MOUNT_ATTR_IDMAP in `set`)
  bool recursive = false;
};

/// mount_setattr(2) on the mount behind `fd`. -1 with errno set where it fails.
int change_attributes(int fd, const AttributeChange& change) noexcept;

/// What a plan's entry says about attributes and propagation, in as few calls as it takes.
void apply_attributes(int fd, const mc_mount& entry, bool attributes_are_set);

}  // namespace rootfs
