// SPDX-License-Identifier: Apache-2.0
// A container's place in a network of the host: its lease, and for mode bridge the bridge, the
// rules and the sysctls, which stay only while a container uses them.
#pragma once

#include <string>

#include "lease.hpp"
#include "netlink.hpp"
#include "settings.hpp"

namespace net {

/// Throws where a subnet overlaps a route of the host that does not lead to the bridge itself.
/// Reads only.
void check_overlap(const Settings& settings);

/// [agent] Leases what the launch asks for and makes what the network lacks. Fills in the
/// addresses of `settings.families`. Everything is noted in `state_fd` and in the lease directory
/// before it is made. Gives the container's record.
Record join_network(Settings& settings, const std::string& id, int state_fd);

/// [agent] The container exists: its process keeps the lease alive from now on.
void note_container(const Settings& settings, Record& record, int pid);

/// [agent] The name of the host's end of a container's veth pair.
std::string veth_name(const Record& record);

/// [agent] Undoes join_network, from what `state_fd` holds; repeatable. Gives a warning's text, or
/// an empty one.
std::string leave_network(int state_fd);

}  // namespace net
