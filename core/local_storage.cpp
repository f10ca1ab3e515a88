// SPDX-License-Identifier: Apache-2.0
#include "core/local_storage.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "mini_container/fd.hpp"

#ifndef SYS_statmount
#define SYS_statmount 457
#endif

namespace mini_container {

namespace {

// As <linux/stat.h> and <linux/mount.h> have them from Linux 6.8 on.
constexpr unsigned statx_mnt_id_unique = 0x4000;
constexpr std::uint64_t statmount_sb_basic = 1;
struct MountRequest {
  std::uint32_t size = sizeof(MountRequest);
  std::uint32_t spare = 0;
  std::uint64_t mount = 0;
  std::uint64_t wanted = statmount_sb_basic;
};
struct MountFacts {
  std::uint32_t size;
  std::uint32_t spare;
  std::uint64_t given;
  std::uint32_t device_major;
  std::uint32_t device_minor;
  std::uint64_t magic;
  std::uint64_t rest[60];
};

constexpr std::uint64_t local[] = {EXT4_SUPER_MAGIC,
                                   XFS_SUPER_MAGIC,
                                   BTRFS_SUPER_MAGIC,
                                   F2FS_SUPER_MAGIC,
                                   TMPFS_MAGIC,
                                   RAMFS_MAGIC,
                                   SQUASHFS_MAGIC,
                                   EROFS_SUPER_MAGIC_V1,
                                   ISOFS_SUPER_MAGIC,
                                   MSDOS_SUPER_MAGIC,
                                   EXFAT_SUPER_MAGIC,
                                   OVERLAYFS_SUPER_MAGIC,
                                   PROC_SUPER_MAGIC,
                                   SYSFS_MAGIC,
                                   DEVPTS_SUPER_MAGIC,
                                   CGROUP_SUPER_MAGIC,
                                   CGROUP2_SUPER_MAGIC,
                                   SECURITYFS_MAGIC,
                                   DEBUGFS_MAGIC,
                                   TRACEFS_MAGIC,
                                   BPF_FS_MAGIC,
                                   HUGETLBFS_MAGIC,
                                   0x19800202 /* mqueue */,
                                   0x2FC12FC1 /* ZFS */,
                                   0xCA451A4E /* bcachefs */,
                                   0x24051905 /* UBIFS */,
                                   JFFS2_SUPER_MAGIC};

// By what the kernel remembers alone: openat2(2), RESOLVE_CACHED.
mc::Fd open_cached(const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_CACHED;
  return mc::Fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
}

}  // namespace

bool is_on_local_storage(const std::string& path) {
  const mc::Fd there = open_cached(path);
  if (!there) return false;
  struct statx found {};
  if (::statx(there.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, statx_mnt_id_unique, &found) !=
          0 ||
      (found.stx_mask & statx_mnt_id_unique) == 0)
    return false;
  MountRequest request;
  request.mount = found.stx_mnt_id;
  MountFacts facts{};
  if (::syscall(SYS_statmount, &request, &facts, sizeof facts, 0) != 0 ||
      (facts.given & statmount_sb_basic) == 0)
    return false;
  return std::ranges::find(local, facts.magic) != std::end(local);
}

}  // namespace mini_container
