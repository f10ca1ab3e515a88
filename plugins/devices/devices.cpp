// SPDX-License-Identifier: Apache-2.0
// Device nodes beside the standard ones: mknod(2), by the plugin that owns the root.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <string>
#include <string_view>

#include "mini_container/plugin.hpp"

namespace {

constexpr const char* types[] = {"c", "b", "u", "p", nullptr};
constexpr std::int64_t largest_id = 4294967294;  // (uid_t)-1 is "leave it": chown(2)

constexpr mc_option node_fields[] = {
    mc::option({.type = MC_STRING,
                .key = "path",
                .help = "Where the node is, an absolute path in the container",
                .minimum = 1,
                .maximum = 4095}),
    mc::option({.type = MC_PATH,
                .key = "source",
                .help = "A device of the host whose type, numbers and mode are taken over where "
                        "they are left out"}),
    mc::option({.type = MC_CHOICE,
                .key = "type",
                .help = "c or u: character, b: block, p: FIFO",
                .choices = types}),
    mc::option({.type = MC_INT,
                .key = "major",
                .help = "The major number",
                .minimum = 0,
                .maximum = 4095}),
    mc::option({.type = MC_INT,
                .key = "minor",
                .help = "The minor number",
                .minimum = 0,
                .maximum = 1048575}),
    mc::option({.type = MC_INT,
                .key = "mode",
                .help = "Permission bits; 0o666 where neither they nor a source are given",
                .minimum = 0,
                .maximum = 0777,
                .value_name = "MODE"}),
    mc::option({.type = MC_INT,
                .key = "uid",
                .help = "The owner, an id of the container",
                .default_text = "0",
                .minimum = 0,
                .maximum = largest_id}),
    mc::option({.type = MC_INT,
                .key = "gid",
                .help = "The group, an id of the container",
                .default_text = "0",
                .minimum = 0,
                .maximum = largest_id}),
};

constexpr mc_option options[] = {
    mc::option({.type = MC_LIST,
                .element = MC_TABLE,
                .key = "nodes",
                .help = "The device nodes, in order",
                .maximum = 4096,
                .fields = node_fields}),
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .key = "add",
                .help = "Devices of the host, as they are: HOST-PATH or HOST-PATH:PATH",
                .maximum = 4096,
                .value_name = "DEVICE",
                .long_flag = "device"}),
};

struct Device {
  std::string path;
  std::string source;  // of the host; empty: none
  std::uint32_t type = 0;
  std::uint32_t major_number = 0;
  std::uint32_t minor_number = 0;
  std::uint32_t mode = 0666;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

std::uint32_t type_of(std::string_view word) {
  if (word == "b") return S_IFBLK;
  return word == "p" ? S_IFIFO : S_IFCHR;
}

void check_path(const std::string& path, const std::string& where) {
  if (path.empty() || path.front() != '/' || path.back() == '/')
    mc::fail(where, ": '", path, "' is not the absolute path of a file",
             mc::Hint{"write it as /dev/fuse"});
  if ((path + "/").find("/../") != std::string::npos)
    mc::fail(where, ": '", path, "' goes up by '..'", mc::Hint{"name the place itself"});
}

void take_over(Device& device, const std::string& where) {
  struct stat found {};
  mc::check(::stat(device.source.c_str(), &found), where, ": stat the device '", device.source,
            "'");
  if (!S_ISCHR(found.st_mode) && !S_ISBLK(found.st_mode))
    mc::fail(where, ": '", device.source, "' is not a device");
  device.type = found.st_mode & S_IFMT;
  device.major_number = major(found.st_rdev);
  device.minor_number = minor(found.st_rdev);
  device.mode = found.st_mode & 0777;
}

Device read_node(const mc::Node& node) {
  Device device;
  device.path = node.text("path");
  if (!node.has("path"))
    mc::fail(node.where(), ": an entry of nodes has no path", mc::Hint{"add path = \"/dev/x\""});
  check_path(device.path, node["path"].where());
  if (const mc::Node source = node["source"]) {
    device.source = source.text();
    take_over(device, source.where());
  }
  if (const mc::Node type = node["type"]) device.type = type_of(type.text());
  if (device.type == 0)
    mc::fail(node.where(), ": '", device.path, "' has neither a type nor a source",
             mc::Hint{"add type, major and minor, or source"});
  const bool numbered = node.has("major") && node.has("minor");
  if (device.type != S_IFIFO && device.source.empty() && !numbered)
    mc::fail(node.where(), ": '", device.path, "' has no major and minor number");
  device.major_number = static_cast<std::uint32_t>(node.integer("major", device.major_number));
  device.minor_number = static_cast<std::uint32_t>(node.integer("minor", device.minor_number));
  device.mode = static_cast<std::uint32_t>(node.integer("mode", device.mode));
  device.uid = static_cast<std::uint32_t>(node.integer("uid"));
  device.gid = static_cast<std::uint32_t>(node.integer("gid"));
  return device;
}

Device read_short(const mc::Node& node) {
  const std::string text = node.text();
  const auto colon = text.find(':');
  // As container engines write it: /dev/fuse:/dev/fuse:rwm.
  const auto last = text.rfind(':');
  if (last != std::string::npos && last + 1 < text.size() &&
      text.find_first_not_of("rwm", last + 1) == std::string::npos)
    mc::fail(node.where(), ": '", text, "' says what may be done with the device",
             mc::Hint{mc::concat("leave '", text.substr(last), "' out; cgroup.devices says that")});
  Device device;
  device.source = text.substr(0, colon);
  device.path = colon == std::string::npos ? text : text.substr(colon + 1);
  check_path(device.source, node.where());
  check_path(device.path, node.where());
  take_over(device, node.where());
  return device;
}

class Devices {
 public:
  explicit Devices(const mc::Host& host) : config_(host.config()) {}

  void plan(mc::Host& host) {
    for (const mc::Node node : config_["nodes"]) add(host, read_node(node), node);
    for (const mc::Node node : config_["add"]) add(host, read_short(node), node);
  }

 private:
  static void add(mc::Host& host, const Device& device, const mc::Node& node) {
    mc_mount entry = mc::mount_entry(MC_MOUNT_DEVICE, device.path.c_str());
    entry.rank = MC_RANK_USER;
    entry.flags = MC_MOUNT_NO_FOLLOW;
    entry.source = device.source.empty() ? nullptr : device.source.c_str();
    entry.device_type = device.type;
    entry.device_major = device.major_number;
    entry.device_minor = device.minor_number;
    entry.mode = device.mode;
    entry.uid = device.uid;
    entry.gid = device.gid;
    host.add_mount(entry, node);
  }

  mc::Node config_;
};

constexpr const char* needs[] = {"rootfs", nullptr};

}  // namespace

MC_PLUGIN(Devices, {.name = "devices",
                    .summary = "Device nodes beside the standard ones",
                    .flags = MC_PLUGIN_STATELESS,
                    .options = options,
                    .needs = needs})
