// SPDX-License-Identifier: Apache-2.0
// [cgroup] as `linux.cgroupsPath` and `linux.resources`.
#include <charconv>

#include "core/oci/config_of.hpp"

namespace mini_container::oci {

namespace {

struct Member {
  const char* option;
  const char* section;
  const char* key;
};
// Those that are the same number, "max" being -1.
constexpr Member members[] = {
    {"memory_max", "memory", "limit"},
    {"memory_low", "memory", "reservation"},
    {"memory_swap", "memory", "swap"},
    {"memory_kernel", "memory", "kernel"},
    {"memory_kernel_tcp", "memory", "kernelTCP"},
    {"swappiness", "memory", "swappiness"},
    {"oom_kill_disable", "memory", "disableOOMKiller"},
    {"use_hierarchy", "memory", "useHierarchy"},
    {"check_before_update", "memory", "checkBeforeUpdate"},
    {"cpu_shares", "cpu", "shares"},
    {"cpu_quota", "cpu", "quota"},
    {"cpu_burst", "cpu", "burst"},
    {"cpu_period", "cpu", "period"},
    {"cpu_rt_runtime", "cpu", "realtimeRuntime"},
    {"cpu_rt_period", "cpu", "realtimePeriod"},
    {"cpuset_cpus", "cpu", "cpus"},
    {"cpuset_mems", "cpu", "mems"},
    {"pids_max", "pids", "limit"},
    {"blkio_weight", "blockIO", "weight"},
    {"blkio_leaf_weight", "blockIO", "leafWeight"},
    {"class_id", "network", "classID"},
};

// Limits of cgroup v2 alone: the specification has its files.
constexpr Member unified_files[] = {{"memory_high", "", "memory.high"},
                                    {"memory_min", "", "memory.min"},
                                    {"swap_max", "", "memory.swap.max"},
                                    {"oom_group", "", "memory.oom.group"}};

Value limit_of(const Property& option) {
  Value value = option.value();
  if (value.as<std::string>() != nullptr && *value.as<std::string>() == "max")
    return Value(std::int64_t{-1}, option.place());
  return value;
}

// A count of 32 bits there, whose largest is no limit to the kernel.
Value count_of(const Property& option) {
  const Value limit = limit_of(option);
  return *limit.as<std::int64_t>() == -1 ? Value(std::int64_t{INT32_MAX}, option.place()) : limit;
}

// There, 0 stands for "not set".
bool is_zero_limit(const Member& member, const Value& value) {
  const auto* number = value.as<std::int64_t>();
  return number != nullptr && *number == 0 && std::string_view(member.key) != "swappiness" &&
         std::string_view(member.key) != "classID";
}

void add_members(const Property& cgroup, Value& resources) {
  for (const Member& member : members) {
    const Property option = cgroup[member.option];
    if (!option) continue;
    Value value = limit_of(option);
    if (is_zero_limit(member, value))
      option.leave_out("there, 0 stands for a limit that is not set");
    else
      table_of(resources, member.section, option.place()).set(member.key, std::move(value));
  }
}

void add_cpus(const Property& cgroup, Value& resources) {
  if (const Property cpus = cgroup["cpus"]) {
    const double wanted = *cpus.value().as<double>();
    const Property period = cgroup["cpu_period"];
    const std::int64_t length = period ? period.integer() : 100'000;
    Value& cpu = table_of(resources, "cpu", cpus.place());
    cpu.set("quota", Value(static_cast<std::int64_t>(wanted * static_cast<double>(length))));
    cpu.set("period", Value(length));
  }
  if (const Property idle = cgroup["cpu_idle"])
    table_of(resources, "cpu", idle.place())
        .set("idle", Value(std::int64_t{idle.boolean() ? 1 : 0}));
}

std::string unified_text(const Property& option) {
  const Value value = option.value();
  if (const auto* flag = value.as<bool>()) return *flag ? "1" : "0";
  if (const auto* number = value.as<std::int64_t>()) return std::to_string(*number);
  return *value.as<std::string>();
}

void add_unified(const Property& cgroup, Value& resources) {
  Value out(Table{});
  for (const Member& file : unified_files)
    if (const Property option = cgroup[file.option]) out.set(file.key, Value(unified_text(option)));
  for (const auto& [file, text] : cgroup["unified"].members()) out.set(file, text.value());
  if (!out.as<Table>()->empty()) resources.set("unified", std::move(out));
}

void add_number_pair(const std::string& device, Value& entry) {
  std::int64_t major = 0, minor = 0;
  const auto* end = device.data() + device.size();
  const char* colon = std::from_chars(device.data(), end, major).ptr;
  std::from_chars(colon + 1, end, minor);
  entry.set("major", Value(major));
  entry.set("minor", Value(minor));
}

void add_io_devices(const Property& devices, Value& resources) {
  struct Rate {
    const char* option;
    const char* list;
  };
  static constexpr Rate rates[] = {{"read_bps", "throttleReadBpsDevice"},
                                   {"write_bps", "throttleWriteBpsDevice"},
                                   {"read_iops", "throttleReadIOPSDevice"},
                                   {"write_iops", "throttleWriteIOPSDevice"}};
  const auto append = [&](const Property& device, const char* list, Value entry) {
    Value& block_io = table_of(resources, "blockIO", device.place());
    Value* there = block_io.find(list);
    if (there == nullptr) there = &block_io.set(list, Value(List{}));
    there->as<List>()->push_back(std::move(entry));
  };
  for (const Property& device : devices.items()) {
    const std::string name = device["device"].text();
    if (name.find_first_not_of("0123456789:") != name.npos) {
      device.leave_out("a bundle names a device by its numbers");
      continue;
    }
    Value numbers(Table{});
    add_number_pair(name, numbers);
    if (device["weight"] || device["leaf_weight"]) {
      Value entry = numbers;
      copy_value(device["weight"], "weight", entry);
      copy_value(device["leaf_weight"], "leafWeight", entry);
      append(device, "weightDevice", std::move(entry));
    }
    for (const Rate& rate : rates) {
      const Property limit = device[rate.option];
      if (!limit) continue;
      Value value = limit.value();
      if (value.as<std::int64_t>() == nullptr) continue;  // "max" is what is so anyway
      Value entry = numbers;
      entry.set("rate", std::move(value));
      append(device, rate.list, std::move(entry));
    }
  }
}

void add_device_rules(const Property& rules, Value& resources) {
  List out;
  for (const Property& rule : rules.items()) {
    Value entry(Table{});
    entry.set("allow", rule["allow"].value());
    for (const char* key : {"type", "major", "minor", "access"})
      if (const Property part = rule[key]; part && !is_default(part.place()))
        entry.set(key, part.value());
    out.push_back(std::move(entry));
  }
  if (!out.empty()) resources.set("devices", Value(std::move(out)));
}

void add_maps(const Property& cgroup, Value& resources) {
  List pages;
  for (const auto& [size, limit] : cgroup["hugetlb"].members()) {
    Value entry(Table{});
    entry.set("pageSize", Value(size));
    entry.set("limit", limit.value());
    pages.push_back(std::move(entry));
  }
  if (!pages.empty()) resources.set("hugepageLimits", Value(std::move(pages)));
  List priorities;
  for (const auto& [name, priority] : cgroup["priorities"].members()) {
    Value entry(Table{});
    entry.set("name", Value(name));
    entry.set("priority", priority.value());
    priorities.push_back(std::move(entry));
  }
  if (!priorities.empty())
    table_of(resources, "network", cgroup.place()).set("priorities", Value(std::move(priorities)));
  Value rdma(Table{});
  for (const auto& [name, limits] : cgroup["rdma"].members()) {
    Value entry(Table{});
    if (const Property limit = limits["hca_handles"]) entry.set("hcaHandles", count_of(limit));
    if (const Property limit = limits["hca_objects"]) entry.set("hcaObjects", count_of(limit));
    rdma.set(name, std::move(entry));
  }
  if (!rdma.as<Table>()->empty()) resources.set("rdma", std::move(rdma));
}

void leave_out_rest(const Property& cgroup) {
  if (const Property driver = cgroup["driver"]; driver.text() == "systemd")
    driver.leave_out("it is --systemd-cgroup in front of the verb");
  leave_out_if(cgroup["parent"], "a bundle has a path alone");
  for (const char* key : {"optional", "early"})
    if (const Property flag = cgroup[key]; flag && flag.boolean())
      flag.leave_out("a bundle does not say how its cgroup is made");
  // A bundle's container is in all of them.
  for (const Property& name : cgroup["controllers"].items()) static_cast<void>(name.text());
  for (const char* key : {"cpu_weight", "io_weight"})
    leave_out_if(cgroup[key], "a bundle has the weights of cgroup v1: cpu_shares, blkio_weight");
}

}  // namespace

void add_resources(const Property& cgroup, Value& config) {
  Value resources(Table{});
  add_members(cgroup, resources);
  add_cpus(cgroup, resources);
  add_io_devices(cgroup["io_devices"], resources);
  add_device_rules(cgroup["devices"], resources);
  add_maps(cgroup, resources);
  add_unified(cgroup, resources);
  Value& linux = table_of(config, "linux", cgroup.place());
  if (const Property path = cgroup["path"]) linux.set("cgroupsPath", path.value());
  if (!resources.as<Table>()->empty()) linux.set("resources", std::move(resources));
  leave_out_rest(cgroup);
}

}  // namespace mini_container::oci
