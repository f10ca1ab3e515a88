// SPDX-License-Identifier: Apache-2.0
#include "default_profile.hpp"

#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/personality.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "groups.hpp"

namespace seccomp {

namespace {

struct Opened {
  unsigned capability;
  std::string_view calls;
};

// What a capability makes useful; the kernel checks the capability itself again.
constexpr Opened opened_by[] = {
    {CAP_SYS_ADMIN,
     "mount umount umount2 open_tree open_tree_attr move_mount mount_setattr fsopen fsmount "
     "fsconfig fspick statmount listmount clone clone3 unshare setns sethostname setdomainname "
     "bpf perf_event_open fanotify_init lookup_dcookie quotactl quotactl_fd syslog pivot_root"},
    {CAP_SYS_BOOT, "reboot"},
    {CAP_SYS_CHROOT, "chroot"},
    {CAP_SYS_MODULE, "init_module finit_module delete_module query_module"},
    {CAP_SYS_PACCT, "acct"},
    {CAP_SYS_PTRACE, "kcmp pidfd_getfd process_madvise"},
    {CAP_SYS_RAWIO, "iopl ioperm"},
    {CAP_SYS_TIME, "settimeofday stime clock_settime clock_settime64"},
    {CAP_SYS_TTY_CONFIG, "vhangup"},
    {CAP_SYS_NICE, "get_mempolicy set_mempolicy set_mempolicy_home_node mbind"},
    {CAP_SYSLOG, "syslog"},
    {CAP_DAC_READ_SEARCH, "open_by_handle_at"},
};

// Those flags of clone(2) that make a namespace. CLONE_NEWTIME is not one of them: there its bit
// belongs to the signal.
constexpr std::uint64_t namespace_flags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                          CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                          CLONE_NEWNET;

#if defined(__s390__)
constexpr unsigned clone_flags_argument = 1;
#else
constexpr unsigned clone_flags_argument = 0;
#endif

// An argument of the C type int: the kernel looks at its lower half, whatever is above it. Numbers
// other than one, as blocks of neighbours: a filter has no "not equal" under a mask.
constexpr std::uint64_t int_mask = 0xffffffff;
struct Block {
  std::uint64_t first;
  std::uint64_t size;  // a power of two
};

Argument is_in(unsigned index, Block block) {
  return {index, Compare::masked_equal, int_mask & ~(block.size - 1), block.first};
}
Argument is(unsigned index, std::uint64_t value) { return is_in(index, {value, 1}); }

void add(Profile& profile, Action action, std::uint32_t data, std::vector<std::string> names,
         std::vector<Argument> arguments) {
  profile.rules.push_back({.names = std::move(names),
                           .action = action,
                           .data = data,
                           .arguments = std::move(arguments),
                           .place = "default",
                           .ignore_unknown = true});  // The groups are of all machines.
}

void allow(Profile& profile, std::vector<std::string> names, std::vector<Argument> arguments) {
  add(profile, Action::allow, 0, std::move(names), std::move(arguments));
}
void refuse(Profile& profile, std::vector<std::string> names, std::vector<Argument> arguments) {
  add(profile, Action::error, EPERM, std::move(names), std::move(arguments));
}

// The numbers of `range` but `except`: the halves of a range that holds one, and so on.
void add_blocks_without(std::initializer_list<std::uint64_t> except, Block range,
                        std::vector<Block>& out) {
  const auto is_within = [&range](std::uint64_t number) {
    return number - range.first < range.size;
  };
  if (std::none_of(except.begin(), except.end(), is_within)) return out.push_back(range);
  if (range.size == 1) return;
  const std::uint64_t half = range.size / 2;
  add_blocks_without(except, {range.first, half}, out);
  add_blocks_without(except, {range.first + half, half}, out);
}

std::vector<Block> blocks_without(std::initializer_list<std::uint64_t> except, std::uint64_t size) {
  std::vector<Block> out;
  add_blocks_without(except, {0, size}, out);
  return out;
}

constexpr std::uint64_t all_families = 64;  // more than AF_MAX
constexpr std::uint64_t all_netlink = 32;   // MAX_LINKS, <linux/netlink.h>

void add_socket_rules(Profile& profile, bool may_audit) {
  for (const Block& families : blocks_without({AF_NETLINK, AF_VSOCK}, all_families))
    allow(profile, {"socket"}, {is_in(0, families)});
  // The host answers on vsock, whatever network namespace asks.
  refuse(profile, {"socket"}, {is(0, AF_VSOCK)});
  if (may_audit) {
    allow(profile, {"socket"}, {is(0, AF_NETLINK)});
    return;
  }
  for (const Block& protocols : blocks_without({NETLINK_AUDIT}, all_netlink))
    allow(profile, {"socket"}, {is(0, AF_NETLINK), is_in(2, protocols)});
  // EINVAL is what libaudit takes for a kernel without it.
  add(profile, Action::error, EINVAL, {"socket"}, {is(0, AF_NETLINK), is(2, NETLINK_AUDIT)});
}

// Both type into the terminal that the container shares with its caller, for the caller's shell to
// read: ioctl_tty(2), ioctl_console(2). The kernel takes the request's lower half alone.
void add_ioctl_rules(Profile& profile) {
  for (const Block& requests : blocks_without({TIOCSTI, TIOCLINUX}, int_mask + 1))
    allow(profile, {"ioctl"}, {is_in(1, requests)});
  for (const std::uint64_t typing : {TIOCSTI, TIOCLINUX})
    refuse(profile, {"ioctl"}, {is(1, typing)});
}

}  // namespace

Profile default_profile(std::uint64_t capabilities) {
  const auto has = [capabilities](unsigned bit) { return (capabilities >> bit & 1U) != 0; };
  Profile profile;
  profile.default_action = Action::error;
  profile.default_data = ENOSYS;

  std::vector<std::string> open;
  std::vector<std::string> closed;
  for (const Group& group : groups())
    for (std::string& call : words(group.calls))
      (group.by_default ? open : closed).push_back(std::move(call));
  const auto move_over = [&](const std::string& call) {
    const auto found = std::find(closed.begin(), closed.end(), call);
    if (found == closed.end()) return;
    open.push_back(call);
    closed.erase(found);
  };
  for (const Opened& each : opened_by)
    if (has(each.capability))
      for (const std::string& call : words(each.calls)) move_over(call);

  const auto drop = [&](std::string_view call) { std::erase(closed, call); };
  if (!has(CAP_SYS_ADMIN)) {
    drop("clone");
    allow(profile, {"clone"}, {{clone_flags_argument, Compare::masked_equal, namespace_flags, 0}});
    for (std::uint64_t flag = 1; flag <= namespace_flags; flag <<= 1U)
      if ((namespace_flags & flag) != 0)
        refuse(profile, {"clone"}, {{clone_flags_argument, Compare::masked_equal, flag, flag}});
    // Its flags are in memory, where no filter sees them. ENOSYS sends callers to clone.
    drop("clone3");
  }
  drop("socket");
  add_socket_rules(profile, has(CAP_AUDIT_WRITE));
  std::erase(open, "ioctl");
  add_ioctl_rules(profile);
  drop("personality");
  for (const std::uint64_t persona :
       {std::uint64_t{PER_LINUX}, std::uint64_t{PER_LINUX32}, std::uint64_t{UNAME26},
        std::uint64_t{PER_LINUX32} | UNAME26, std::uint64_t{0xffffffff}})
    allow(profile, {"personality"}, {{0, Compare::equal, persona, 0}});

  allow(profile, std::move(open), {});
  refuse(profile, std::move(closed), {});
  return profile;
}

}  // namespace seccomp
