// SPDX-License-Identifier: Apache-2.0
// From limits to files: Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst of the kernel.
#include <algorithm>

#include "limits.hpp"

namespace cgroup {

namespace {

std::string amount_v1(std::int64_t value) { return mc::concat(value); }  // -1 is no limit
std::string amount_v2(std::int64_t value) { return value == unlimited ? "max" : mc::concat(value); }
const char* binary(bool value) { return value ? "1" : "0"; }

class Writes {
 public:
  explicit Writes(std::string_view controller) : controller_(controller) {}

  void add(const char* option, std::string file, std::string text) {
    all_.push_back({option, controller_, std::move(file), std::move(text)});
  }
  void add(const char* option, std::string file, std::string text, std::string other_file,
           std::string other_text) {
    all_.push_back({option, controller_, std::move(file), std::move(text), std::move(other_file),
                    std::move(other_text)});
  }
  void amount(const char* option, const char* file, const Amount& value,
              std::string (*as_text)(std::int64_t) = amount_v1) {
    if (value) add(option, file, as_text(*value));
  }
  void flag(const char* option, const char* file, const std::optional<bool>& value) {
    if (value) add(option, file, binary(*value));
  }
  void text(const char* option, const char* file, const std::string& value) {
    if (!value.empty()) add(option, file, value);
  }
  std::vector<Write> take() { return std::move(all_); }

 private:
  std::string controller_;
  std::vector<Write> all_;
};

[[noreturn]] void only_in(const char* version, const char* option) {
  mc::fail("cgroup.", option, " exists in cgroup ", version,
           " alone, and this machine's "
           "controller is on the other",
           mc::Hint{"leave the option out"});
}

void memory_v1(const Limits& limits, Writes& out) {
  if (limits.memory_high) only_in("v2", "memory_high");
  if (limits.memory_min) only_in("v2", "memory_min");
  if (limits.oom_group.value_or(false)) only_in("v2", "oom_group");
  out.flag("use_hierarchy", "memory.use_hierarchy", limits.use_hierarchy);
  out.amount("memory_max", "memory.limit_in_bytes", limits.memory_max);
  out.amount("memory_swap", "memory.memsw.limit_in_bytes", limits.memory_swap);
  if (limits.swap_max) {
    // v1 knows only the sum.
    if (*limits.swap_max != unlimited && limits.memory_max.value_or(unlimited) == unlimited)
      mc::fail("cgroup.swap_max needs memory_max beside it with cgroup v1");
    const bool free = *limits.swap_max == unlimited;
    std::int64_t sum = unlimited;
    if (!free && __builtin_add_overflow(*limits.swap_max, *limits.memory_max, &sum))
      mc::fail("cgroup.swap_max and memory_max together are too large");
    out.add("swap_max", "memory.memsw.limit_in_bytes", amount_v1(sum));
  }
  out.amount("memory_low", "memory.soft_limit_in_bytes", limits.memory_low);
  out.amount("memory_kernel", "memory.kmem.limit_in_bytes", limits.memory_kernel);
  out.amount("memory_kernel_tcp", "memory.kmem.tcp.limit_in_bytes", limits.memory_kernel_tcp);
  out.amount("swappiness", "memory.swappiness", limits.swappiness);
  out.flag("oom_kill_disable", "memory.oom_control", limits.oom_kill_disable);
}

void memory_v2(const Limits& limits, Writes& out) {
  if (limits.memory_kernel) only_in("v1", "memory_kernel");
  if (limits.memory_kernel_tcp) only_in("v1", "memory_kernel_tcp");
  if (limits.swappiness) only_in("v1", "swappiness");
  if (limits.oom_kill_disable.value_or(false)) only_in("v1", "oom_kill_disable");
  out.amount("memory_min", "memory.min", limits.memory_min, amount_v2);
  out.amount("memory_low", "memory.low", limits.memory_low, amount_v2);
  out.amount("memory_high", "memory.high", limits.memory_high, amount_v2);
  out.amount("memory_max", "memory.max", limits.memory_max, amount_v2);
  out.amount("swap_max", "memory.swap.max", limits.swap_max, amount_v2);
  if (limits.memory_swap) {
    std::int64_t swap = unlimited;
    if (*limits.memory_swap != unlimited) {
      if (limits.memory_max.value_or(unlimited) == unlimited)
        mc::fail("cgroup.memory_swap needs memory_max beside it with cgroup v2");
      swap = *limits.memory_swap - *limits.memory_max;
      // An update names the sum alone; -1 would be no limit at all.
      if (swap < 0)
        mc::fail("cgroup.memory_swap is less than the ", *limits.memory_max,
                 " bytes of memory that the container may use",
                 mc::Hint{"it is memory and swap together"});
    }
    out.add("memory_swap", "memory.swap.max", amount_v2(swap));
  }
  out.flag("oom_group", "memory.oom.group", limits.oom_group);
}

void cpu_v1(const Limits& limits, Writes& out) {
  out.amount("cpu_period", "cpu.cfs_period_us", limits.cpu_period);
  out.amount("cpu_quota", "cpu.cfs_quota_us", limits.cpu_quota);
  out.amount("cpu_burst", "cpu.cfs_burst_us", limits.cpu_burst);
  out.amount("cpu_shares", "cpu.shares", limits.cpu_shares);
  if (limits.cpu_weight)
    out.add("cpu_weight", "cpu.shares", amount_v1(shares_of_weight(*limits.cpu_weight)));
  out.flag("cpu_idle", "cpu.idle", limits.cpu_idle);
  out.amount("cpu_rt_period", "cpu.rt_period_us", limits.rt_period);
  out.amount("cpu_rt_runtime", "cpu.rt_runtime_us", limits.rt_runtime);
}

void cpu_v2(const Limits& limits, Writes& out) {
  if (limits.rt_runtime) only_in("v1", "cpu_rt_runtime");
  if (limits.rt_period) only_in("v1", "cpu_rt_period");
  if (limits.cpu_quota || limits.cpu_period) {
    // One file for both. An update of the period alone keeps the quota: written by itself, the
    // first word is the quota, so it is said again.
    std::string text = amount_v2(limits.cpu_quota.value_or(unlimited));
    if (limits.cpu_period) text += mc::concat(' ', *limits.cpu_period);
    out.add(limits.cpu_quota ? "cpu_quota" : "cpu_period", "cpu.max", std::move(text));
  }
  out.amount("cpu_burst", "cpu.max.burst", limits.cpu_burst);
  out.amount("cpu_weight", "cpu.weight", limits.cpu_weight);
  if (limits.cpu_shares)
    out.add("cpu_shares", "cpu.weight", amount_v1(weight_of_shares(*limits.cpu_shares)));
  out.flag("cpu_idle", "cpu.idle", limits.cpu_idle);
}

// The weights are the bfq scheduler's on kernels from 5.0 on.
void io_v1(const Limits& limits, Writes& out) {
  Amount weight = limits.blkio_weight;
  if (limits.io_weight) weight = blkio_of_io(*limits.io_weight);
  if (weight) {
    const std::string text = amount_v1(*weight);
    out.add(limits.io_weight ? "io_weight" : "blkio_weight", "blkio.weight", text,
            "blkio.bfq.weight", text);
  }
  out.amount("blkio_leaf_weight", "blkio.leaf_weight", limits.blkio_leaf_weight);
  for (const DeviceLimit& device : limits.io_devices) {
    const auto line = [&](const char* file, const Amount& value) {
      // 0 takes a v1 throttle away.
      if (value)
        out.add("io_devices", file,
                mc::concat(device.device, ' ', *value == unlimited ? 0 : *value));
    };
    if (device.weight) {
      const std::string text = mc::concat(device.device, ' ', *device.weight);
      out.add("io_devices", "blkio.weight_device", text, "blkio.bfq.weight_device", text);
    }
    line("blkio.leaf_weight_device", device.leaf_weight);
    line("blkio.throttle.read_bps_device", device.read_bps);
    line("blkio.throttle.write_bps_device", device.write_bps);
    line("blkio.throttle.read_iops_device", device.read_iops);
    line("blkio.throttle.write_iops_device", device.write_iops);
  }
}

void io_v2(const Limits& limits, Writes& out) {
  if (limits.blkio_leaf_weight) only_in("v1", "blkio_leaf_weight");
  if (limits.io_weight)
    out.add("io_weight", "io.weight", mc::concat("default ", *limits.io_weight), "io.bfq.weight",
            mc::concat(std::min<std::int64_t>(*limits.io_weight, 1000)));
  if (limits.blkio_weight)
    out.add("blkio_weight", "io.weight", mc::concat("default ", io_of_blkio(*limits.blkio_weight)),
            "io.bfq.weight", mc::concat(*limits.blkio_weight));
  for (const DeviceLimit& device : limits.io_devices) {
    if (device.leaf_weight) only_in("v1", "io_devices.leaf_weight");
    if (device.weight)
      out.add("io_devices", "io.weight",
              mc::concat(device.device, ' ', io_of_blkio(*device.weight)), "io.bfq.weight",
              mc::concat(device.device, ' ', *device.weight));
    std::string line;
    const auto part = [&](const char* name, const Amount& value) {
      if (value) line += mc::concat(' ', name, '=', amount_v2(*value));
    };
    part("rbps", device.read_bps);
    part("wbps", device.write_bps);
    part("riops", device.read_iops);
    part("wiops", device.write_iops);
    if (!line.empty()) out.add("io_devices", "io.max", device.device + line);
  }
}

void hugetlb(const Limits& limits, bool v2, Writes& out) {
  for (const auto& [size, bytes] : limits.hugetlb) {
    const std::string file = mc::concat("hugetlb.", size);
    if (v2) {
      // Both: a reservation counts when the pages are promised, the other when they are touched.
      out.add("hugetlb", file + ".max", amount_v2(bytes));
      out.add("hugetlb", file + ".rsvd.max", amount_v2(bytes), file + ".max", amount_v2(bytes));
    } else {
      out.add("hugetlb", file + ".limit_in_bytes", amount_v1(bytes));
    }
  }
}

void rdma(const Limits& limits, Writes& out) {
  for (const RdmaLimit& device : limits.rdma) {
    std::string line = device.device;
    if (device.handles) line += " hca_handle=" + amount_v2(*device.handles);
    if (device.objects) line += " hca_object=" + amount_v2(*device.objects);
    out.add("rdma", "rdma.max", std::move(line));
  }
}

}  // namespace

const std::vector<const char*> known_controllers = {
    "memory", "cpu", "cpuset", "pids", "io", "hugetlb", "rdma", "devices", "net_cls", "net_prio"};

std::vector<Write> writes_v1(const Limits& limits, std::string_view controller) {
  Writes out(controller);
  if (controller == "memory") memory_v1(limits, out);
  if (controller == "cpu") cpu_v1(limits, out);
  if (controller == "cpuset") {
    out.text("cpuset_cpus", "cpuset.cpus", limits.cpuset_cpus);
    out.text("cpuset_mems", "cpuset.mems", limits.cpuset_mems);
  }
  if (controller == "pids") out.amount("pids_max", "pids.max", limits.pids_max, amount_v2);
  if (controller == "io") io_v1(limits, out);
  if (controller == "hugetlb") hugetlb(limits, false, out);
  if (controller == "rdma") rdma(limits, out);
  if (controller == "devices" && !limits.devices.empty()) {
    auto rules = limits.devices;
    rules.insert(rules.end(), standard_devices().begin(), standard_devices().end());
    for (DeviceLine& line : device_lines(rules))
      out.add("devices", line.file, std::move(line.text));
  }
  if (controller == "net_cls") out.amount("class_id", "net_cls.classid", limits.class_id);
  if (controller == "net_prio")
    for (const auto& [interface, priority] : limits.priorities)
      out.add("priorities", "net_prio.ifpriomap", mc::concat(interface, ' ', priority));
  return out.take();
}

std::vector<Write> writes_v2(const Limits& limits, std::string_view controller) {
  Writes out(controller);
  if (controller == "memory") memory_v2(limits, out);
  if (controller == "cpu") cpu_v2(limits, out);
  if (controller == "cpuset") {
    out.text("cpuset_cpus", "cpuset.cpus", limits.cpuset_cpus);
    out.text("cpuset_mems", "cpuset.mems", limits.cpuset_mems);
  }
  if (controller == "pids") out.amount("pids_max", "pids.max", limits.pids_max, amount_v2);
  if (controller == "io") io_v2(limits, out);
  if (controller == "hugetlb") hugetlb(limits, true, out);
  if (controller == "rdma") rdma(limits, out);
  if (controller == "net_cls" && limits.class_id) only_in("v1", "class_id");
  if (controller == "net_prio" && !limits.priorities.empty()) only_in("v1", "priorities");
  return out.take();
}

std::vector<Write> writes_raw(const Limits& limits, std::string_view controller) {
  Writes out(controller == "cgroup" ? std::string_view() : controller);
  for (const auto& [file, text] : limits.unified)
    if (file.substr(0, file.find('.')) == controller) out.add("unified", file, text);
  return out.take();
}

std::int64_t weight_of_shares(std::int64_t shares) {
  return 1 + (std::clamp<std::int64_t>(shares, 2, 262144) - 2) * 9999 / 262142;
}
std::int64_t shares_of_weight(std::int64_t weight) {
  // The kernel's own scale: what is usual stays usual.
  return std::clamp<std::int64_t>(weight * 1024 / 100, 2, 262144);
}
std::int64_t io_of_blkio(std::int64_t weight) { return 1 + (weight - 10) * 9999 / 990; }
std::int64_t blkio_of_io(std::int64_t weight) { return 10 + (weight - 1) * 990 / 9999; }

}  // namespace cgroup
