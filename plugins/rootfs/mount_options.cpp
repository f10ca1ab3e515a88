// SPDX-License-Identifier: Apache-2.0
#include "mount_options.hpp"

#include <sys/mount.h>

#include <algorithm>
#include <iterator>

namespace rootfs {

namespace {

struct AttributeOption {
  std::string_view name;
  std::uint64_t set;
  std::uint64_t clear;
};

// Each of these has a twin for the whole subtree, its name with an "r" in front.
constexpr AttributeOption attribute_options[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0},
    {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},
    {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},
    {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},
    {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
    {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    {"diratime", 0, MOUNT_ATTR_NODIRATIME},
    // The access time bits are one field: whoever sets it clears it first.
    {"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    {"atime", 0, MOUNT_ATTR__ATIME},
    {"relatime", 0, MOUNT_ATTR__ATIME},
    {"norelatime", 0, MOUNT_ATTR__ATIME},
    {"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    {"nostrictatime", 0, MOUNT_ATTR__ATIME},
};

struct PropagationOption {
  std::string_view name;
  std::uint64_t value;
};
constexpr PropagationOption propagation_options[] = {
    {"private", MS_PRIVATE},       {"rprivate", MS_PRIVATE | MS_REC},
    {"slave", MS_SLAVE},           {"rslave", MS_SLAVE | MS_REC},
    {"shared", MS_SHARED},         {"rshared", MS_SHARED | MS_REC},
    {"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC},
};

// Words that only say what is so anyway: nothing to do, and nothing to hand to the filesystem.
// As for iversion: since Linux 6.1 the filesystems that can count the versions of their inodes do
// so unasked, and fsconfig(2) has no word for it.
constexpr std::string_view no_effect[] = {"defaults", "loud", "silent", "iversion", "noiversion"};

// Of a filesystem, not of one mount of it: mount(8).
constexpr std::string_view superblock_options[] = {"async",      "sync", "dirsync", "lazytime",
                                                   "nolazytime", "mand", "nomand"};

void append(std::string& list, std::string_view word) {
  if (!list.empty()) list.push_back(',');
  list += word;
}

void apply(Attributes& attributes, const AttributeOption& option) {
  const std::uint64_t touched = option.set | option.clear;
  attributes.set = (attributes.set & ~touched) | option.set;
  attributes.clear = (attributes.clear & ~touched) | option.clear;
}

bool apply_attribute(MountOptions& out, std::string_view word) {
  for (const AttributeOption& option : attribute_options) {
    if (word == option.name) {
      apply(out.mount, option);
      return true;
    }
    if (word.starts_with('r') && word.substr(1) == option.name) {
      apply(out.subtree, option);
      return true;
    }
  }
  return false;
}

bool apply_word(MountOptions& out, std::string_view word) {
  if (word == "bind" || word == "rbind") {
    out.bind = true;
    out.recursive = word == "rbind";
  } else if (word == "remount") {
    out.remount = true;
  } else if (word == "tmpcopyup") {
    out.copy_up = true;
  } else if (word == "idmap" || word == "ridmap") {
    out.idmap = true;
    out.idmap_recursive = word == "ridmap";
  } else if (const auto propagation = propagation_of(word); propagation != 0) {
    out.propagation = propagation;
  } else if (std::ranges::find(superblock_options, word) != std::end(superblock_options)) {
    append(out.superblock, word);
  } else {
    return std::ranges::find(no_effect, word) != std::end(no_effect);
  }
  return true;
}

}  // namespace

std::uint64_t propagation_of(std::string_view word) {
  for (const PropagationOption& option : propagation_options)
    if (word == option.name) return option.value;
  return 0;
}

MountOptions parse_mount_options(const std::vector<std::string>& options) {
  MountOptions out;
  for (const std::string& word : options) {
    if (word.empty() || apply_attribute(out, word) || apply_word(out, word)) continue;
    append(out.data, word);
  }
  return out;
}

}  // namespace rootfs
