// SPDX-License-Identifier: Apache-2.0
// `linux.namespaces` with what depends on them: host name, id maps, clock offsets.
#include <algorithm>
#include <array>
#include <optional>

#include "core/oci/translate.hpp"

namespace mini_container::oci {

namespace {

constexpr std::array kinds = {"pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"};

/// The namespaces that config.json lists, by type.
class Namespaces {
 public:
  explicit Namespaces(const Property& list) {
    for (const Property& entry : list.items()) {
      const Property type = entry.need("type");
      const std::string name = type.text();
      if (std::ranges::find(kinds, name) == kinds.end())
        type.refuse("there is no namespace '", name.substr(0, 60), "'");
      if (find(name)) type.refuse("the namespace '", name, "' is there twice");
      entries_.emplace_back(name, entry);
    }
  }

  [[nodiscard]] std::optional<Property> find(std::string_view name) const {
    const auto found = std::ranges::find(
        entries_, name, [](const auto& entry) -> std::string_view { return entry.first; });
    if (found == entries_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::vector<std::pair<std::string, Property>> entries_;
};

bool joins(const Property& entry) {
  const Property path = entry["path"];
  if (!path || path.text().empty()) return false;
  if (!path.text().starts_with('/')) path.refuse("'", path.text(), "' is not an absolute path");
  return true;
}

/// Enables the plugin `table`, and sets `option` to the path where there is one to join.
Value& enable(const Property& entry, std::string_view table, const char* option, Value& tree) {
  Value& out = table_of(tree, table, entry.place());
  if (joins(entry)) out.set(option, entry["path"].text_value());
  return out;
}

void translate_id_maps(const Property& linux, const std::optional<Property>& user, Value& tree) {
  for (const auto& [from, to] :
       {std::pair{"uidMappings", "uid_map"}, std::pair{"gidMappings", "gid_map"}}) {
    const Property mappings = linux[from];
    List out;
    for (const Property& mapping : mappings.items()) {
      Value entry(Table{}, mapping.place());
      const auto copy = [&](const char* key, const char* name, std::int64_t least) {
        const Property number = mapping.need(key);
        entry.set(name, Value(number.integer(least, last_id + 1), number.place()));
      };
      copy("containerID", "container", 0);
      copy("hostID", "host", 0);
      copy("size", "size", 1);
      out.push_back(std::move(entry));
    }
    // Without them the plugin maps the caller's own id, and the ranges that are granted to it.
    if (out.empty()) continue;
    if (!user) mappings.refuse("it needs a user namespace");
    table_of(tree, "user", mappings.place()).set(to, Value(std::move(out), mappings.place()));
  }
}

void translate_names(const Property& config, const std::optional<Property>& uts, Value& tree) {
  if (uts) enable(*uts, "uts", "join", tree);
  for (const char* key : {"hostname", "domainname"}) {
    const Property name = config[key];
    if (!name || name.text().empty()) continue;
    if (!uts) name.refuse("it needs a UTS namespace of the container's own");
    tree.find("uts")->set(key, name.text_value());
  }
}

void translate_clocks(const Property& offsets, const std::optional<Property>& time, Value& tree) {
  if (time) enable(*time, "time", "join", tree);
  for (const auto& [clock, offset] : offsets.members()) {
    if (clock != "boottime" && clock != "monotonic") offset.refuse("there is no such clock");
    if (!time) offset.refuse("it needs a time namespace");
    if (const Property seconds = offset["secs"])
      tree.find("time")->set(clock, Value(seconds.integer(), seconds.place()));
    if (const Property fraction = offset["nanosecs"])
      tree.find("time")->set(clock + "_nanosecs",
                             Value(fraction.integer(0, 999'999'999), fraction.place()));
  }
}

}  // namespace

void translate_namespaces(const Property& config, Value& tree) {
  const Property linux = config["linux"];
  const Property list = linux["namespaces"];
  const Namespaces namespaces(list);
  const auto mount = namespaces.find("mount");
  if (mount)
    enable(*mount, "rootfs", "join", tree);
  else
    table_of(tree, "rootfs", list.place())
        .set("namespace", Value(std::string("runtime"), list.place()));
  const auto user = namespaces.find("user");
  if (user) enable(*user, "user", "join", tree);
  translate_id_maps(linux, user, tree);
  translate_names(config, namespaces.find("uts"), tree);
  translate_clocks(linux["timeOffsets"], namespaces.find("time"), tree);
  if (const auto pid = namespaces.find("pid")) enable(*pid, "pid", "join", tree);
  if (const auto ipc = namespaces.find("ipc")) {
    Value& table = enable(*ipc, "ipc", "join", tree);
    for (const char* own : {"shm", "mqueue"}) table.set(own, Value(false, ipc->place()));
  }
  if (const auto network = namespaces.find("network")) {
    Value& table = enable(*network, "net", "join", tree);
    // Engines bring these files themselves.
    table.set("name_files", Value(false, network->place()));
    Value moved(Table{}, network->place());
    for (const auto& [name, device] : linux["netDevices"].members())
      moved.set(name, Value(device["name"].text(""), device.place()));
    if (!moved.as<Table>()->empty()) table.set("devices", std::move(moved));
  }
  if (!namespaces.find("network") && !linux["netDevices"].members().empty())
    linux["netDevices"].refuse("it needs a network namespace");
  const auto cgroup = namespaces.find("cgroup");
  Value& table = table_of(tree, "cgroup", linux.place());
  table.set("namespace", Value(cgroup.has_value(), linux.place()));
  if (cgroup && joins(*cgroup)) table.set("join", (*cgroup)["path"].text_value());
}

}  // namespace mini_container::oci
