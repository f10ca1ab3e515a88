// SPDX-License-Identifier: Apache-2.0
// The default filter beside the one that podman ships: both are compiled as a launch would have
// them, and every call is put to both programs, under every capability.
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/socket.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "plugins/seccomp/compiler.hpp"
#include "plugins/seccomp/default_profile.hpp"
#include "plugins/seccomp/groups.hpp"
#include "plugins/seccomp/profile_json.hpp"
#include "tests/skip.hpp"

#if defined(__x86_64__)
namespace {

using Call = seccomp_data;

/// What the kernel makes of a call: runs the program as it does (bpf(4), the classic machine).
std::uint32_t verdict(const seccomp::Program& program, const Call& call) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (step.k + sizeof accumulator > sizeof call) FAIL("it reads beyond the call");
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&call) + step.k,
                    sizeof accumulator);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= step.k;
        break;
      case BPF_JMP | BPF_JA:
        at += step.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += accumulator == step.k ? step.jt : step.jf;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        at += accumulator > step.k ? step.jt : step.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += accumulator >= step.k ? step.jt : step.jf;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        at += (accumulator & step.k) != 0 ? step.jt : step.jf;
        break;
      case BPF_RET | BPF_K:
        return step.k;
      default:
        FAIL("an instruction that this machine does not know: ", step.code);
    }
  }
  FAIL("the program has no end");
  return 0;
}

bool allows(const seccomp::Program& program, const Call& call) {
  const auto action = verdict(program, call) & SECCOMP_RET_ACTION_FULL;
  return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

constexpr int last_number = 512;  // beyond every call that there is

constexpr std::uint64_t bit(unsigned number) { return std::uint64_t{1} << number; }

constexpr std::uint64_t engines_capabilities =
    bit(CAP_CHOWN) | bit(CAP_DAC_OVERRIDE) | bit(CAP_FOWNER) | bit(CAP_FSETID) | bit(CAP_KILL) |
    bit(CAP_SETGID) | bit(CAP_SETUID) | bit(CAP_SETPCAP) | bit(CAP_NET_BIND_SERVICE) |
    bit(CAP_SYS_CHROOT) | bit(CAP_SETFCAP);

struct Pair {
  seccomp::Program ours;
  seccomp::Program theirs;
};

constexpr const char* podman_profile = "/usr/share/containers/seccomp.json";

const std::string& podman_text() {
  static const std::string text = [] {
    std::ifstream file(podman_profile);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
  }();
  return text;
}

Pair compiled(std::uint64_t capabilities) {
  return {seccomp::compile(seccomp::default_profile(capabilities)),
          seccomp::compile(
              seccomp::read_json_profile(podman_text(), podman_profile, capabilities, "6.1"))};
}

/// Whether that profile says anything of the call, rather than leave it to its default.
bool is_named_by_podman(const std::string& name) {
  return podman_text().find('"' + name + '"') != std::string::npos;
}

bool has_podman_profile() { return std::filesystem::exists(podman_profile); }

/// The library's name of a call of this machine.
std::string name_of(int number) {
  static void* library = ::dlopen("libseccomp.so.2", RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library != nullptr);
  static const auto resolve = reinterpret_cast<char* (*)(std::uint32_t, int)>(
      ::dlsym(library, "seccomp_syscall_resolve_num_arch"));
  char* name = resolve(AUDIT_ARCH_X86_64, number);
  const std::string out = name != nullptr ? name : std::to_string(number);
  std::free(name);
  return out;
}

/// Calls of `number` with arguments on both sides of everything that a profile asks for.
std::vector<Call> calls(int number, std::uint32_t architecture = AUDIT_ARCH_X86_64) {
  static const std::vector<std::uint64_t> values = [] {
    std::vector<std::uint64_t> out = {~std::uint64_t{0}, 0xffffffff,
                                      0x20008 /* PER_LINUX32, UNAME26 */,
                                      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_THREAD | 17};
    for (unsigned i = 0; i < 34; ++i) out.push_back(bit(i));
    for (unsigned i = 0; i < AF_MAX + 3; ++i) out.push_back(i);
    return out;
  }();
  std::vector<Call> out;
  const auto add = [&](std::uint64_t first, std::uint64_t third) {
    Call call{};
    call.nr = number;
    call.arch = architecture;
    call.args[0] = first;
    call.args[2] = third;
    out.push_back(call);
  };
  for (const std::uint64_t first : values) add(first, 0);
  for (const std::uint64_t first : {AF_INET, AF_NETLINK})
    for (std::uint64_t third = 0; third < 34; ++third) add(first, third);
  return out;
}

std::set<std::string> calls_where(const Pair& pair, bool ours, bool theirs) {
  std::set<std::string> out;
  for (int number = 0; number < last_number; ++number)
    for (const Call& call : calls(number))
      if (allows(pair.ours, call) == ours && allows(pair.theirs, call) == theirs) {
        out.insert(name_of(number));
        break;
      }
  return out;
}

std::string joined(const std::set<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : " ") + name;
  return out;
}

constexpr std::uint64_t every_capability = bit(CAP_CHECKPOINT_RESTORE + 1) - 1;

/// Calls that the default allows and podman's profile refuses, parted by whether it names them.
struct Weaker {
  std::set<std::string> named;
  std::set<std::string> unnamed;
};
Weaker weaker(std::uint64_t capabilities) {
  Weaker out;
  for (const auto& name : calls_where(compiled(capabilities), true, false))
    (is_named_by_podman(name) ? out.named : out.unnamed).insert(name);
  return out;
}

}  // namespace

TEST_CASE(
    "seccomp: the default allows no call that podman's profile refuses, under any capability") {
  if (!has_podman_profile()) SKIP_CASE("golang-github-containers-common is not installed");
  std::vector<std::uint64_t> sets = {0, engines_capabilities, every_capability};
  for (unsigned i = 0; i <= CAP_CHECKPOINT_RESTORE; ++i) sets.push_back(bit(i));
  for (const std::uint64_t capabilities : sets) {
    CAPTURE(capabilities);
    CHECK(joined(weaker(capabilities).named) == "");
  }
}

// Those have come to the kernel since that profile was written. 457 and 458 are statmount and
// listmount, 459 to 461 lsm_*, 462 mseal, 463 to 466 the *xattrat, 467 open_tree_attr: the library
// has no names for them.
TEST_CASE("seccomp: of the calls that podman's profile does not know, these are allowed") {
  if (!has_podman_profile()) SKIP_CASE("golang-github-containers-common is not installed");
  const std::string younger =
      "459 460 461 462 463 464 465 466 cachestat fchmodat2 futex_requeue futex_wait futex_waitv "
      "futex_wake map_shadow_stack";
  CHECK(joined(weaker(0).unnamed) == younger);
  CHECK(joined(weaker(engines_capabilities).unnamed) == younger);
  CHECK(joined(weaker(every_capability).unnamed) == "457 458 " + younger.substr(0, 32) + "467 " +
                                                        younger.substr(32) +
                                                        " quotactl_fd set_mempolicy_home_node");
}

TEST_CASE("seccomp: what podman's profile allows and the default refuses is known") {
  if (!has_podman_profile()) SKIP_CASE("golang-github-containers-common is not installed");
  // Of clone the namespaces, of socket AF_VSOCK.
  CHECK(joined(calls_where(compiled(engines_capabilities), false, true)) ==
        "clone clone3 fsconfig fsmount fsopen fspick get_mempolicy keyctl mbind mount "
        "mount_setattr move_mount open_tree pidfd_getfd pivot_root reboot set_mempolicy setns "
        "socket syslog umount2 unshare");
  CHECK(joined(calls_where(compiled(every_capability), false, true)) == "keyctl socket");
}

TEST_CASE("seccomp: what is above an argument of type int does not count") {
  const auto program = seccomp::compile(seccomp::default_profile(engines_capabilities));
  const auto error_of = [&](std::uint64_t family, std::uint64_t protocol) {
    Call call{};
    call.nr = 41;  // socket
    call.arch = AUDIT_ARCH_X86_64;
    call.args[0] = family;
    call.args[2] = protocol;
    const std::uint32_t found = verdict(program, call);
    return found == SECCOMP_RET_ALLOW ? 0 : found & SECCOMP_RET_DATA;
  };
  constexpr std::uint64_t above = 0x700000000;
  CHECK(error_of(AF_INET, 0) == 0);
  CHECK(error_of(above + AF_INET, 0) == 0);
  CHECK(error_of(AF_VSOCK, 0) == EPERM);
  CHECK(error_of(above + AF_VSOCK, 0) == EPERM);
  CHECK(error_of(AF_NETLINK, NETLINK_ROUTE) == 0);
  CHECK(error_of(AF_NETLINK, NETLINK_AUDIT) == EINVAL);
  CHECK(error_of(above + AF_NETLINK, above + NETLINK_AUDIT) == EINVAL);
}

TEST_CASE("seccomp: calls by way of i386 and x32 are never allowed") {
  for (const std::uint64_t capabilities :
       {std::uint64_t{0}, engines_capabilities, every_capability}) {
    const auto program = seccomp::compile(seccomp::default_profile(capabilities));
    unsigned survived = 0;
    const auto count = [&](const std::vector<Call>& all) {
      for (const Call& call : all)
        if (verdict(program, call) != SECCOMP_RET_KILL_PROCESS) ++survived;
    };
    for (int number = 0; number < last_number; ++number) {
      count(calls(number, AUDIT_ARCH_I386));
      count(calls(number + 0x40000000));
    }
    CHECK(survived == 0);
  }
}
#endif
