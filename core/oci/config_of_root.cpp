// SPDX-License-Identifier: Apache-2.0
// [rootfs] as `root` and `mounts`, with the mounts that [ipc] and [cgroup] bring.
#include <algorithm>
#include <functional>

#include "core/oci/config_of.hpp"
#include "core/plan.hpp"

namespace mini_container::oci {

namespace {

struct Filesystem {
  std::string destination, type, source;
  std::vector<std::string> options;
};

Value mount_of(const Filesystem& from) {
  Value out(Table{});
  out.set("destination", Value(from.destination));
  out.set("type", Value(from.type));
  out.set("source", Value(from.source));
  List options;
  for (const auto& option : from.options) options.emplace_back(option);
  out.set("options", Value(std::move(options)));
  return out;
}

// What plugins mount where the launch lists nothing else, from the root down; the same as theirs:
// tests/oci/convert compares the plans.
std::vector<Filesystem> default_filesystems(const Property& launch) {
  const Property rootfs = launch["rootfs"], ipc = launch["ipc"], cgroup = launch["cgroup"];
  const bool dev = rootfs["dev"].boolean();
  const bool shm = ipc && ipc["shm"].boolean();
  std::vector<Filesystem> out;
  if (rootfs["proc"].boolean())
    out.push_back({"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}});
  if (rootfs["sys"].boolean())
    out.push_back({"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}});
  if (const std::string mode = cgroup["mount"].text("none"); mode != "none")
    out.push_back({cgroup["mount_point"].text(),
                   "cgroup",
                   "cgroup",
                   {"nosuid", "noexec", "nodev", "relatime", mode}});
  if (dev) {
    out.push_back({"/dev", "tmpfs", "tmpfs", {"nosuid", "noexec", "mode=755", "size=65536k"}});
    out.push_back({"/dev/pts",
                   "devpts",
                   "devpts",
                   {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}});
    if (!shm)
      out.push_back({"/dev/shm",
                     "tmpfs",
                     "tmpfs",
                     {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}});
  }
  if (shm)
    out.push_back({"/dev/shm",
                   "tmpfs",
                   "shm",
                   {"nosuid", "noexec", "nodev", "mode=1777",
                    "size=" + std::to_string(ipc["shm_size"].integer())}});
  if (ipc && ipc["mqueue"].boolean())
    out.push_back({"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}});
  return out;
}

Value mappings_of(const Property& mappings) {
  List out;
  for (const Property& mapping : mappings.items()) {
    Value entry(Table{});
    entry.set("containerID", mapping["container"].value());
    entry.set("hostID", mapping["host"].value());
    entry.set("size", mapping["size"].value());
    out.push_back(std::move(entry));
  }
  return Value(std::move(out));
}

Value listed_mount(const Property& mount, const std::string& directory) {
  Value out(Table{});
  out.set("destination", mount["destination"].value());
  const Property type = mount["type"], source = mount["source"], label = mount["label"];
  copy_value(type, "type", out);
  if (source) out.set("source", Value(path_from(directory, source.text())));
  if (label) out.set("source", label.value());
  List options;
  for (const Property& option : mount["options"].items()) options.push_back(option.text_value());
  const auto has = [&](std::string_view word) {
    return std::ranges::any_of(options,
                               [&](const Value& v) { return *v.as<std::string>() == word; });
  };
  // Without a type everything that is mounted below comes along.
  if (!type && !has("bind") && !has("rbind") && !has("remount"))
    options.insert(options.begin(), Value(std::string("rbind")));
  if (!options.empty()) out.set("options", Value(std::move(options)));
  if (const Property optional = mount["optional"]; optional && optional.boolean())
    optional.leave_out("a source that is missing is an error there");
  if (mount["uid_mappings"]) out.set("uidMappings", mappings_of(mount["uid_mappings"]));
  if (mount["gid_mappings"]) out.set("gidMappings", mappings_of(mount["gid_mappings"]));
  return out;
}

std::string destination_of(const Value& mount) {
  return normal_destination(*mount.find("destination")->as<std::string>());
}

// A default comes before what is mounted below it, and is not there where the list replaces it.
void insert_default(List& mounts, const Filesystem& filesystem) {
  const std::string& destination = filesystem.destination;
  const auto is_there = [&](const Value& mount) { return destination_of(mount) == destination; };
  if (std::ranges::any_of(mounts, is_there)) return;
  // After the defaults that came before, and after what it is below of.
  auto at = std::ranges::find_if(mounts, [&](const Value& mount) {
    return destination_of(mount).starts_with(destination + "/");
  });
  mounts.insert(at, mount_of(filesystem));
}

Value mounts_of(const Property& launch, const std::string& directory) {
  List listed;
  for (const Property& mount : launch["rootfs"]["mounts"].items())
    listed.push_back(listed_mount(mount, directory));
  List out;
  std::vector<Filesystem> later;
  for (const Filesystem& filesystem : default_filesystems(launch)) {
    // Below what the list mounts: it has to wait for that.
    const bool waits = std::ranges::any_of(listed, [&](const Value& mount) {
      return filesystem.destination.starts_with(destination_of(mount) + "/");
    });
    const bool replaced = std::ranges::any_of(listed, [&](const Value& mount) {
      return destination_of(mount) == filesystem.destination;
    });
    if (waits)
      later.push_back(filesystem);
    else if (!replaced)
      out.push_back(mount_of(filesystem));
  }
  for (Value& mount : listed) {
    const std::string above = destination_of(mount) + "/";
    out.push_back(std::move(mount));
    for (const Filesystem& filesystem : later)
      if (filesystem.destination.starts_with(above)) insert_default(out, filesystem);
  }
  return Value(std::move(out));
}

// A /dev that is bound is as it is; any other is filled with the standard devices.
void check_dev_nodes(const Property& rootfs, const Value& mounts) {
  bool listed = false;
  bool bound = false;
  for (const Value& mount : *mounts.as<List>()) {
    if (destination_of(mount) != "/dev") continue;
    const Value* type = mount.find("type");
    listed = true;
    bound = type == nullptr || *type->as<std::string>() == "bind";
  }
  const Property nodes = rootfs["dev_nodes"];
  if ((nodes ? nodes.boolean() : listed && !bound) == !bound) return;
  (nodes ? nodes : rootfs["dev"]).leave_out("there, a /dev is filled unless it is bound");
}

}  // namespace

void add_root(const Property& launch, const std::string& directory, Value& config) {
  const Property rootfs = launch["rootfs"];
  const Property path = rootfs["path"];
  if (!path)
    mc::fail(rootfs ? rootfs.place().text() : launch.place().text(),
             ": rootfs.path: a bundle has a root of its own",
             mc::Hint{"add it to the launch file"});
  Value root(Table{});
  root.set("path", Value(path_from(directory, path.text())));
  if (rootfs["readonly"].boolean()) root.set("readonly", Value(true));
  config.set("root", std::move(root));
  Value mounts = mounts_of(launch, directory);
  check_dev_nodes(rootfs, mounts);
  config.set("mounts", std::move(mounts));
  Value& linux = table_of(config, "linux", rootfs.place());
  if (const Property propagation = rootfs["propagation"]; !is_default(propagation.place()))
    linux.set("rootfsPropagation", propagation.value());
  linux.set("maskedPaths", rootfs["masked_paths"].value());
  linux.set("readonlyPaths", rootfs["readonly_paths"].value());
  for (const char* key : {"overlay", "overlay_size", "overlay_upper", "overlay_work"})
    leave_out_if(rootfs[key], "a bundle's root is a directory as it is");
  leave_out_if(rootfs["pivot"], "it is --no-pivot of `create` and `run`");
  for (const char* key : {"idmap", "uid_mappings", "gid_mappings"})
    leave_out_if(rootfs[key], "a bundle's root has the owners that it has on disk");
  // The working directory is made in any bundle.
  for (const Property& made : rootfs["directories"].items())
    if (made.text() != launch["container"]["cwd"].text("/"))
      leave_out_if(made, "a bundle makes its working directory alone");
  leave_out_if(rootfs["files"], "a bundle has no files but those of its root and its mounts");
}

}  // namespace mini_container::oci
