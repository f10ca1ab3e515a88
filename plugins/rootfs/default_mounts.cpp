// SPDX-License-Identifier: Apache-2.0
// What a container's /proc, /sys and /dev hold where the launch says nothing else: the
// specification's default filesystems and devices, and what container engines hide.
#include <sys/mount.h>
#include <sys/stat.h>

#include "mount_list.hpp"

namespace rootfs {

namespace {

constexpr std::uint64_t quiet = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

struct DefaultFilesystem {
  const char* destination;
  const char* type;
  const char* data;
  std::uint64_t attributes;
  mc_mount_rank rank;
};

constexpr DefaultFilesystem proc = {"/proc", "proc", nullptr, quiet, MC_RANK_DEFAULT};
constexpr DefaultFilesystem sys = {"/sys", "sysfs", nullptr, quiet | MOUNT_ATTR_RDONLY,
                                   MC_RANK_DEFAULT};
constexpr DefaultFilesystem dev[] = {
    {"/dev", "tmpfs", "mode=755,size=65536k", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
     MC_RANK_DEFAULT},
    {"/dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620,gid=5",
     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, MC_RANK_DEFAULT},
    {"/dev/shm", "tmpfs", "mode=1777,size=65536k", quiet, MC_RANK_FALLBACK},
};

struct DefaultDevice {
  const char* path;
  std::uint32_t major;
  std::uint32_t minor;
};
constexpr DefaultDevice devices[] = {
    {"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
    {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

struct DefaultLink {
  const char* path;
  const char* target;
};
constexpr DefaultLink links[] = {
    {"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"},
    {"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
    {"/dev/ptmx", "pts/ptmx"},          {"/dev/core", "/proc/kcore"},
};

void add_filesystem(mc::Host& host, const DefaultFilesystem& from, const mc::Node& source) {
  mc_mount entry = mc::mount_entry(MC_MOUNT_FILESYSTEM, from.destination);
  entry.rank = from.rank;
  entry.flags = MC_MOUNT_NO_FOLLOW;
  entry.type = from.type;
  entry.source = from.type;
  entry.data = from.data;
  entry.attr_set = from.attributes;
  host.add_mount(entry, source);
}

void add_nodes(mc::Host& host, const mc::Node& source) {
  for (const DefaultDevice& device : devices) {
    mc_mount entry = mc::mount_entry(MC_MOUNT_DEVICE, device.path);
    entry.mode = 0666;
    entry.device_type = S_IFCHR;
    entry.device_major = device.major;
    entry.device_minor = device.minor;
    host.add_mount(entry, source);
  }
  for (const DefaultLink& link : links) {
    mc_mount entry = mc::mount_entry(MC_MOUNT_SYMLINK, link.path);
    entry.source = link.target;
    host.add_mount(entry, source);
  }
}

// After everything else, since it is what is then there that is hidden.
void add_late(mc::Host& host, mc_mount_kind kind, const mc::Node& paths) {
  for (const mc::Node path : paths) {
    const std::string text = path.text();
    if (!text.starts_with('/')) mc::fail(path.where(), ": '", text, "' is not an absolute path");
    mc_mount entry = mc::mount_entry(kind, text.c_str());
    entry.flags = MC_MOUNT_LATE | MC_MOUNT_OPTIONAL;
    host.add_mount(entry, path);
  }
}

bool is_bind(const mc::Node& listed) {
  const std::string type = listed.text("type");
  if (type.empty() || type == "bind") return true;
  for (const std::string& option : listed.texts("options"))
    if (option == "bind" || option == "rbind") return true;
  return false;
}

// A /dev of the host's, or of the directory that is the root, is not ours to fill unasked.
bool fills_dev(const mc::Node& config) {
  const mc::Node listed = find_listed_mount(config, "/dev");
  if (listed && is_bind(listed)) return false;
  return config.boolean("dev_nodes", listed || config.boolean("dev"));
}

}  // namespace

void add_default_mounts(mc::Host& host, const mc::Node& config) {
  if (config.boolean("proc")) add_filesystem(host, proc, config["proc"]);
  if (config.boolean("sys")) add_filesystem(host, sys, config["sys"]);
  if (config.boolean("dev"))
    for (const DefaultFilesystem& filesystem : dev) add_filesystem(host, filesystem, config["dev"]);
  if (fills_dev(config)) add_nodes(host, config["dev_nodes"]);
  add_late(host, MC_MOUNT_READONLY, config["readonly_paths"]);
  add_late(host, MC_MOUNT_MASK, config["masked_paths"]);
}

}  // namespace rootfs
