// SPDX-License-Identifier: Apache-2.0
#include "core/rights.hpp"

#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mini_container/error.hpp"

namespace mini_container {

void make_capabilities_effective(bool all) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2];
  mc::check(::syscall(SYS_capget, &header, sets), "read the capabilities");
  for (auto& half : sets) {
    half.effective = all ? half.permitted : 0;
    half.inheritable = 0;
  }
  mc::check(::syscall(SYS_capset, &header, sets), "keep the capabilities");
}

NoCapabilities::NoCapabilities() { make_capabilities_effective(false); }

// What is permitted can be had: capabilities(7). Should the kernel refuse it all the same, to end
// here is better than to go on with other rights than are thought; so below.
NoCapabilities::~NoCapabilities() { make_capabilities_effective(true); }

RightsOf::RightsOf(const Identity& identity) {
  groups_.resize(static_cast<std::size_t>(mc::check(::getgroups(0, nullptr), "read our groups")));
  mc::check(::getgroups(static_cast<int>(groups_.size()), groups_.data()), "read our groups");
  mc::check(::syscall(SYS_setgroups, identity.groups.size(), identity.groups.data()),
            "set the user's groups");
  ::setfsgid(identity.gid);
  ::setfsuid(identity.uid);
}

RightsOf::~RightsOf() {
  ::setfsuid(::geteuid());
  ::setfsgid(::getegid());
  mc::check(::syscall(SYS_setgroups, groups_.size(), groups_.data()), "set our groups again");
}

}  // namespace mini_container
