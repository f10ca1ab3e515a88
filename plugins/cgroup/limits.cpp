// SPDX-License-Identifier: Apache-2.0
// Reads the [cgroup] table.
#include "limits.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "hierarchy.hpp"

namespace cgroup {

namespace {

Amount amount(const mc::Node& table, const char* key) {
  const mc::Node node = table[key];
  if (!node) return std::nullopt;
  return node.is_word() ? unlimited : node.integer();
}

std::optional<bool> flag(const mc::Node& table, const char* key) {
  const mc::Node node = table[key];
  if (!node) return std::nullopt;
  return node.boolean();
}

// "0-3,7": cpuset(7), list format.
std::string number_list(const mc::Node& table, const char* key) {
  const mc::Node node = table[key];
  if (!node) return {};
  const std::string text = node.text();
  const bool well_formed = !text.empty() && text.front() >= '0' && text.front() <= '9' &&
                           text.back() >= '0' && text.back() <= '9' &&
                           text.find_first_not_of("0123456789,-") == std::string::npos;
  if (!well_formed)
    mc::fail(node.where(), ": '", text, "' is no list of numbers", mc::Hint{"write it as 0-3,7"});
  return text;
}

bool digits(std::string_view text) {
  return !text.empty() && text.size() <= 10 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "8:0" as it is; a path becomes the numbers of the block device there.
std::string block_device(const mc::Node& node) {
  const std::string text = node.text();
  const auto colon = text.find(':');
  if (colon != std::string::npos && digits(std::string_view(text).substr(0, colon)) &&
      digits(std::string_view(text).substr(colon + 1)))
    return text;
  struct stat found {};
  if (text.front() == '/' && ::stat(text.c_str(), &found) != 0)
    mc::fail_with(errno, node.where(), ": stat the device '", text, "'");
  if (text.front() != '/' || !S_ISBLK(found.st_mode))
    mc::fail(node.where(), ": '", text, "' is no block device",
             mc::Hint{"write MAJOR:MINOR, or the path of a block device"});
  return mc::concat(major(found.st_rdev), ':', minor(found.st_rdev));
}

DeviceRule device_rule(const mc::Node& table) {
  DeviceRule rule;
  rule.allow = table.boolean("allow");
  const std::string type = table.text("type");
  rule.type = type == "u" ? 'c' : type.front();
  rule.major = table.integer("major", -1);
  rule.minor = table.integer("minor", -1);
  const std::string access = table.text("access");
  const auto has = [&](char right) { return access.find(right) != std::string::npos; };
  if (access.find_first_not_of("rwm") != std::string::npos)
    mc::fail(table["access"].where(), ": '", access, "' is not made of r, w and m");
  rule.read = has('r');
  rule.write = has('w');
  rule.make = has('m');
  return rule;
}

// Letters, digits, '_', '.' and '-': no file of a cgroup has more, and no '/' gets through.
bool is_file_name(std::string_view name) {
  return name.size() <= 255 && name.find('.') != std::string_view::npos && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char letter) {
           return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                  (letter >= '0' && letter <= '9') || letter == '_' || letter == '.' ||
                  letter == '-';
         });
}

void read_unified(const mc::Node& config, Limits& out) {
  // What moves, freezes or ends processes, or hands out controllers, is the runtime's own.
  constexpr std::string_view reserved[] = {"cgroup.procs", "cgroup.threads",
                                           "cgroup.kill",  "cgroup.freeze",
                                           "cgroup.type",  "cgroup.subtree_control"};
  const mc::Node unified = config["unified"];
  for (std::size_t i = 0; i < unified.size(); ++i) {
    const std::string name = unified.key_at(i);
    const std::string where = unified.at(i).where();
    if (!is_file_name(name))
      mc::fail(where, ": '", name, "' is no name of a cgroup v2 file",
               mc::Hint{"write it as \"memory.high\", without a directory"});
    if (std::find(std::begin(reserved), std::end(reserved), name) != std::end(reserved))
      mc::fail(where, ": '", name, "' is the runtime's own and cannot be set");
    out.unified.emplace_back(name, unified.at(i).text());
  }
}

void read_cpu(const mc::Node& config, Limits& out) {
  out.cpu_quota = amount(config, "cpu_quota");
  out.cpu_period = amount(config, "cpu_period");
  if (const mc::Node cpus = config["cpus"]) {
    if (out.cpu_quota)
      mc::fail(cpus.where(), ": cpus and cpu_quota say the same thing twice",
               mc::Hint{"leave out one of them"});
    // What it is a quota of: in a cgroup that is there already another period may be set.
    if (!out.cpu_period) out.cpu_period = 100000;
    const double quota = cpus.number() * static_cast<double>(*out.cpu_period);
    // The kernel takes no quota below one millisecond.
    if (!(quota >= 1000))
      mc::fail(cpus.where(), ": cpus leaves less than 1000 us in each period",
               mc::Hint{"0.01 is the least with the usual period of 100000 us"});
    out.cpu_quota = static_cast<std::int64_t>(quota);
  }
  out.cpu_burst = amount(config, "cpu_burst");
  out.cpu_weight = amount(config, "cpu_weight");
  out.cpu_shares = amount(config, "cpu_shares");
  if (out.cpu_weight && out.cpu_shares)
    mc::fail(config["cpu_shares"].where(), ": cpu_weight and cpu_shares say the same thing twice",
             mc::Hint{"leave out one of them"});
  out.cpu_idle = flag(config, "cpu_idle");
  out.rt_runtime = amount(config, "cpu_rt_runtime");
  out.rt_period = amount(config, "cpu_rt_period");
  out.cpuset_cpus = number_list(config, "cpuset_cpus");
  out.cpuset_mems = number_list(config, "cpuset_mems");
}

void read_memory(const mc::Node& config, Limits& out) {
  out.memory_max = amount(config, "memory_max");
  out.memory_high = amount(config, "memory_high");
  out.memory_low = amount(config, "memory_low");
  out.memory_min = amount(config, "memory_min");
  out.memory_swap = amount(config, "memory_swap");
  out.swap_max = amount(config, "swap_max");
  out.memory_kernel = amount(config, "memory_kernel");
  out.memory_kernel_tcp = amount(config, "memory_kernel_tcp");
  out.swappiness = amount(config, "swappiness");
  out.oom_kill_disable = flag(config, "oom_kill_disable");
  out.oom_group = flag(config, "oom_group");
  out.use_hierarchy = flag(config, "use_hierarchy");
  out.check_before_update = config.boolean("check_before_update");
  // No process has ever run in less than a page, but many a unit was forgotten.
  if (out.memory_max && *out.memory_max != unlimited && *out.memory_max < 4096)
    mc::fail(config["memory_max"].where(), ": memory_max is ", *out.memory_max,
             " bytes, in which nothing can run",
             mc::Hint{*out.memory_max == 0 ? "\"max\" is no limit"
                                           : mc::concat("a size without a unit is in bytes; write ",
                                                        *out.memory_max, "M")});
  if (out.memory_swap && out.swap_max)
    mc::fail(config["swap_max"].where(), ": memory_swap and swap_max say the same thing twice",
             mc::Hint{"memory_swap is memory and swap together, swap_max is swap alone"});
  if (out.memory_swap && out.memory_max && *out.memory_swap != unlimited &&
      (*out.memory_max == unlimited || *out.memory_swap < *out.memory_max))
    mc::fail(config["memory_swap"].where(), ": memory_swap is less than memory_max",
             mc::Hint{"memory_swap is memory and swap together; for swap alone use swap_max"});
}

void read_io(const mc::Node& config, Limits& out) {
  out.io_weight = amount(config, "io_weight");
  out.blkio_weight = amount(config, "blkio_weight");
  out.blkio_leaf_weight = amount(config, "blkio_leaf_weight");
  if (out.io_weight && out.blkio_weight)
    mc::fail(config["blkio_weight"].where(), ": io_weight and blkio_weight say the same twice",
             mc::Hint{"leave out one of them"});
  for (const mc::Node device : config["io_devices"]) {
    if (!device.has("device"))
      mc::fail(device.where(), ": an entry of io_devices names no device",
               mc::Hint{"add device = \"8:0\""});
    DeviceLimit limit;
    limit.device = block_device(device["device"]);
    limit.weight = amount(device, "weight");
    limit.leaf_weight = amount(device, "leaf_weight");
    limit.read_bps = amount(device, "read_bps");
    limit.write_bps = amount(device, "write_bps");
    limit.read_iops = amount(device, "read_iops");
    limit.write_iops = amount(device, "write_iops");
    out.io_devices.push_back(std::move(limit));
  }
}

}  // namespace

Limits Limits::read(const mc::Node& config) {
  Limits out;
  read_memory(config, out);
  read_cpu(config, out);
  out.pids_max = amount(config, "pids_max");
  read_io(config, out);

  const mc::Node hugetlb = config["hugetlb"];
  for (std::size_t i = 0; i < hugetlb.size(); ++i) {
    const std::string size = hugetlb.key_at(i);
    if (size.size() < 3 || !digits(std::string_view(size).substr(0, size.size() - 2)) ||
        (!size.ends_with("KB") && !size.ends_with("MB") && !size.ends_with("GB")))
      mc::fail(hugetlb.at(i).where(), ": '", size, "' is no size of huge pages",
               mc::Hint{"write it as the kernel does: 64KB, 2MB, 1GB"});
    out.hugetlb.emplace_back(size, hugetlb.at(i).integer());
  }
  const mc::Node rdma = config["rdma"];
  for (std::size_t i = 0; i < rdma.size(); ++i) {
    const std::string device = rdma.key_at(i);
    if (device.empty() || device.find_first_of(" \n/") != std::string::npos)
      mc::fail(rdma.at(i).where(), ": '", device, "' is no name of an RDMA device");
    out.rdma.push_back(
        {device, amount(rdma.at(i), "hca_handles"), amount(rdma.at(i), "hca_objects")});
  }
  for (const mc::Node rule : config["devices"]) out.devices.push_back(device_rule(rule));
  out.class_id = amount(config, "class_id");
  const mc::Node priorities = config["priorities"];
  for (std::size_t i = 0; i < priorities.size(); ++i) {
    const std::string interface = priorities.key_at(i);
    if (interface.empty() || interface.find_first_of(" \n/") != std::string::npos)
      mc::fail(priorities.at(i).where(), ": '", interface, "' is no name of an interface");
    out.priorities.emplace_back(interface, priorities.at(i).integer());
  }
  read_unified(config, out);
  return out;
}

std::vector<std::string> controllers_of(const Limits& limits) {
  std::vector<std::string> out;
  const auto add = [&](std::string name) {
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
  };
  const auto any = [](auto... amounts) { return (amounts.has_value() || ...); };
  const Limits& l = limits;
  if (any(l.memory_max, l.memory_high, l.memory_low, l.memory_min, l.memory_swap, l.swap_max,
          l.memory_kernel, l.memory_kernel_tcp, l.swappiness, l.oom_kill_disable, l.oom_group,
          l.use_hierarchy))
    add("memory");
  if (any(l.cpu_quota, l.cpu_period, l.cpu_burst, l.cpu_weight, l.cpu_shares, l.rt_runtime,
          l.rt_period, l.cpu_idle))
    add("cpu");
  if (!l.cpuset_cpus.empty() || !l.cpuset_mems.empty()) add("cpuset");
  if (any(l.pids_max)) add("pids");
  if (any(l.io_weight, l.blkio_weight, l.blkio_leaf_weight) || !l.io_devices.empty()) add("io");
  if (!l.hugetlb.empty()) add("hugetlb");
  if (!l.rdma.empty()) add("rdma");
  if (!l.devices.empty()) add("devices");
  if (any(l.class_id)) add("net_cls");
  if (!l.priorities.empty()) add("net_prio");
  for (const auto& [file, text] : l.unified) {
    std::string controller = file.substr(0, file.find('.'));
    if (controller != "cgroup") add(std::move(controller));
  }
  return out;
}

}  // namespace cgroup
