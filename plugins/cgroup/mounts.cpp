// SPDX-License-Identifier: Apache-2.0
#include "mounts.hpp"

#include <sys/mount.h>

namespace cgroup {

namespace {

constexpr std::uint64_t usual = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

void add_view(mc::Host& host, const Place& place, const std::string& destination,
              std::uint64_t attributes, bool own_view, const mc::Node& source) {
  mc_mount mount =
      mc::mount_entry(own_view ? MC_MOUNT_FILESYSTEM : MC_MOUNT_BIND, destination.c_str());
  const bool unified = place.hierarchy.unified;
  const std::string from = unified ? place.hierarchy.mount_point : place.shown();
  const std::string data = unified ? std::string() : place.hierarchy.name();
  mount.attr_set = attributes;
  if (own_view) {
    mount.type = unified ? "cgroup2" : "cgroup";
    mount.source = "cgroup";
    mount.data = unified ? nullptr : data.c_str();
  } else {
    mount.source = from.c_str();
  }
  host.add_mount(mount, source);
}

}  // namespace

void add_mounts(mc::Host& host, const std::vector<Place>& places, const std::string& directory,
                bool read_only, bool own_view, const mc::Node& source) {
  const std::uint64_t attributes = usual | (read_only ? MOUNT_ATTR_RDONLY : 0);
  if (places.size() == 1 && places.front().hierarchy.unified) {
    add_view(host, places.front(), directory, attributes, own_view, source);
    return;
  }
  mc_mount mount = mc::mount_entry(MC_MOUNT_FILESYSTEM, directory.c_str());
  mount.type = "tmpfs";
  mount.source = "tmpfs";
  mount.data = "mode=755";
  mount.attr_set = usual;
  host.add_mount(mount, source);
  for (const Place& place : places) {
    // "name=systemd" is mounted as systemd.
    std::string name = place.hierarchy.name();
    if (name.starts_with("name=")) name.erase(0, 5);
    add_view(host, place, mc::concat(directory, '/', name), attributes, own_view, source);
    if (place.hierarchy.unified || place.hierarchy.controllers.size() < 2) continue;
    for (const std::string& controller : place.hierarchy.controllers) {
      const std::string link = mc::concat(directory, '/', controller);
      mc_mount entry = mc::mount_entry(MC_MOUNT_SYMLINK, link.c_str());
      entry.source = name.c_str();
      host.add_mount(entry, source);
    }
  }
  if (!read_only) return;
  mc_mount seal = mc::mount_entry(MC_MOUNT_REMOUNT, directory.c_str());
  seal.flags = MC_MOUNT_LATE;
  seal.attr_set = MOUNT_ATTR_RDONLY;
  host.add_mount(seal, source);
}

}  // namespace cgroup
