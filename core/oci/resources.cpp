// SPDX-License-Identifier: Apache-2.0
// `linux.resources`: limits of the cgroup. 0 and "" stand for "not set", as engines write them.
#include "core/oci/translate.hpp"
#include "core/user_namespace.hpp"

namespace mini_container::oci {

namespace {

// A limit in bytes or microseconds; -1: none.
void copy_limit(const Property& from, const char* to, Value& table, ZeroIs zero = ZeroIs::not_set) {
  if (!from) return;
  const auto limit = from.integer(-1);
  if (limit == -1)
    table.set(to, Value(std::string("max"), from.place()));
  else if (limit != 0 || zero == ZeroIs::a_limit)
    table.set(to, Value(limit, from.place()));
}

void copy_number(const Property& from, const char* to, Value& table, std::int64_t least = 0) {
  if (!from) return;
  const auto number = from.integer(least);
  if (number != 0) table.set(to, Value(number, from.place()));
}

void copy_text(const Property& from, const char* to, Value& table) {
  if (from && !from.text().empty()) table.set(to, from.text_value());
}

// A flag that is off is what is so anyway.
void copy_flag(const Property& from, const char* to, Value& table) {
  if (from.boolean_or(false)) table.set(to, Value(true, from.place()));
}

void translate_memory(const Property& memory, Value& table) {
  copy_limit(memory["limit"], "memory_max", table);
  copy_limit(memory["reservation"], "memory_low", table);
  copy_limit(memory["swap"], "memory_swap", table);
  // The kernel accounts for it with the rest: the specification calls it obsolete.
  copy_limit(memory["kernel"], "memory_kernel", table);
  copy_limit(memory["kernelTCP"], "memory_kernel_tcp", table);
  if (const Property swappiness = memory["swappiness"])
    table.set("swappiness", Value(swappiness.integer(0, 200), swappiness.place()));
  copy_flag(memory["disableOOMKiller"], "oom_kill_disable", table);
  copy_flag(memory["useHierarchy"], "use_hierarchy", table);
  copy_flag(memory["checkBeforeUpdate"], "check_before_update", table);
}

void translate_cpu(const Property& cpu, Value& table) {
  copy_number(cpu["shares"], "cpu_shares", table);
  copy_limit(cpu["quota"], "cpu_quota", table);
  copy_number(cpu["burst"], "cpu_burst", table);
  copy_number(cpu["period"], "cpu_period", table);
  copy_number(cpu["realtimeRuntime"], "cpu_rt_runtime", table);
  copy_number(cpu["realtimePeriod"], "cpu_rt_period", table);
  copy_text(cpu["cpus"], "cpuset_cpus", table);
  copy_text(cpu["mems"], "cpuset_mems", table);
  if (const Property idle = cpu["idle"])
    table.set("cpu_idle", Value(idle.integer(0, 1) == 1, idle.place()));
}

std::string device_name(const Property& entry) {
  return mc::concat(entry.need("major").integer(0), ':', entry.need("minor").integer(0));
}

Value& device_entry(List& devices, const std::string& name, const Place& place) {
  for (Value& device : devices)
    if (*device.find("device")->as<std::string>() == name) return device;
  Value device(Table{}, place);
  device.set("device", Value(name, place));
  devices.push_back(std::move(device));
  return devices.back();
}

void translate_block_io(const Property& block_io, Value& table) {
  copy_number(block_io["weight"], "blkio_weight", table);
  copy_number(block_io["leafWeight"], "blkio_leaf_weight", table);
  List devices;
  for (const Property& entry : block_io["weightDevice"].items()) {
    if (!entry["weight"] && !entry["leafWeight"]) entry.refuse("it needs weight or leafWeight");
    Value& device = device_entry(devices, device_name(entry), entry.place());
    copy_number(entry["weight"], "weight", device);
    copy_number(entry["leafWeight"], "leaf_weight", device);
  }
  for (const auto& [from, to] : {std::pair{"throttleReadBpsDevice", "read_bps"},
                                 std::pair{"throttleWriteBpsDevice", "write_bps"},
                                 std::pair{"throttleReadIOPSDevice", "read_iops"},
                                 std::pair{"throttleWriteIOPSDevice", "write_iops"}})
    for (const Property& entry : block_io[from].items()) {
      const Property rate = entry.need("rate");
      device_entry(devices, device_name(entry), entry.place())
          .set(to, Value(rate.integer(0), rate.place()));
    }
  if (!devices.empty()) table.set("io_devices", Value(std::move(devices), block_io.place()));
}

void translate_device_rules(const Property& rules, Value& table) {
  // A user namespace keeps its processes from making nodes, and from setting rules for them.
  if (!in_initial_user_namespace()) return;
  List out;
  for (const Property& rule : rules.items()) {
    Value entry(Table{}, rule.place());
    entry.set("allow", Value(rule.need("allow").boolean(), rule.place()));
    if (const Property type = rule["type"]; type && !type.text().empty())
      entry.set("type", type.text_value());
    for (const char* number : {"major", "minor"})
      if (const Property asked = rule[number])
        entry.set(number, Value(asked.integer(-1), asked.place()));
    copy_text(rule["access"], "access", entry);
    out.push_back(std::move(entry));
  }
  if (!out.empty()) table.set("devices", Value(std::move(out), rules.place()));
}

void translate_huge_pages(const Property& limits, Value& table) {
  Value out(Table{}, limits.place());
  for (const Property& limit : limits.items()) {
    const Property amount = limit.need("limit");
    const auto bytes = amount.large();
    out.set(limit.need("pageSize").text(),
            Value(static_cast<std::int64_t>(std::min<std::uint64_t>(bytes, INT64_MAX)),
                  amount.place()));
  }
  if (!out.as<Table>()->empty()) table.set("hugetlb", std::move(out));
}

void translate_network(const Property& network, Value& table) {
  if (const Property id = network["classID"])
    table.set("class_id", Value(id.integer(0, UINT32_MAX), id.place()));
  Value priorities(Table{}, network.place());
  for (const Property& entry : network["priorities"].items()) {
    const Property priority = entry.need("priority");
    priorities.set(entry.need("name").text(),
                   Value(priority.integer(0, UINT32_MAX), priority.place()));
  }
  if (!priorities.as<Table>()->empty()) table.set("priorities", std::move(priorities));
}

// The kernel counts to 2^31 - 1, and takes that for no limit: kernel/cgroup/rdma.c, parse_resource.
void copy_count(const Property& from, const char* to, Value& table) {
  if (!from) return;
  const auto count = from.integer(0, UINT32_MAX);
  table.set(
      to, count < INT32_MAX ? Value(count, from.place()) : Value(std::string("max"), from.place()));
}

void translate_rdma(const Property& rdma, Value& table) {
  Value out(Table{}, rdma.place());
  for (const auto& [name, limits] : rdma.members()) {
    if (!limits["hcaHandles"] && !limits["hcaObjects"])
      limits.refuse("it needs hcaHandles or hcaObjects");
    Value entry(Table{}, limits.place());
    copy_count(limits["hcaHandles"], "hca_handles", entry);
    copy_count(limits["hcaObjects"], "hca_objects", entry);
    out.set(name, std::move(entry));
  }
  if (!out.as<Table>()->empty()) table.set("rdma", std::move(out));
}

}  // namespace

void translate_resources(const Property& resources, Value& tree, ZeroIs no_processes) {
  Value& table = table_of(tree, "cgroup", resources.place());
  translate_memory(resources["memory"], table);
  translate_cpu(resources["cpu"], table);
  copy_limit(resources["pids"]["limit"], "pids_max", table, no_processes);
  translate_block_io(resources["blockIO"], table);
  translate_device_rules(resources["devices"], table);
  translate_huge_pages(resources["hugepageLimits"], table);
  translate_network(resources["network"], table);
  translate_rdma(resources["rdma"], table);
  if (const Property unified = resources["unified"]; unified && !unified.members().empty())
    table.set("unified", unified.text_map_value());
}

}  // namespace mini_container::oci
