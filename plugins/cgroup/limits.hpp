// SPDX-License-Identifier: Apache-2.0
// What a launch asks of its cgroup, as plain data, and the writes to files that follow from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "device_rules.hpp"
#include "mini_container/plugin.hpp"

namespace cgroup {

/// A number, or `unlimited` for "max".
using Amount = std::optional<std::int64_t>;
constexpr std::int64_t unlimited = -1;

struct DeviceLimit {
  std::string device;  // "8:0"
  Amount weight, leaf_weight, read_bps, write_bps, read_iops, write_iops;
};

struct RdmaLimit {
  std::string device;
  Amount handles, objects;
};

struct Limits {
  Amount memory_max, memory_high, memory_low, memory_min;
  Amount memory_swap;  // memory and swap together
  Amount swap_max;     // swap alone
  Amount memory_kernel, memory_kernel_tcp, swappiness;
  std::optional<bool> oom_kill_disable, oom_group, use_hierarchy;
  bool check_before_update = false;

  Amount cpu_quota, cpu_period, cpu_burst, cpu_weight, cpu_shares, rt_runtime, rt_period;
  std::optional<bool> cpu_idle;
  std::string cpuset_cpus, cpuset_mems;

  Amount pids_max;

  Amount io_weight, blkio_weight, blkio_leaf_weight;
  std::vector<DeviceLimit> io_devices;

  std::vector<std::pair<std::string, std::int64_t>> hugetlb;  // "2MB", bytes
  std::vector<RdmaLimit> rdma;
  Amount class_id;
  std::vector<std::pair<std::string, std::int64_t>> priorities;  // interface, priority
  std::vector<std::pair<std::string, std::string>> unified;      // file, text
  std::vector<DeviceRule> devices;

  /// Reads and checks the [cgroup] table. Throws mc::Error with the place of what is wrong.
  static Limits read(const mc::Node& config);
};

/// One write to a file of the cgroup.
struct Write {
  const char* option;      // the option that asks for it
  std::string controller;  // which must have it; empty: the cgroup core
  std::string file;
  std::string text;
  std::string other_file = {};  // written instead where `file` is missing
  std::string other_text = {};
};

/// What is written to the files of a v1 hierarchy. Throws for what v1 cannot express.
std::vector<Write> writes_v1(const Limits& limits, std::string_view controller);
/// What is written to the unified hierarchy. Throws for what v2 cannot express.
std::vector<Write> writes_v2(const Limits& limits, std::string_view controller);
/// The raw `unified` keys of this controller; "cgroup" for those of the cgroup core.
std::vector<Write> writes_raw(const Limits& limits, std::string_view controller);

/// The controllers that any option of `limits` needs; "cgroup" is not among them.
std::vector<std::string> controllers_of(const Limits& limits);

/// Every controller that writes_v1 and writes_v2 know.
extern const std::vector<const char*> known_controllers;

// Between the ranges of v1 and v2, as OCI runtimes convert them.
std::int64_t weight_of_shares(std::int64_t shares);  // 2..262144 -> 1..10000
std::int64_t shares_of_weight(std::int64_t weight);  // 1..10000 -> 2..262144
std::int64_t io_of_blkio(std::int64_t weight);       // 10..1000 -> 1..10000
std::int64_t blkio_of_io(std::int64_t weight);       // 1..10000 -> 10..1000

}  // namespace cgroup
