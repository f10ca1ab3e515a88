// SPDX-License-Identifier: Apache-2.0
#include "device_rules.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <iterator>
#include <utility>

#include "mini_container/error.hpp"

namespace cgroup {

namespace {

constexpr char program_name[] = "mini_container";  // at most 15 characters and the end

constexpr std::int32_t access_bits(const DeviceRule& rule) {
  return (rule.make ? BPF_DEVCG_ACC_MKNOD : 0) | (rule.read ? BPF_DEVCG_ACC_READ : 0) |
         (rule.write ? BPF_DEVCG_ACC_WRITE : 0);
}

std::string number(std::int64_t value) { return value < 0 ? "*" : mc::concat(value); }

// Instructions, by the names of the kernel's own macros (Documentation/bpf).
constexpr bpf_insn instruction(int code, int target, int source, int offset, std::int32_t value) {
  bpf_insn out{};
  out.code = static_cast<__u8>(code);
  out.dst_reg = static_cast<__u8>(target & 0xf);
  out.src_reg = static_cast<__u8>(source & 0xf);
  out.off = static_cast<__s16>(offset);
  out.imm = value;
  return out;
}
constexpr bpf_insn load_word(int target, int source, int offset) {
  return instruction(BPF_LDX | BPF_MEM | BPF_W, target, source, offset, 0);
}
constexpr bpf_insn move(int target, std::int32_t value) {
  return instruction(BPF_ALU64 | BPF_MOV | BPF_K, target, 0, 0, value);
}
constexpr bpf_insn jump_unless_equal(int target, std::int32_t value, int offset) {
  return instruction(BPF_JMP | BPF_JNE | BPF_K, target, 0, offset, value);
}
constexpr bpf_insn leave() { return instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

enum Register { result = 0, context = 1, access = 2, kind = 3, major_number = 4, minor_number = 5 };

// One rule: `access` holds the rights that no later rule has decided yet. An allowing rule takes
// its rights away, and all is allowed once none is left; a denying one ends it if it has one of
// them. So the list means what the v1 controller makes of it, read from its end.
void append_rule(std::vector<bpf_insn>& program, const DeviceRule& rule) {
  std::vector<bpf_insn> body;
  const std::int32_t bits = access_bits(rule);
  if (rule.allow) {
    body.push_back(instruction(BPF_ALU64 | BPF_AND | BPF_K, access, 0, 0, ~bits));
    body.push_back(jump_unless_equal(access, 0, 2));
    body.push_back(move(result, 1));
    body.push_back(leave());
  } else {
    body.push_back(instruction(BPF_JMP | BPF_JSET | BPF_K, access, 0, 1, bits));
    body.push_back(instruction(BPF_JMP | BPF_JA, 0, 0, 2, 0));
    body.push_back(move(result, 0));
    body.push_back(leave());
  }
  std::vector<std::pair<int, std::int32_t>> conditions;
  if (rule.type != 'a')
    conditions.emplace_back(kind, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
  if (rule.major >= 0) conditions.emplace_back(major_number, static_cast<int>(rule.major));
  if (rule.minor >= 0) conditions.emplace_back(minor_number, static_cast<int>(rule.minor));
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const auto skip = conditions.size() - i - 1 + body.size();
    program.push_back(
        jump_unless_equal(conditions[i].first, conditions[i].second, static_cast<int>(skip)));
  }
  program.insert(program.end(), body.begin(), body.end());
}

int bpf(int command, bpf_attr& attributes) {
  return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

}  // namespace

const std::vector<DeviceRule>& standard_devices() {
  static const std::vector<DeviceRule> rules = {
      {true, 'c', -1, -1, false, false, true},  // making any node
      {true, 'b', -1, -1, false, false, true},
      {true, 'c', 1, 3},    // null
      {true, 'c', 1, 5},    // zero
      {true, 'c', 1, 7},    // full
      {true, 'c', 1, 8},    // random
      {true, 'c', 1, 9},    // urandom
      {true, 'c', 5, 0},    // tty
      {true, 'c', 5, 1},    // console
      {true, 'c', 5, 2},    // ptmx
      {true, 'c', 136, -1}  // pts
  };
  return rules;
}

std::vector<DeviceLine> device_lines(const std::vector<DeviceRule>& rules) {
  std::vector<DeviceLine> out;
  for (const DeviceRule& rule : rules) {
    const char* file = rule.allow ? "devices.allow" : "devices.deny";
    std::string rights;
    if (rule.read) rights += 'r';
    if (rule.write) rights += 'w';
    if (rule.make) rights += 'm';
    if (rights.empty()) continue;
    // A line with "a" is about every device and right, whatever else it says.
    if (rule.type == 'a' && rule.major < 0 && rule.minor < 0 && rights.size() == 3) {
      out.push_back({file, "a"});
      continue;
    }
    for (const char type : {'b', 'c'})
      if (rule.type == 'a' || rule.type == type)
        out.push_back({file, mc::concat(type, ' ', number(rule.major), ':', number(rule.minor), ' ',
                                        rights)});
  }
  return out;
}

std::vector<bpf_insn> device_program(const std::vector<DeviceRule>& rules) {
  // struct bpf_cgroup_dev_ctx: the rights above the kind in one word, then major and minor.
  std::vector<bpf_insn> program = {
      load_word(access, context, 0),
      instruction(BPF_ALU64 | BPF_MOV | BPF_X, kind, access, 0, 0),
      instruction(BPF_ALU64 | BPF_AND | BPF_K, kind, 0, 0, 0xffff),
      instruction(BPF_ALU64 | BPF_RSH | BPF_K, access, 0, 0, 16),
      load_word(major_number, context, 4),
      load_word(minor_number, context, 8),
  };
  for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) append_rule(program, *rule);
  program.push_back(move(result, 1));
  program.push_back(leave());
  return program;
}

int attach_device_program(int directory, const std::vector<bpf_insn>& program, int old_program) {
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insns = reinterpret_cast<std::uintptr_t>(program.data());
  load.insn_cnt = static_cast<__u32>(program.size());
  load.license = reinterpret_cast<std::uintptr_t>("Apache-2.0");
  std::memcpy(load.prog_name, program_name, sizeof program_name);
  const int fd = mc::check(bpf(BPF_PROG_LOAD, load), "load the device filter (bpf) of ",
                           program.size(), " instructions",
                           mc::Hint{"it needs CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, outside "
                                    "of user namespaces; leave out the device rules"});
  bpf_attr attach{};
  attach.target_fd = static_cast<__u32>(directory);
  attach.attach_bpf_fd = static_cast<__u32>(fd);
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  if (old_program >= 0) {
    attach.attach_flags |= BPF_F_REPLACE;
    attach.replace_bpf_fd = static_cast<__u32>(old_program);
  }
  if (bpf(BPF_PROG_ATTACH, attach) != 0) {
    const int reason = errno;
    ::close(fd);
    mc::fail_with(reason, "attach the device filter to the cgroup");
  }
  return fd;
}

int attached_device_program(int directory) {
  __u32 ids[8] = {};
  bpf_attr query{};
  query.query.target_fd = static_cast<__u32>(directory);
  query.query.attach_type = BPF_CGROUP_DEVICE;
  query.query.prog_ids = reinterpret_cast<std::uintptr_t>(ids);
  query.query.prog_cnt = static_cast<__u32>(std::size(ids));
  if (bpf(BPF_PROG_QUERY, query) != 0 || query.query.prog_cnt == 0) return -1;
  // Others may have theirs there as well (systemd in its scopes): ours is known by its name.
  for (__u32 i = 0; i < query.query.prog_cnt && i < std::size(ids); ++i) {
    bpf_attr find{};
    find.prog_id = ids[i];
    const int fd = bpf(BPF_PROG_GET_FD_BY_ID, find);
    if (fd < 0) continue;
    bpf_prog_info found{};
    bpf_attr info{};
    info.info.bpf_fd = static_cast<__u32>(fd);
    info.info.info = reinterpret_cast<std::uintptr_t>(&found);
    info.info.info_len = sizeof found;
    if (bpf(BPF_OBJ_GET_INFO_BY_FD, info) == 0 && std::strcmp(found.name, program_name) == 0)
      return fd;
    ::close(fd);
  }
  return -1;
}

}  // namespace cgroup
