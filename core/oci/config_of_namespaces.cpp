// SPDX-License-Identifier: Apache-2.0
// The plugins that own a namespace, as `linux.namespaces`, with what depends on them.
#include <unistd.h>

#include "core/oci/config_of.hpp"

namespace mini_container::oci {

namespace {

void add_namespace(List& namespaces, const char* type, const Property& join) {
  Value entry(Table{});
  entry.set("type", Value(std::string(type)));
  copy_value(join, "path", entry);
  namespaces.push_back(std::move(entry));
}

Value id_maps(const Property& map) {
  List out;
  for (const Property& range : map.items()) {
    Value entry(Table{});
    entry.set("containerID", range["container"].value());
    entry.set("hostID", range["host"].value());
    entry.set("size", range["size"].value());
    out.push_back(std::move(entry));
  }
  return Value(std::move(out));
}

Value single_map(std::int64_t inside, std::int64_t outside) {
  Value entry(Table{});
  entry.set("containerID", Value(inside));
  entry.set("hostID", Value(outside));
  entry.set("size", Value(std::int64_t{1}));
  return Value(List{std::move(entry)});
}

void add_user(const Property& user, List& namespaces, Value& linux) {
  add_namespace(namespaces, "user", user["join"]);
  const Property uids = user["uid_map"], gids = user["gid_map"], mode = user["mode"];
  if (uids) linux.set("uidMappings", id_maps(uids));
  if (gids) linux.set("gidMappings", id_maps(gids));
  // Without mappings it is the same there: those that the user may have.
  if (mode.text("auto") == "single") {
    mode.leave_out("a bundle names the ids of the host; those written are your own");
    linux.set("uidMappings", single_map(user["uid"].integer(), ::geteuid()));
    linux.set("gidMappings", single_map(user["gid"].integer(), ::getegid()));
  }
  leave_out_if(user["setgroups"], "a bundle does not say whether groups may be changed");
}

void add_net(const Property& net, List& namespaces, Value& linux) {
  const Property mode = net["mode"];
  const std::string word = mode.text();
  if (word == "host") return;
  add_namespace(namespaces, "network", net["join"]);
  if (word != "loopback")
    mode.leave_out("a bundle has a network namespace with loopback, or joins one");
  Value devices(Table{});
  for (const auto& [name, inside] : net["devices"].members()) {
    Value device(Table{});
    if (!inside.text().empty()) device.set("name", inside.value());
    devices.set(name, std::move(device));
  }
  if (!devices.as<Table>()->empty()) linux.set("netDevices", std::move(devices));
  if (const Property files = net["name_files"]; files && files.boolean())
    files.leave_out("a bundle's /etc is its root's");
}

void add_uts(const Property& uts, List& namespaces, Value& config) {
  add_namespace(namespaces, "uts", uts["join"]);
  for (const char* key : {"hostname", "domainname"}) copy_value(uts[key], key, config);
}

void add_time(const Property& time, List& namespaces, Value& linux) {
  add_namespace(namespaces, "time", time["join"]);
  Value offsets(Table{});
  for (const std::string clock : {"monotonic", "boottime"}) {
    const auto seconds = time[clock].integer(), rest = time[clock + "_nanosecs"].integer();
    if (seconds == 0 && rest == 0) continue;
    Value offset(Table{});
    offset.set("secs", Value(seconds));
    if (rest != 0) offset.set("nanosecs", Value(rest));
    offsets.set(clock, std::move(offset));
  }
  if (!offsets.as<Table>()->empty()) linux.set("timeOffsets", std::move(offsets));
}

struct LimitFile {
  const char* option;
  const char* sysctl;
};
constexpr LimitFile limit_files[] = {{"msgmax", "kernel.msgmax"},
                                     {"msgmnb", "kernel.msgmnb"},
                                     {"msgmni", "kernel.msgmni"},
                                     {"sem", "kernel.sem"},
                                     {"shmall", "kernel.shmall"},
                                     {"shmmax", "kernel.shmmax"},
                                     {"shmmni", "kernel.shmmni"},
                                     {"shm_rmid_forced", "kernel.shm_rmid_forced"},
                                     {"queues_max", "fs.mqueue.queues_max"},
                                     {"msg_max", "fs.mqueue.msg_max"},
                                     {"msgsize_max", "fs.mqueue.msgsize_max"},
                                     {"msg_default", "fs.mqueue.msg_default"},
                                     {"msgsize_default", "fs.mqueue.msgsize_default"}};

std::string limit_text(const Property& limit) {
  const Value value = limit.value();
  if (const auto* flag = value.as<bool>()) return *flag ? "1" : "0";
  if (const auto* number = value.as<std::int64_t>()) return std::to_string(*number);
  std::string out;
  for (const Value& number : *value.as<List>())
    out += (out.empty() ? "" : " ") + std::to_string(*number.as<std::int64_t>());
  return out;
}

void add_sysctls(const Property& ipc, const Property& sysctl, Value& linux) {
  Value out(Table{});
  for (const LimitFile& file : limit_files)
    if (const Property limit = ipc[file.option]) out.set(file.sysctl, Value(limit_text(limit)));
  for (const auto& [key, value] : sysctl["set"].members()) out.set(key, value.value());
  if (!out.as<Table>()->empty()) linux.set("sysctl", std::move(out));
}

}  // namespace

void add_namespaces(const Property& launch, Value& config) {
  Value& linux = table_of(config, "linux", launch.place());
  List namespaces;
  const Property rootfs = launch["rootfs"];
  if (rootfs["namespace"].text("own") != "runtime")
    add_namespace(namespaces, "mount", rootfs["join"]);
  if (const Property user = launch["user"]) add_user(user, namespaces, linux);
  if (const Property pid = launch["pid"]) {
    add_namespace(namespaces, "pid", pid["join"]);
    if (pid["init"].boolean()) pid["init"].leave_out("a bundle's process is the first");
  }
  if (const Property net = launch["net"]) add_net(net, namespaces, linux);
  if (const Property ipc = launch["ipc"]) add_namespace(namespaces, "ipc", ipc["join"]);
  if (const Property time = launch["time"]) add_time(time, namespaces, linux);
  if (const Property cgroup = launch["cgroup"]; cgroup && cgroup["namespace"].boolean())
    add_namespace(namespaces, "cgroup", cgroup["join"]);
  add_sysctls(launch["ipc"], launch["sysctl"], linux);
  // Last: `config` grows, and with it `linux` may move.
  if (const Property uts = launch["uts"]) add_uts(uts, namespaces, config);
  config.find("linux")->set("namespaces", Value(std::move(namespaces)));
}

}  // namespace mini_container::oci
