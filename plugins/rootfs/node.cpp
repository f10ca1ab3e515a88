// SPDX-License-Identifier: Apache-2.0
// Files, directories, links and devices in the root.
#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "mini_container/in_root.hpp"
#include "perform.hpp"

namespace rootfs {

namespace {

// The creator's own ids are those of the container's root.
void set_owner(int directory, const char* name, const mc_mount& entry) {
  if (entry.uid == 0 && entry.gid == 0) return;
  const int flags = AT_SYMLINK_NOFOLLOW | (name[0] == '\0' ? AT_EMPTY_PATH : 0);
  if (::fchownat(directory, name, entry.uid, entry.gid, flags) == 0) return;
  mc::fail_with(errno, "give '", entry.destination, "' to ", entry.uid, ":", entry.gid,
                mc::Hint{errno == EINVAL ? "the id is not mapped into the container" : ""});
}

void fill_file(int file, const mc_mount& entry) {
  const char* next = static_cast<const char*>(entry.content);
  for (std::uint64_t left = entry.content_size; left > 0;) {
    const auto written = mc::check(::write(file, next, left), "write '", entry.destination, "'");
    next += written;
    left -= static_cast<std::uint64_t>(written);
  }
  mc::check(::fchmod(file, entry.mode), "chmod '", entry.destination, "'");
  set_owner(file, "", entry);
}

}  // namespace

void Performer::make_directory(const mc_mount& entry) {
  if ((entry.flags & MC_MOUNT_OPTIONAL) != 0) {
    // What is there already, or cannot be reached, is for whoever goes there to judge.
    const int there = mc::try_open_in_root(destinations_.root(), entry.destination, O_PATH);
    const mc::Fd found(there >= 0 ? there : -1);
    if (there != -ENOENT) return;
  }
  const Spot spot = destinations_.parent(entry.destination);
  if (::mkdirat(spot.directory(), spot.name(), entry.mode) == 0)
    return set_owner(spot.directory(), spot.name(), entry);
  if (errno != EEXIST) mc::fail_with(errno, "make the directory '", entry.destination, "'");
  destinations_.mount_point(entry.destination, Kind::directory,
                            (entry.flags & MC_MOUNT_NO_FOLLOW) == 0);
}

// In what is the container's alone a file is simply written. Gives false where the root is the
// host's directory, which a launch must not change.
bool Performer::write_file_in_place(const mc_mount& entry) {
  Spot spot = destinations_.fresh_parent(entry.destination);
  if (!spot.valid()) {
    if (!tree_.is_overlay()) return false;
    const int there =
        mc::try_open_in_root(tree_.root(), entry.destination, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    if (there >= 0) {
      const mc::Fd file(there);
      struct stat found {};
      mc::check(mc::stat_of(file.get(), &found), "stat '", entry.destination, "' in the root");
      if (!S_ISREG(found.st_mode)) mc::fail("'", entry.destination, "' in the root is not a file");
      mc::check(::ftruncate(file.get(), 0), "empty '", entry.destination, "'");
      fill_file(file.get(), entry);
      return true;
    }
    // Of somebody whom the user namespace does not know: only bound over can it have other content.
    if (there == -EACCES) return false;
    if (there != -ENOENT) mc::fail_with(-there, "open '", entry.destination, "' in the root");
    spot = destinations_.parent(entry.destination);
  }
  const mc::Fd file(mc::check(
      ::openat(spot.directory(), spot.name(),
               O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600),
      "create '", entry.destination, "' in the root",
      mc::Hint{in_user_namespace_ ? "where its directory is of somebody who is not mapped into the "
                                    "container: put an empty file there, or own the root"
                                  : ""}));
  fill_file(file.get(), entry);
  return true;
}

void Performer::make_file(const mc_mount& entry) {
  if (write_file_in_place(entry)) {
    host_.debug("wrote '", entry.destination, "'");
    return;
  }
  const std::string name = mc::concat("file", files_++);
  const mc::Fd file(mc::check(
      ::openat(tree_.scratch(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600),
      "create the content of '", entry.destination, "'"));
  fill_file(file.get(), entry);
  const mc::Fd tree(mc::check(try_clone_tree(tree_.scratch(), name.c_str(), false),
                              "clone the content of '", entry.destination, "'"));
  attach_tree(entry, tree.get());
}

void Performer::make_link(const mc_mount& entry) {
  const Spot spot = destinations_.parent(entry.destination);
  if (::symlinkat(entry.source, spot.directory(), spot.name()) == 0) return;
  if (errno != EEXIST)
    mc::fail_with(errno, "make the link '", entry.destination, "' to '", entry.source, "'");
  // The image may bring it along.
  char target[PATH_MAX];
  const auto length = ::readlinkat(spot.directory(), spot.name(), target, sizeof target);
  if (length < 0 || std::string_view(target, static_cast<std::size_t>(length)) != entry.source)
    mc::fail("'", entry.destination, "' in the root is not a link to '", entry.source, "'",
             mc::Hint{"remove it from the root"});
}

void Performer::make_device(const mc_mount& entry) {
  const Spot spot = destinations_.parent(entry.destination);
  if (may_make_devices_ || entry.device_type == S_IFIFO) {
    const auto number = ::makedev(entry.device_major, entry.device_minor);
    if (::mknodat(spot.directory(), spot.name(), entry.device_type | entry.mode, number) == 0)
      return set_owner(spot.directory(), spot.name(), entry);
    if (errno == EEXIST) {
      const mc::Fd there = destinations_.find(entry.destination, false);
      if (!there) mc::fail_with(errno, "open '", entry.destination, "' in the root");
      return check_device(there.get(), entry.destination, entry.device_type, entry.device_major,
                          entry.device_minor);
    }
    if (errno != EPERM || entry.device_type == S_IFIFO)
      mc::fail_with(errno, "make the device '", entry.destination, "'");
    // A user namespace, or the cgroup's device controller: neither changes from node to node.
    may_make_devices_ = !in_user_namespace_;
  }
  bind_device(entry, spot);
}

// A bound node is the host's own: what was asked for of its mode and owner is not to be had.
void Performer::compare_node(int node, const mc_mount& entry) const {
  struct stat found {};
  mc::check(mc::stat_of(node, &found), "look at the host's device for '", entry.destination, "'");
  const bool other_owner = (entry.uid != 0 && found.st_uid != entry.uid) ||
                           (entry.gid != 0 && found.st_gid != entry.gid);
  if (other_owner || (found.st_mode & 0777) != entry.mode)
    host_.warn("'", entry.destination,
               "' is the host's node, with the host's mode and owner: none may be made here");
}

void Performer::bind_device(const mc_mount& entry, const Spot& spot) {
  const char* source = entry.source != nullptr ? entry.source : entry.destination;
  const mc::Fd tree(
      mc::check(try_clone_tree(AT_FDCWD, source, false), "bind the host's device '", source, "'",
                mc::Hint{in_user_namespace_ && entry.source == nullptr
                             ? "a user namespace makes no devices: give the host's node as source"
                             : ""}));
  check_device(tree.get(), source, entry.device_type, entry.device_major, entry.device_minor);
  compare_node(tree.get(), entry);
  // As a node of its own in /dev would be.
  mc::check(change_attributes(tree.get(), {.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC}),
            "bind the host's device '", source, "'");
  // The last component is not followed: a link there is not what we bind onto.
  if (::mknodat(spot.directory(), spot.name(), S_IFREG | 0644, 0) != 0 && errno != EEXIST)
    mc::fail_with(errno, "create '", entry.destination, "' in the root");
  mc::check(attach(tree.get(), spot.directory(), spot.name()), "bind the host's device '", source,
            "' on '", entry.destination, "'");
}

}  // namespace rootfs
