// SPDX-License-Identifier: Apache-2.0
// What is hidden from the container, and what it may only read. Every path is opened once, unless
// the kernel itself lists it in a filesystem of this launch; what is mounted and what it is mounted
// on are then descriptors, so that nothing can be exchanged for a link in between.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "perform.hpp"

namespace rootfs {

void check_device(int fd, const char* path, std::uint32_t type, std::uint32_t major,
                  std::uint32_t minor) {
  struct stat found {};
  mc::check(mc::stat_of(fd, &found), "stat '", path, "'");
  if ((found.st_mode & S_IFMT) != type || found.st_rdev != ::makedev(major, minor))
    mc::fail("'", path, "' is not the device ", major, ":", minor, " that it claims to be");
}

void Performer::mask(const mc_mount& entry) {
  mode_t mode = 0;
  const Spot target = destinations_.existing(entry.destination, mode);
  if (!target.valid()) {
    if ((entry.flags & MC_MOUNT_OPTIONAL) != 0) return;
    mc::fail_with(errno, "mask '", entry.destination, "'");
  }
  if (S_ISDIR(mode))
    mask_directory(entry, target);
  else
    mask_file(entry, target);
  host_.debug("masked '", entry.destination, "'");
}

void Performer::mask_file(const mc_mount& entry, const Spot& target) {
  // The host's, not the root's: the image has no say in what masks its files.
  mc::Fd cover(mc::check(
      null_ ? try_clone_tree(null_.get(), "", false) : try_clone_tree(AT_FDCWD, "/dev/null", false),
      "clone the host's '/dev/null'"));
  if (!null_) {
    check_device(cover.get(), "/dev/null", S_IFCHR, 1, 3);
    // Not nodev: it is read as empty, rather than not at all.
    mc::check(change_attributes(cover.get(),
                                {.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC}),
              "make the host's '/dev/null' read-only");
  }
  mc::check(attach(cover.get(), target.directory(), target.name()), "mask '", entry.destination,
            "'");
  if (!null_) null_ = std::move(cover);
}

void Performer::mask_directory(const mc_mount& entry, const Spot& target) {
  mc::Fd cover =
      empty_
          ? mc::Fd(mc::check(try_clone_tree(empty_.get(), "", false), "clone an empty directory"))
          : new_filesystem(
                "tmpfs", nullptr, "mode=555",
                MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  mc::check(attach(cover.get(), target.directory(), target.name()), "mask '", entry.destination,
            "'");
  if (!empty_) empty_ = std::move(cover);
}

void Performer::make_readonly(const mc_mount& entry) {
  mode_t mode = 0;
  const Spot target = destinations_.existing(entry.destination, mode);
  if (!target.valid()) {
    if ((entry.flags & MC_MOUNT_OPTIONAL) != 0) return;
    mc::fail_with(errno, "make '", entry.destination, "' read-only");
  }
  const mc::Fd tree(mc::check(try_clone_tree(target.directory(), target.name(), true), "clone '",
                              entry.destination, "'"));
  mc::check(change_attributes(tree.get(), {.set = MOUNT_ATTR_RDONLY, .recursive = true}), "make '",
            entry.destination, "' read-only");
  mc::check(attach(tree.get(), target.directory(), target.name()), "mount '", entry.destination,
            "' read-only");
  host_.debug("made '", entry.destination, "' read-only");
}

}  // namespace rootfs
