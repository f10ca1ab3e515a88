// SPDX-License-Identifier: Apache-2.0
#include "mount_list.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include "mount_options.hpp"

namespace rootfs {

namespace {

std::string checked_destination(const mc::Node& node) {
  std::string path = node.text();
  if (!path.starts_with('/'))
    mc::fail(node.where(), ": '", path, "' is not an absolute path",
             mc::Hint{"write it as the container sees it, from '/'"});
  return path;
}

void check_source(const mc::Node& source, bool optional) {
  struct stat found {};
  const std::string path = source.text();
  if (optional || ::stat(path.c_str(), &found) == 0) return;
  // `plan` may run with fewer rights than the launch.
  if (errno == EACCES) return;
  mc::fail_with(errno, source.where(), ": the source '", path, "' of a mount",
                mc::Hint{"create it; a launch file may also say `optional = true`"});
}

std::uint32_t flags_of(const MountOptions& options, bool optional, bool recursive) {
  std::uint32_t flags = 0;
  if (recursive) flags |= MC_MOUNT_RECURSIVE;
  if (optional) flags |= MC_MOUNT_OPTIONAL;
  if (options.copy_up) flags |= MC_MOUNT_COPY_UP;
  if (options.idmap) flags |= MC_MOUNT_IDMAP_CONTAINER;
  if (options.idmap_recursive) flags |= MC_MOUNT_IDMAP_RECURSIVE;
  return flags;
}

void refuse_bind_data(const mc::Node& node, const MountOptions& options) {
  mc::fail(node.where(), ": '", options.data, "' is not an option of a bind mount");
}

void check_bind(const mc::Node& node, const MountOptions& options) {
  const mc::Node source = node["source"];
  if (!source)
    mc::fail(node.where(), ": a bind mount needs a source",
             mc::Hint{"set `source`, or a filesystem as `type`"});
  if (!options.data.empty()) refuse_bind_data(node, options);
  if (options.copy_up)
    mc::fail(node.where(), ": tmpcopyup is an option of a tmpfs, not of a bind mount");
  check_source(source, node.boolean("optional"));
}

void add_listed_mount(mc::Host& host, const mc::Node& node) {
  const std::string destination = checked_destination(node["destination"]);
  MountOptions options = parse_mount_options(node.texts("options"));
  const std::string type = node.text("type");
  const bool optional = node.boolean("optional");
  const bool bind = options.bind || type == "bind" || (type.empty() && !options.remount);
  if (destination == "/proc" && !bind && !options.remount && type != "proc")
    mc::fail(node.where(), ": a ", type, " on '/proc' would stand in for what programs trust",
             mc::Hint{"mount the type proc there, or bind the host's /proc"});
  // A bind mount shares the filesystem of its source, which stays as it is: mount(8).
  if (!bind && !options.superblock.empty()) {
    if (!options.data.empty()) options.superblock.push_back(',');
    options.data.insert(0, options.superblock);
  }
  const bool mapped = node.has("uid_mappings") || node.has("gid_mappings");

  mc_mount entry = mc::mount_entry(MC_MOUNT_FILESYSTEM, destination.c_str());
  std::string source = node.text("source");
  if (options.remount) {
    if (bind && !options.data.empty()) refuse_bind_data(node, options);
    entry.kind = MC_MOUNT_REMOUNT;
  } else if (bind) {
    check_bind(node, options);
    entry.kind = MC_MOUNT_BIND;
  } else {
    if (source.empty()) source = node.text("label", type);
    // A device is opened as it is mounted: read-only media can be no other way.
    if (source.starts_with('/') && (options.mount.set & MOUNT_ATTR_RDONLY) != 0)
      options.data.insert(0, options.data.empty() ? "ro" : "ro,");
    if (options.copy_up && type != "tmpfs")
      mc::fail(node.where(), ": tmpcopyup is an option of a tmpfs, not of a ", type);
    if (options.idmap || mapped) mc::fail(node.where(), ": only a bind mount can be idmapped here");
  }
  if (mapped && !(node.has("uid_mappings") && node.has("gid_mappings")))
    mc::fail(node.where(), ": uid_mappings and gid_mappings go together");

  entry.rank = MC_RANK_USER;
  entry.flags =
      flags_of(options, optional, bind && (options.recursive || (type.empty() && !options.bind)));
  if (mapped) entry.flags |= MC_MOUNT_IDMAP_CONTAINER;
  if (destination == "/proc" || destination == "/sys" || destination == "/dev")
    entry.flags |= MC_MOUNT_NO_FOLLOW;
  entry.source = source.empty() ? nullptr : source.c_str();
  entry.type = entry.kind == MC_MOUNT_FILESYSTEM ? type.c_str() : nullptr;
  entry.data = options.data.empty() ? nullptr : options.data.c_str();
  entry.attr_set = options.mount.set;
  entry.attr_clear = options.mount.clear;
  entry.recursive_attr_set = options.subtree.set;
  entry.recursive_attr_clear = options.subtree.clear;
  entry.propagation = options.propagation;
  host.add_mount(entry, node);
}

void add_file(mc::Host& host, const mc::Node& node) {
  const std::string path = checked_destination(node["path"]);
  const std::string content = node.text("content");
  mc_mount entry = mc::mount_entry(MC_MOUNT_FILE, path.c_str());
  entry.rank = MC_RANK_USER;
  entry.mode = static_cast<std::uint32_t>(node.integer("mode"));
  entry.uid = static_cast<std::uint32_t>(node.integer("uid"));
  entry.gid = static_cast<std::uint32_t>(node.integer("gid"));
  entry.content = content.data();
  entry.content_size = content.size();
  host.add_mount(entry, node);
}

// Last, and weaker than anything else at its place: what is mounted may bring the directory.
void add_directory(mc::Host& host, const mc::Node& node) {
  const std::string path = checked_destination(node);
  mc_mount entry = mc::mount_entry(MC_MOUNT_DIRECTORY, path.c_str());
  entry.rank = MC_RANK_FALLBACK;
  entry.flags = MC_MOUNT_LATE | MC_MOUNT_OPTIONAL;
  entry.mode = 0755;
  host.add_mount(entry, node);
}

}  // namespace

void add_listed_mounts(mc::Host& host, const mc::Node& config) {
  for (const mc::Node mount : config["mounts"]) add_listed_mount(host, mount);
  for (const mc::Node file : config["files"]) add_file(host, file);
  for (const mc::Node directory : config["directories"]) add_directory(host, directory);
}

mc::Node find_listed_mount(const mc::Node& config, const char* destination) {
  for (const mc::Node mount : config["mounts"])
    if (mount.text("destination") == destination) return mount;
  return {};
}

}  // namespace rootfs
