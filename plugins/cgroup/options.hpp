// SPDX-License-Identifier: Apache-2.0
// The [cgroup] table as data.
#pragma once

#include <cstdint>

#include "mini_container/plugin.hpp"

namespace cgroup {

constexpr std::int64_t largest = INT64_MAX;
constexpr const char* max_word[] = {"max", nullptr};
constexpr const char* drivers[] = {"cgroupfs", "systemd", nullptr};
constexpr const char* mount_modes[] = {"none", "ro", "rw", nullptr};
constexpr const char* device_types[] = {"a", "b", "c", "u", nullptr};

constexpr mc_option amount(const char* key, const char* help, const char* long_flag = nullptr,
                           char short_flag = 0) {
  return mc::option({.type = MC_SIZE,
                     .key = key,
                     .help = help,
                     .minimum = 0,
                     .maximum = largest,
                     .choices = max_word,
                     .long_flag = long_flag,
                     .short_flag = short_flag});
}

constexpr mc_option count(const char* key, const char* help, std::int64_t minimum,
                          std::int64_t maximum, const char* value_name = nullptr) {
  return mc::option({.type = MC_INT,
                     .key = key,
                     .help = help,
                     .minimum = minimum,
                     .maximum = maximum,
                     .value_name = value_name});
}

constexpr mc_option count_or_max(const char* key, const char* help, std::int64_t maximum,
                                 const char* value_name = nullptr) {
  return mc::option({.type = MC_INT,
                     .key = key,
                     .help = help,
                     .minimum = 0,
                     .maximum = maximum,
                     .choices = max_word,
                     .value_name = value_name});
}

constexpr mc_option flag(const char* key, const char* help) {
  return mc::option({.type = MC_BOOL, .key = key, .help = help});
}

constexpr mc_option io_device_fields[] = {
    mc::option({.type = MC_STRING,
                .key = "device",
                .help = "MAJOR:MINOR, or the path of a block device",
                .minimum = 1,
                .maximum = 4096}),
    count("weight", "Share of this device's time, 10 to 1000 as blkio_weight", 10, 1000),
    count("leaf_weight", "The same against the cgroup's own children (v1)", 10, 1000),
    amount("read_bps", "Bytes a second that may be read"),
    amount("write_bps", "Bytes a second that may be written"),
    count_or_max("read_iops", "Reads a second", largest),
    count_or_max("write_iops", "Writes a second", largest),
};

constexpr mc_option rdma_fields[] = {
    count_or_max("hca_handles", "Handles that may be open", INT32_MAX),
    count_or_max("hca_objects", "Objects that may be made", INT32_MAX),
};

constexpr mc_option device_fields[] = {
    mc::option({.type = MC_BOOL,
                .key = "allow",
                .help = "Whether the rule allows or denies",
                .default_text = "false"}),
    mc::option({.type = MC_CHOICE,
                .key = "type",
                .help = "a: all devices, b: block, c or u: character",
                .default_text = "a",
                .choices = device_types}),
    count("major", "The major number; -1 or left out: every one", -1, 4095),
    count("minor", "The minor number; -1 or left out: every one", -1, 1048575),
    mc::option({.type = MC_STRING,
                .key = "access",
                .help = "Of r (read), w (write) and m (make the node), those the rule is about",
                .default_text = "rwm",
                .minimum = 1,
                .maximum = 3}),
};

constexpr mc_option options[] = {
    mc::option({.type = MC_STRING,
                .key = "path",
                .help = "The container's cgroup: absolute below the mounts, or relative to the "
                        "agent's own; made where it is missing; default /mini_container-ID. With "
                        "the systemd driver SLICE:PREFIX:NAME",
                .minimum = 1,
                .maximum = 4000}),
    mc::option({.type = MC_STRING,
                .key = "parent",
                .help = "A cgroup that is there already, in which the container's is made",
                .minimum = 1,
                .maximum = 4000}),
    mc::option({.type = MC_CHOICE,
                .key = "driver",
                .help = "Who makes the cgroup: the runtime, or systemd as a scope",
                .default_text = "cgroupfs",
                .choices = drivers}),
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .key = "controllers",
                .help = "Controllers to be in beside those that a limit needs, where this machine "
                        "has them; \"all\" for all",
                .default_text = "cpu,cpuacct,memory,pids"}),
    mc::option({.type = MC_BOOL,
                .key = "namespace",
                .help = "A cgroup namespace: the container's cgroup is the root that it sees",
                .default_text = "true"}),
    mc::option({.type = MC_PATH,
                .key = "join",
                .help = "A cgroup namespace to join instead of making one: /proc/PID/ns/cgroup"}),
    mc::option(
        {.type = MC_CHOICE,
         .key = "mount",
         .help = "The container's view of its cgroups on /sys/fs/cgroup; with rw its cgroup of v2 "
                 "belongs to the command's user",
         .default_text = "ro",
         .choices = mount_modes}),
    mc::option({.type = MC_STRING,
                .key = "mount_point",
                .help = "Another place for it, an absolute path in the container",
                .default_text = "/sys/fs/cgroup",
                .minimum = 2,
                .maximum = 4095}),
    mc::option({.type = MC_BOOL,
                .key = "early",
                .help = "With v1: moved in by the agent, before other programs see the process "
                        "(hooks), which costs milliseconds",
                .default_text = "false"}),
    mc::option({.type = MC_BOOL,
                .key = "optional",
                .help = "Goes on, with a warning, where no cgroup can be made",
                .default_text = "false"}),

    amount("memory_max", "Memory that may be used before the container is killed for it", "max-ram",
           'R'),
    amount("memory_high", "Memory above which it is throttled and reclaimed (v2)"),
    amount("memory_low", "Memory that is reclaimed only when nothing else is left; v1: soft limit"),
    amount("memory_min", "Memory that is never reclaimed (v2)"),
    amount("memory_swap", "Memory and swap together"),
    amount("swap_max", "Swap alone"),
    amount("memory_kernel", "Kernel memory (v1, old kernels)"),
    amount("memory_kernel_tcp", "Kernel memory for TCP buffers (v1)"),
    count("swappiness", "Tendency to swap (v1)", 0, 200),
    flag("oom_kill_disable", "Waits for memory instead of being killed (v1)"),
    flag("oom_group", "An OOM kill takes the whole container (v2)"),
    flag("use_hierarchy", "Accounts for the cgroups below too (v1)"),
    flag("check_before_update", "Refuses an update to less memory than is in use"),

    mc::option({.type = MC_FLOAT,
                .key = "cpus",
                .help = "CPU time, in CPUs: 1.5",
                .maximum = 100000,
                .long_flag = "cpus"}),
    count_or_max("cpu_quota", "CPU time in each period, in microseconds", largest, "MICROSECONDS"),
    count("cpu_period", "The period, in microseconds", 1000, 1000000, "MICROSECONDS"),
    count("cpu_burst", "Unused time that may be saved up, in microseconds", 0, largest,
          "MICROSECONDS"),
    count("cpu_weight", "Share of CPU time against siblings, 1 to 10000; 100 is usual", 1, 10000),
    count("cpu_shares", "The same in v1's scale, 2 to 262144; 1024 is usual", 2, 262144),
    flag("cpu_idle", "Runs only when nothing else would"),
    count("cpu_rt_runtime", "Real-time CPU time in each period, in microseconds (v1)", 0, largest,
          "MICROSECONDS"),
    count("cpu_rt_period", "The real-time period, in microseconds (v1)", 1, largest,
          "MICROSECONDS"),
    mc::option({.type = MC_STRING,
                .key = "cpuset_cpus",
                .help = "The CPUs to run on: 0-3,7",
                .minimum = 1,
                .maximum = 4096}),
    mc::option({.type = MC_STRING,
                .key = "cpuset_mems",
                .help = "The memory nodes to allocate from: 0-1",
                .minimum = 1,
                .maximum = 4096}),

    count_or_max("pids_max", "Processes and threads at a time", 4194304),

    count("io_weight", "Share of device time against siblings, 1 to 10000; 100 is usual", 1, 10000),
    count("blkio_weight", "The same in v1's scale, 10 to 1000", 10, 1000),
    count("blkio_leaf_weight", "The same against the cgroup's own children (v1)", 10, 1000),
    mc::option({.type = MC_LIST,
                .element = MC_TABLE,
                .key = "io_devices",
                .help = "Limits of single block devices",
                .maximum = 1024,
                .fields = io_device_fields}),

    mc::option({.type = MC_MAP,
                .element = MC_SIZE,
                .key = "hugetlb",
                .help = "Huge pages by their size: \"2MB\" = \"64M\"",
                .maximum = 64}),
    mc::option({.type = MC_MAP,
                .element = MC_TABLE,
                .key = "rdma",
                .help = "RDMA resources by device",
                .maximum = 256,
                .fields = rdma_fields}),
    mc::option({.type = MC_LIST,
                .element = MC_TABLE,
                .key = "devices",
                .help = "Which devices may be used: rules, the later over the earlier; the "
                        "standard devices always may",
                .maximum = 1024,
                .fields = device_fields}),
    count("class_id", "Class of the network packets sent, for tc (v1)", 0, 4294967295),
    mc::option({.type = MC_MAP,
                .element = MC_INT,
                .key = "priorities",
                .help = "Priority of network packets by interface (v1)",
                .minimum = 0,
                .maximum = 256}),
    mc::option({.type = MC_MAP,
                .element = MC_STRING,
                .key = "unified",
                .help = "Files of cgroup v2 and what is written to them: "
                        "\"memory.oom.group\" = \"1\"",
                .maximum = 256}),
};

}  // namespace cgroup
