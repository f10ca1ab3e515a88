// SPDX-License-Identifier: Apache-2.0
#include "perform.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <string_view>

#include "copy_up.hpp"

namespace rootfs {

namespace {

std::string_view text(const char* value) { return value != nullptr ? value : ""; }

bool is_absence(int error) {
  return error == ENOENT || error == ENOTDIR || error == ENODEV || error == ENXIO;
}

bool is_directory(int fd, const char* path) {
  struct stat found {};
  mc::check(mc::stat_of(fd, &found), "stat '", path, "'");
  return S_ISDIR(found.st_mode);
}

// "mode=620,gid=5" without its gid: where the group is not mapped, the filesystem refuses it.
std::string without_gid(std::string_view data) {
  std::string out;
  while (!data.empty()) {
    const std::size_t comma = data.find(',');
    const std::string_view option = data.substr(0, comma);
    data.remove_prefix(comma == std::string_view::npos ? data.size() : comma + 1);
    if (option.starts_with("gid=")) continue;
    if (!out.empty()) out.push_back(',');
    out += option;
  }
  return out;
}

mc::Fd make_filesystem(const mc_mount& entry, bool is_read_only_late) {
  const std::string_view data = text(entry.data);
  const std::uint64_t read_only = is_read_only_late ? MOUNT_ATTR_RDONLY : 0;
  const std::uint64_t attributes = entry.attr_set & ~read_only;
  try {
    return new_filesystem(entry.type, entry.source, data, attributes);
  } catch (const mc::Error& error) {
    const bool retry = text(entry.type) == "devpts" && error.error_number() == EINVAL &&
                       data.find("gid=") != std::string_view::npos;
    if (!retry) throw;
  }
  return new_filesystem(entry.type, entry.source, without_gid(data), attributes);
}

// The runtime and everything in the container trusts what is at /proc: nothing else may be there.
void check_proc(const mc_mount& entry, int tree) {
  if (text(entry.destination) != "/proc") return;
  struct statfs found {};
  mc::check(::fstatfs(tree, &found), "statfs '", text(entry.source), "'");
  if (found.f_type != PROC_SUPER_MAGIC)
    mc::fail("mount on '/proc': '", text(entry.source), "' is not a proc filesystem",
             mc::Hint{"mount the type proc there, or bind the host's /proc"});
}

// Where a destination of the user's list may not lead, by a link of the image or by "..": to the
// root itself, which would be covered but not entered; into /proc, where a mount would cover what
// the container's confinement is written to.
void check_target(const mc_mount& entry, const Spot& spot, int root) {
  if (entry.rank < MC_RANK_USER || spot.name()[0] != '\0') return;
  struct stat top {};
  struct stat target {};
  mc::check(mc::stat_of(root, &top), "stat the root");
  mc::check(mc::stat_of(spot.directory(), &target), "stat '", entry.destination, "' in the root");
  if (top.st_dev == target.st_dev && top.st_ino == target.st_ino)
    mc::fail("'", entry.destination, "' is the root itself",
             mc::Hint{"set rootfs.path to what is to be the root"});
  struct statfs found {};
  mc::check(::fstatfs(spot.directory(), &found), "statfs '", entry.destination, "' in the root");
  if (found.f_type != PROC_SUPER_MAGIC) return;
  constexpr ino_t proc_root = 1;  // PROC_ROOT_INO, include/linux/proc_ns.h
  // The root of a chroot has one already, and another may lie on top: a link there is refused.
  if (text(entry.destination) == "/proc" && target.st_ino == proc_root) return;
  if (!text(entry.destination).starts_with("/proc/"))
    mc::fail("'", entry.destination, "' in the root leads to /proc by a symbolic link",
             mc::Hint{"remove the link from the root"});
  if (target.st_ino == proc_root)
    mc::fail("'", entry.destination, "' in the root leads to /proc itself",
             mc::Hint{"name what is to be covered without '..'"});
}

}  // namespace

std::string given_name(std::uint32_t index) { return mc::concat("mount", index); }

bool is_given(const mc_mount& entry, bool in_user_namespace, bool agent_is_privileged) {
  if (entry.kind != MC_MOUNT_BIND) return false;
  return (entry.flags & MC_MOUNT_IDMAP_CONTAINER) != 0 || entry.idmap_fd >= 0 ||
         (in_user_namespace && agent_is_privileged);
}

Performer::Performer(mc::Host& host, const mc::Call& call, Tree& tree, bool agent_is_privileged)
    : host_(host),
      call_(call),
      tree_(tree),
      destinations_(tree.root()),
      in_user_namespace_(call.find_namespace(CLONE_NEWUSER) != nullptr),
      agent_is_privileged_(agent_is_privileged) {}

void Performer::run() {
  for (std::uint32_t index = 0; index < call_->mount_count; ++index) {
    const mc_mount& entry = *call_.mount_at(index);
    try {
      perform(entry, index);
    } catch (const mc::Error& error) {
      const bool optional = (entry.flags & MC_MOUNT_OPTIONAL) != 0;
      if (!optional || !is_absence(error.error_number())) throw;
      host_.debug("passed over '", entry.destination, "': ", error.attempt());
    }
  }
  for (const auto& [destination, mount] : read_only_late_)
    mc::check(change_attributes(mount.get(), {.set = MOUNT_ATTR_RDONLY}), "make '", destination,
              "' read-only");
}

void Performer::perform(const mc_mount& entry, std::uint32_t index) {
  switch (entry.kind) {
    case MC_MOUNT_FILESYSTEM:
      return mount_filesystem(entry);
    case MC_MOUNT_BIND:
      return bind(entry, index);
    case MC_MOUNT_DESCRIPTOR:
      return attach_tree(entry, entry.fd);
    case MC_MOUNT_DIRECTORY:
      return make_directory(entry);
    case MC_MOUNT_FILE:
      return make_file(entry);
    case MC_MOUNT_SYMLINK:
      return make_link(entry);
    case MC_MOUNT_DEVICE:
      return make_device(entry);
    case MC_MOUNT_MASK:
      return mask(entry);
    case MC_MOUNT_READONLY:
      return make_readonly(entry);
    case MC_MOUNT_REMOUNT:
      return remount(entry);
    default:
      mc::fail("'", entry.destination, "': unknown kind of mount ", entry.kind);
  }
}

Spot Performer::directory_for(const mc_mount& entry) {
  if (Spot fresh = destinations_.fresh_parent(entry.destination); fresh.valid())
    if (::mkdirat(fresh.directory(), fresh.name(), 0755) == 0) return fresh;
  Spot spot = destinations_.mount_point(entry.destination, Kind::directory,
                                        (entry.flags & MC_MOUNT_NO_FOLLOW) == 0);
  check_target(entry, spot, destinations_.root());
  return spot;
}

void Performer::mount_filesystem(const mc_mount& entry) {
  // A user namespace may mount these only together with the namespace that they show.
  const char* hosts = nullptr;
  if (text(entry.type) == "proc" && call_.find_namespace(CLONE_NEWPID) == nullptr) hosts = "/proc";
  if (text(entry.type) == "sysfs" && call_.find_namespace(CLONE_NEWNET) == nullptr) hosts = "/sys";
  if (in_user_namespace_ && hosts != nullptr) return bind_host_directory(entry, hosts);
  // Places to mount on, and nodes, may have to be made in it first, and what is copied up.
  const bool is_late = text(entry.type) == "tmpfs" && !tree_.is_detached() &&
                       (entry.attr_set & MOUNT_ATTR_RDONLY) != 0;
  mc::Fd made;
  try {
    made = make_filesystem(entry, is_late);
  } catch (const mc::Error& error) {
    // The runtime itself is in one.
    if (error.error_number() == EPERM && hosts != nullptr) return bind_host_directory(entry, hosts);
    std::string hint = error.hint();
    if (error.error_number() == EPERM &&
        (text(entry.type) == "proc" || text(entry.type) == "sysfs"))
      hint = mc::concat("in a user namespace it is allowed only where a ", entry.type,
                        " with nothing masked is in view");
    throw mc::Error(error.error_number(),
                    mc::concat("mount on '", entry.destination, "': ", error.attempt()), hint);
  }
  const Spot spot = directory_for(entry);
  const bool copy_up = (entry.flags & MC_MOUNT_COPY_UP) != 0;
  if (copy_up)
    copy_directory(destinations_.root(), entry.destination, made.get(), text(entry.data));
  apply_attributes(made.get(), entry, true);
  mc::check(attach(made.get(), spot.directory(), spot.name()), "mount ", entry.type, " on '",
            entry.destination, "'");
  host_.debug("mounted ", entry.type, " on '", entry.destination, "'");
  destinations_.forget(entry.destination);
  if (is_late) read_only_late_.emplace_back(entry.destination, mc::duplicate(made.get()));
  const bool empty = text(entry.type) == "tmpfs" && !copy_up;
  destinations_.remember(entry.destination, std::move(made), empty);
}

void Performer::bind_host_directory(const mc_mount& entry, const char* source) {
  // Its submounts are locked to it, and what must be read-only must be so throughout.
  mc::Fd tree(mc::check(try_clone_tree(AT_FDCWD, source, true), "clone the host's '", source, "'"));
  const AttributeChange change{.set = entry.attr_set & ~std::uint64_t{MOUNT_ATTR__ATIME},
                               .recursive = true};
  mc::check(change_attributes(tree.get(), change), "set the attributes of '", entry.destination,
            "'");
  const Spot spot = directory_for(entry);
  mc::check(attach(tree.get(), spot.directory(), spot.name()), "bind mount '", source, "' on '",
            entry.destination, "'");
  host_.debug("bound the host's '", source, "' on '", entry.destination, "'");
  destinations_.forget(entry.destination);
}

void Performer::bind(const mc_mount& entry, std::uint32_t index) {
  mc::Fd tree;
  if (is_given(entry, in_user_namespace_, agent_is_privileged_)) {
    tree = host_.take(given_name(index).c_str());
    // The agent has passed over a source that is not there.
    if (!tree) return;
  } else {
    const bool recursive = (entry.flags & MC_MOUNT_RECURSIVE) != 0;
    const int cloned = try_clone_tree(AT_FDCWD, entry.source, recursive);
    if (cloned < 0)
      mc::fail_with(errno, "bind mount '", entry.source, "' on '", entry.destination, "'",
                    mc::Hint{errno == EINVAL && !recursive
                                 ? "in a user namespace a tree with mounts below it goes as a "
                                   "whole: rbind"
                                 : ""});
    tree.reset(cloned);
  }
  check_proc(entry, tree.get());
  attach_tree(entry, tree.get());
}

void Performer::attach_tree(const mc_mount& entry, int tree) {
  const Kind kind = is_directory(tree, text(entry.source).empty() ? "the mount" : entry.source)
                        ? Kind::directory
                        : Kind::file;
  apply_attributes(tree, entry, false);
  const Spot spot =
      destinations_.mount_point(entry.destination, kind, (entry.flags & MC_MOUNT_NO_FOLLOW) == 0);
  check_target(entry, spot, destinations_.root());
  mc::check(attach(tree, spot.directory(), spot.name()), "bind mount '", text(entry.source),
            "' on '", entry.destination, "'");
  host_.debug("bound '", text(entry.source), "' on '", entry.destination, "'");
  destinations_.forget(entry.destination);
}

void Performer::remount(const mc_mount& entry) {
  const mc::Fd target = destinations_.find(entry.destination, true);
  if (!target) mc::fail_with(errno, "remount '", entry.destination, "'");
  if (!text(entry.data).empty()) reconfigure(target.get(), entry.destination, entry.data);
  if (tree_.is_detached())
    cover_with_copy(entry, target.get());
  else
    apply_attributes(target.get(), entry, false);
  if ((entry.attr_clear & MOUNT_ATTR_RDONLY) != 0)
    std::erase_if(read_only_late_,
                  [&](const auto& late) { return late.first == entry.destination; });
  host_.debug("changed the attributes of '", entry.destination, "'");
}

// mount_setattr(2) changes what is attached only in the caller's own mount namespace.
void Performer::cover_with_copy(const mc_mount& entry, int target) {
  const mc::Fd copy(
      mc::check(try_clone_tree(target, "", true), "clone the mount on '", entry.destination, "'"));
  apply_attributes(copy.get(), entry, false);
  mc::check(attach(copy.get(), target, ""), "remount '", entry.destination, "'");
  destinations_.forget(entry.destination);
}

}  // namespace rootfs
