// SPDX-License-Identifier: Apache-2.0
// The mount options of the OCI runtime specification ("Linux mount options"), as data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rootfs {

/// Attributes to set and to clear, MOUNT_ATTR_* of mount_setattr(2).
struct Attributes {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
};

/// What a list of options says, later ones winning over earlier ones.
struct MountOptions {
  Attributes mount;               // of the mount itself: "ro"
  Attributes subtree;             // of all below as well: "rro"
  std::uint64_t propagation = 0;  // MS_SHARED, ..., with MS_REC; 0: left as it is
  bool bind = false;
  bool recursive = false;  // rbind
  bool remount = false;
  bool copy_up = false;  // tmpcopyup
  bool idmap = false;
  bool idmap_recursive = false;  // ridmap
  std::string superblock;        // "sync" and the like, of a filesystem as a whole
  std::string data;              // what is left for the filesystem, comma-separated
};

/// Never fails: what is not in the table is the filesystem's to judge.
MountOptions parse_mount_options(const std::vector<std::string>& options);

/// MS_* with MS_REC for "rslave" and its kin; 0: not such a word.
std::uint64_t propagation_of(std::string_view word);

}  // namespace rootfs
