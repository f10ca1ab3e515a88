// SPDX-License-Identifier: Apache-2.0
// The container's own file system tree: mount_namespaces(7), pivot_root(2).
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "filesystem.hpp"
#include "idmap.hpp"
#include "mini_container/namespace_file.hpp"
#include "mount_list.hpp"
#include "mount_options.hpp"
#include "options.hpp"
#include "perform.hpp"
#include "tree.hpp"

namespace {

using namespace rootfs;

class Rootfs {
 public:
  explicit Rootfs(const mc::Host& host) : config_(host.config()) {
    tree_.path = config_.text("path");
    tree_.readonly = config_.boolean("readonly");
    tree_.overlay = config_.boolean("overlay");
    tree_.overlay_upper = config_.text("overlay_upper");
    tree_.overlay_work = config_.text("overlay_work");
    if (config_.has("overlay_size"))
      tree_.overlay_size = mc::concat(config_.integer("overlay_size"));
    tree_.pivot = config_.boolean("pivot");
    tree_.detached = config_.text("namespace") == "runtime";
    tree_.propagation = propagation_of(config_.text("propagation"));
  }

  void plan(mc::Host& host) {
    check_options();
    if (!tree_.path.empty()) check_root();
    if (const mc::Node join = config_["join"])
      join_namespace(host, join);
    else if (!tree_.detached)
      host.new_namespace(CLONE_NEWNS);
    announce_root(host);
    add_listed_mounts(host, config_);
    add_default_mounts(host, config_);
  }

  void pre_clone(mc::Host& host, const mc::Call& call) {
    privileged_ = call.find_namespace(CLONE_NEWUSER) != nullptr && may_clone_trees();
    if (!gives_anything(call)) host.skip("post_clone");
  }

  // What the container's user namespace could not open, or not map: trees are handed over, as
  // descriptors.
  void post_clone(mc::Host& host, const mc::Call& call) {
    const bool in_user_namespace = call.find_namespace(CLONE_NEWUSER) != nullptr;
    if (gives_root(in_user_namespace)) give_root(host, call);
    for (std::uint32_t index = 0; index < call->mount_count; ++index) {
      const mc_mount& entry = *call.mount_at(index);
      if (is_given(entry, in_user_namespace, privileged_)) give_mount(host, call, entry, index);
    }
  }

  void before_pivot(mc::Host&, const mc::Call&) {
    if (!tree_.detached) isolate_mounts(tree_.propagation);
  }

  void pivot(mc::Host& host, const mc::Call& call) {
    const bool in_user_namespace = call.find_namespace(CLONE_NEWUSER) != nullptr;
    // Modes are as they are written; the core sets the command's own mask later.
    const mode_t mask = ::umask(0);
    mc::Fd given;
    if (gives_root(in_user_namespace)) {
      given = host.take("root");
      if (!given) mc::fail("the agent did not hand over the root '", tree_.path, "'");
    }
    Tree tree(tree_, in_user_namespace, has_files(call), std::move(given));
    Performer(host, call, tree, privileged_).run();
    tree.enter();
    // Open until execve: what is mounted later needs the tree whole.
    if (tree_.detached) (void)tree.release().release();
    ::umask(mask);
  }

 private:
  [[nodiscard]] bool maps_root() const {
    return config_.text("idmap") == "container" || config_.has("uid_mappings");
  }
  [[nodiscard]] bool gives_root(bool in_user_namespace) const {
    return maps_root() || (in_user_namespace && privileged_ && !tree_.path.empty());
  }

  // Root of a user namespace may lack it in the mount namespace where it is: `unshare -Ur`.
  static bool may_clone_trees() {
    return ::geteuid() == 0 && mc::Fd(try_clone_tree(AT_FDCWD, "/", false));
  }

  [[nodiscard]] bool gives_anything(const mc::Call& call) const {
    const bool in_user_namespace = call.find_namespace(CLONE_NEWUSER) != nullptr;
    if (gives_root(in_user_namespace)) return true;
    for (std::uint32_t index = 0; index < call->mount_count; ++index)
      if (is_given(*call.mount_at(index), in_user_namespace, privileged_)) return true;
    return false;
  }

  static bool has_files(const mc::Call& call) {
    for (std::uint32_t index = 0; index < call->mount_count; ++index)
      if (call.mount_at(index)->kind == MC_MOUNT_FILE) return true;
    return false;
  }

  static void join_namespace(mc::Host& host, const mc::Node& join) {
    const mc::Fd space = mc::open_namespace(join.text(), CLONE_NEWNS, join.where());
    // The pivot would take the tree away from the host itself.
    if (mc::is_own_namespace(space.get(), "mnt"))
      mc::fail(
          join.where(), ": '", join.text(), "' is the host's own mount namespace",
          mc::Hint{"leave the namespace out; in a launch file: rootfs.namespace = \"runtime\""});
    host.join_namespace(CLONE_NEWNS, space.get(), join);
  }

  void check_namespace() const {
    if (!tree_.detached) return;
    const std::string where = config_["namespace"].where();
    if (config_.has("join"))
      mc::fail(where, ": the runtime's mount namespace, and one to join, exclude each other",
               mc::Hint{"leave out either rootfs.namespace or rootfs.join"});
    if (tree_.path.empty() || tree_.overlay || config_["files"].size() > 0)
      mc::fail(where,
               ": in the runtime's mount namespace there can be a root of the container's "
               "own, without overlay and files",
               mc::Hint{"set rootfs.path alone, or leave out rootfs.namespace"});
  }

  void check_options() const {
    check_namespace();
    const auto needs_path = [&](const char* key, bool asked) {
      if (asked && tree_.path.empty())
        mc::fail(config_[key].where(), ": rootfs.", key, " needs a root of the container's own",
                 mc::Hint{"set rootfs.path"});
    };
    needs_path("overlay", tree_.overlay);
    needs_path("idmap", config_.text("idmap") != "none");
    needs_path("uid_mappings", config_.has("uid_mappings"));
    if (config_.has("uid_mappings") != config_.has("gid_mappings"))
      mc::fail(config_[config_.has("uid_mappings") ? "uid_mappings" : "gid_mappings"].where(),
               ": uid_mappings and gid_mappings go together");
    for (const char* key : {"overlay_upper", "overlay_work", "overlay_size"})
      if (config_.has(key) && !tree_.overlay)
        mc::fail(config_[key].where(), ": rootfs.", key, " is for an overlay",
                 mc::Hint{"set rootfs.overlay = true"});
    if (tree_.overlay_upper.empty() != tree_.overlay_work.empty())
      mc::fail(config_.where(), ": overlay_upper and overlay_work go together");
  }

  void check_root() {
    const mc::Node path = config_["path"];
    const mc::Fd root(mc::check(::open(tree_.path.c_str(), O_PATH | O_CLOEXEC), path.where(),
                                ": open the root '", tree_.path, "'",
                                mc::Hint{"name a directory that holds the container's files"}));
    struct stat found {};
    mc::check(mc::stat_of(root.get(), &found), "stat the root '", tree_.path, "'");
    if (!S_ISDIR(found.st_mode))
      mc::fail_with(ENOTDIR, path.where(), ": the root '", tree_.path, "' is not a directory",
                    mc::Hint{"name a directory that holds the container's files"});
    tree_.device = found.st_dev;
    tree_.inode = found.st_ino;
    mc::check(::faccessat(root.get(), ".", X_OK, AT_EACCESS), path.where(), ": enter the root '",
              tree_.path, "'", mc::Hint{"its mode must let the user in who runs this"});
    for (const char* name : {"proc", "sys", "dev"})
      if (config_.boolean(name)) check_mount_point(root.get(), name);
  }

  // What an upper layer of the user's has in it already, or a namespace to join, is not told here.
  void announce_root(mc::Host& host) const {
    if (config_.has("join") || !tree_.overlay_upper.empty()) return;
    // An overlay takes its lower layer from one mount alone.
    const std::uint32_t flags = tree_.overlay ? 0 : static_cast<unsigned>(MC_ROOT_RECURSIVE);
    host.announce_root(tree_.path.empty() ? "/" : tree_.path, flags, config_["path"]);
  }

  void check_mount_point(int root, const char* name) const {
    struct stat found {};
    if (::fstatat(root, name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno != ENOENT)
        mc::fail_with(errno, "stat '/", name, "' in the root '", tree_.path, "'");
      if (tree_.overlay || ::faccessat(root, ".", W_OK, AT_EACCESS) == 0) return;
      mc::fail_with(errno, "'/", name, "' is missing in the root '", tree_.path,
                    "' and cannot be made there",
                    mc::Hint{"create the directory, or set rootfs.overlay = true"});
    }
    if (S_ISDIR(found.st_mode)) return;
    const char* kind = S_ISLNK(found.st_mode)    ? "a symbolic link"
                       : S_ISREG(found.st_mode)  ? "a file"
                       : S_ISFIFO(found.st_mode) ? "a FIFO"
                                                 : "no directory";
    mc::fail(
        "'/", name, "' in the root '", tree_.path, "' is ", kind, ", not a directory",
        mc::Hint{mc::concat("put a directory in its place, or set rootfs.", name, " = false")});
  }

  void give_root(mc::Host& host, const mc::Call& call) const {
    const mc::Fd tree(mc::check(try_clone_tree(AT_FDCWD, tree_.path.c_str(), !tree_.overlay),
                                "clone the root '", tree_.path, "'",
                                mc::Hint{maps_root() && ::geteuid() != 0
                                             ? "only root may map owners: leave rootfs.idmap out"
                                             : ""}));
    if (maps_root()) map_tree(tree.get(), root_mapping(call).get(), false, tree_.path);
    host.give("root", tree.get());
  }

  [[nodiscard]] mc::Fd root_mapping(const mc::Call& call) const {
    if (config_.has("uid_mappings"))
      return make_user_namespace(map_lines(config_["uid_mappings"]),
                                 map_lines(config_["gid_mappings"]));
    return container_user_namespace(call, config_["idmap"].where());
  }

  void give_mount(mc::Host& host, const mc::Call& call, const mc_mount& entry,
                  std::uint32_t index) const {
    const int cloned =
        try_clone_tree(AT_FDCWD, entry.source, (entry.flags & MC_MOUNT_RECURSIVE) != 0);
    if (cloned < 0) {
      const bool missing = errno == ENOENT || errno == ENOTDIR;
      if (missing && (entry.flags & MC_MOUNT_OPTIONAL) != 0) return;
      const bool maps = entry.idmap_fd >= 0 || (entry.flags & MC_MOUNT_IDMAP_CONTAINER) != 0;
      mc::fail_with(errno, "bind mount '", entry.source, "' on '", entry.destination, "'",
                    mc::Hint{errno == EPERM && maps && ::geteuid() != 0
                                 ? "only root may map owners: leave idmap out"
                                 : ""});
    }
    const mc::Fd tree(cloned);
    const bool recursive = (entry.flags & MC_MOUNT_IDMAP_RECURSIVE) != 0;
    if (entry.idmap_fd >= 0)
      map_tree(tree.get(), entry.idmap_fd, recursive, entry.source);
    else if ((entry.flags & MC_MOUNT_IDMAP_CONTAINER) != 0)
      map_tree(tree.get(), mount_mapping(call, entry).get(), recursive, entry.source);
    host.give(given_name(index).c_str(), tree.get());
  }

  [[nodiscard]] mc::Fd mount_mapping(const mc::Call& call, const mc_mount& entry) const {
    const mc::Node listed = find_listed_mount(config_, entry.destination);
    if (listed && listed.has("uid_mappings"))
      return make_user_namespace(map_lines(listed["uid_mappings"]),
                                 map_lines(listed["gid_mappings"]));
    return container_user_namespace(call, listed.where());
  }

  mc::Node config_;
  TreeOptions tree_;
  bool privileged_ = false;
};

// The user plugin writes the maps that a mount is idmapped with.
// The last to contribute mounts, so that post_clone is skipped where none has to be given.
constexpr const char* after[] = {"user", "cgroup", nullptr};

}  // namespace

MC_PLUGIN(Rootfs, {.name = "rootfs",
                   .summary = "A file system tree of the container's own",
                   .namespaces = CLONE_NEWNS,
                   .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_KEEPS_ROOT | MC_PLUGIN_SHARES_MEMORY,
                   .options = rootfs::options,
                   .after = after})
