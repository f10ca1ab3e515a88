// SPDX-License-Identifier: Apache-2.0
// The name of a kernel parameter: its path below /proc/sys and the namespace that it belongs to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sysctl {

struct Key {
  std::string path;          // "net/ipv4/conf/eth0.100/forwarding"
  std::uint64_t name_space;  // CLONE_NEWIPC, CLONE_NEWNET or CLONE_NEWUSER
};

/// Reads both forms of sysctl(8): the first separator decides. "net.ipv4.conf.eth0/100.x" and
/// "net/ipv4/conf/eth0.100/x" are the same key. Throws mc::Error, its text starting with `where`,
/// for a malformed key and for one that belongs to no namespace of a container.
Key read_key(std::string_view text, std::string_view where);

/// "ipc", "net", "user": the table that gives the container such a namespace.
const char* table_of(std::uint64_t name_space);

}  // namespace sysctl
