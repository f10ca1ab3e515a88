// SPDX-License-Identifier: Apache-2.0
// Which devices the processes of a cgroup may open and make: a list of rules, the later ones over
// the earlier ones, as lines of the v1 devices controller or as a BPF program for v2.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <string>
#include <vector>

namespace cgroup {

struct DeviceRule {
  bool allow = false;
  char type = 'a';          // 'a' all, 'b' block, 'c' character
  std::int64_t major = -1;  // -1: every
  std::int64_t minor = -1;
  bool read = true;
  bool write = true;
  bool make = true;
};

/// What every container may use whatever its rules say: its standard devices and
/// pseudoterminals; and any node may be made, which opens none.
const std::vector<DeviceRule>& standard_devices();

struct DeviceLine {
  const char* file;  // "devices.allow" or "devices.deny"
  std::string text;  // "c 1:3 rwm"
};

/// The rules as the writes that put them into force, in order: cgroup v1, devices.rst.
std::vector<DeviceLine> device_lines(const std::vector<DeviceRule>& rules);

/// The same rules as a program of type BPF_PROG_TYPE_CGROUP_DEVICE. Without rules all is allowed.
std::vector<bpf_insn> device_program(const std::vector<DeviceRule>& rules);

/// Loads the program and attaches it to the v2 cgroup in place of the one that this replaces
/// (`old_program`, or -1). Gives the program's descriptor.
int attach_device_program(int directory, const std::vector<bpf_insn>& program, int old_program);

/// The descriptor of the device program that is attached to the cgroup, or -1.
int attached_device_program(int directory);

}  // namespace cgroup
