// SPDX-License-Identifier: Apache-2.0
#include "tree.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filesystem.hpp"

namespace rootfs {

namespace {

// "/.." is the root, and then whatever may be mounted on it.
std::uint64_t mount_id(int directory, const char* path, int flags) {
  struct statx found {};
  mc::check(::statx(directory, path, flags, STATX_MNT_ID, &found), "statx the new root");
  return found.stx_mnt_id;
}

mc::Fd open_host_root() {
  return mc::Fd(mc::check(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "open the host's root"));
}

std::string path_of(int fd, const char* below = "") {
  return mc::concat("/proc/self/fd/", fd, below);
}

/// No descriptor for a layer that the launch does not name.
mc::Fd open_layer(const char* key, const std::string& path) {
  if (path.empty()) return {};
  return mc::Fd(mc::check(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open rootfs.",
                          key, " '", path, "'"));
}

}  // namespace

void isolate_mounts(std::uint64_t propagation) {
  const bool shared = (propagation & MS_SHARED) != 0;
  const bool slave = (propagation & MS_SLAVE) != 0;
  AttributeChange change;
  change.propagation = slave ? MS_SLAVE : MS_PRIVATE;
  change.recursive = !shared;
  const mc::Fd host = open_host_root();
  mc::check(change_attributes(host.get(), change), "cut the mounts off from the host's");
}

Tree::Tree(const TreeOptions& options, bool in_user_namespace, bool with_scratch, mc::Fd given)
    : options_(options), host_(open_host_root()) {
  // First: the host's own tree, cloned, would bring the scratch mount along.
  mc::Fd tree = open_directory(std::move(given));
  if (with_scratch || (options_.overlay && options_.overlay_upper.empty())) make_scratch();
  if (options_.overlay) tree = make_overlay(std::move(tree), in_user_namespace);
  AttributeChange change;
  // What is mounted in the root must not reach the directory that it was cloned from.
  if ((options_.propagation & (MS_SHARED | MS_UNBINDABLE)) != 0) change.propagation = MS_PRIVATE;
  // The host's own tree is read-only as a whole: its mounts are part of it.
  if (options_.readonly && options_.path.empty()) {
    change.set = MOUNT_ATTR_RDONLY;
    change.recursive = true;
  }
  if ((change.set | change.propagation) != 0)
    mc::check(change_attributes(tree.get(), change), "set the attributes of the root");
  stack(tree.get(), "root");
  root_ = std::move(tree);
}

void Tree::stack(int mount, const char* what) {
  if (options_.detached) return;
  mc::check(attach(mount, host_.get(), ""), "attach the ", what);
  ++stacked_;
}

void Tree::make_scratch() {
  // One tmpfs for the overlay's layers and for files with inline content. It must be attached to
  // be cloned from and to hold layers; on the host's root directory nobody sees it.
  std::string data = "mode=700";
  if (!options_.overlay_size.empty()) data += mc::concat(",size=", options_.overlay_size);
  scratch_ = new_filesystem("tmpfs", nullptr, data, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  stack(scratch_.get(), "layer's tmpfs");
}

void Tree::check_identity(int directory) const {
  struct stat found {};
  mc::check(mc::stat_of(directory, &found), "stat the root '", options_.path, "'");
  if (found.st_dev != options_.device || found.st_ino != options_.inode)
    mc::fail("the root '", options_.path, "' was replaced while the container started");
}

mc::Fd Tree::open_directory(mc::Fd given) const {
  if (!given) {
    const char* path = options_.path.empty() ? "/" : options_.path.c_str();
    // An overlay takes its lower layer from one mount alone.
    given = mc::Fd(mc::check(try_clone_tree(AT_FDCWD, path, !options_.overlay), "clone the root '",
                             path, "'"));
  }
  if (!options_.path.empty()) check_identity(given.get());
  return given;
}

mc::Fd Tree::make_overlay(mc::Fd lower, bool in_user_namespace) {
  // overlayfs takes its layers from mounts of the namespace, not from detached ones.
  stack(lower.get(), "root's lower layer");
  // By descriptors: a path could be longer than an option's value may be (256 bytes), or hold what
  // means something in one.
  const mc::Fd kept_upper = open_layer("overlay_upper", options_.overlay_upper);
  const mc::Fd kept_work = open_layer("overlay_work", options_.overlay_work);
  std::string upper = path_of(kept_upper.get());
  std::string work = path_of(kept_work.get());
  if (!kept_upper) {
    struct stat root {};
    mc::check(mc::stat_of(lower.get(), &root), "stat the root '", options_.path, "'");
    mc::check(::mkdirat(scratch_.get(), "upper", root.st_mode & 07777), "make the upper layer");
    mc::check(::mkdirat(scratch_.get(), "work", 0700), "make the work directory");
    // The upper directory's owner is the merged root's.
    if (root.st_uid != ::geteuid() || root.st_gid != ::getegid())
      (void)!::fchownat(scratch_.get(), "upper", root.st_uid, root.st_gid, 0);
    upper = path_of(scratch_.get(), "/upper");
    work = path_of(scratch_.get(), "/work");
  }
  // Without privileges over the host, an overlay keeps its notes in user.* attributes.
  const std::string data = mc::concat("lowerdir=", path_of(lower.get()), ",upperdir=", upper,
                                      ",workdir=", work, in_user_namespace ? ",userxattr" : "");
  try {
    return new_filesystem("overlay", "overlay", data, 0);
  } catch (const mc::Error& error) {
    // What is wrong the kernel tells in its own log alone.
    const int number = error.error_number();
    if (!kept_upper || (number != EINVAL && number != ELOOP)) throw;
    mc::fail_with(number, error.attempt(),
                  mc::Hint{"overlay_upper and overlay_work are two directories on one filesystem, "
                           "neither of them in the other, or the root itself"});
  }
}

void Tree::check_inside() const {
  char directory[2] = {};
  // "(unreachable)" would be longer than the two bytes of "/".
  if (::syscall(SYS_getcwd, directory, sizeof directory) != 2 || directory[0] != '/')
    mc::fail("the working directory is not inside the new root");
  if (mount_id(AT_FDCWD, "/..", 0) != mount_id(root_.get(), "", AT_EMPTY_PATH))
    mc::fail("the old root is still there");
}

void Tree::change_root() {
  mc::check(::chroot("."), "chroot to the new root");
  mc::check(::chdir("/"), "change to '/' in the new root");
}

void Tree::pivot() {
  // Twice the same directory: the old root then lies on top of the new one: pivot_root(2).
  mc::check(::syscall(SYS_pivot_root, ".", "."), "pivot_root to the new root");
  if ((options_.propagation & MS_SHARED) != 0)
    mc::check(change_attributes(host_.get(), {.propagation = MS_SLAVE, .recursive = true}),
              "cut the old root off from the host's");
  // "." is what is on top. The old root is below all that was stacked on it but the new root.
  for (; stacked_ > 0; --stacked_) mc::check(::umount2(".", MNT_DETACH), "detach the old root");
  mc::check(::chdir("/"), "change to '/' in the new root");
}

void Tree::enter() {
  if (options_.readonly && !options_.path.empty())
    mc::check(change_attributes(root_.get(), {.set = MOUNT_ATTR_RDONLY}),
              "make the root read-only");
  mc::check(::fchdir(root_.get()), "change to the new root");
  if (options_.detached || !options_.pivot)
    change_root();
  else
    pivot();
  check_inside();
  if ((options_.propagation & (MS_SHARED | MS_UNBINDABLE)) != 0) {
    const AttributeChange change{.propagation = options_.propagation & ~std::uint64_t{MS_REC},
                                 .recursive = (options_.propagation & MS_REC) != 0};
    mc::check(change_attributes(root_.get(), change), "set the propagation of the root");
  }
  scratch_.reset();
  host_.reset();
}

}  // namespace rootfs
