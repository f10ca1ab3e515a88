// SPDX-License-Identifier: Apache-2.0
// The interfaces of the container: handed over by the agent, set up by the child.
#pragma once

#include <string>
#include <vector>

#include "lease.hpp"
#include "netlink.hpp"
#include "settings.hpp"

namespace net {

/// An interface of the host that moves in, with what it loses on the way.
struct MovingDevice {
  Device device;
  unsigned index = 0;
  std::string kind;  // Link's
  bool up = false;
  std::vector<LinkAddress> addresses;
};

/// [agent] Finds the devices on the host and notes their addresses, before the clone.
std::vector<MovingDevice> find_devices(const std::vector<Device>& devices);

/// [agent] Makes the container's own interface in the network namespace of `pid`.
void make_interface(const Settings& settings, const Record& record, int pid);

/// [agent] Moves the devices to the network namespace of `pid`.
void move_devices(const std::vector<MovingDevice>& devices, int pid);

/// [agent] Moves them back from the network namespace `space` is open on, with the names, addresses
/// and the state that they had. Gives what went wrong, a line each.
std::vector<std::string> return_devices(const std::vector<MovingDevice>& devices, int space);

/// [child] Gives the container's own interface its addresses and routes, and brings it up.
void set_up_interface(const Settings& settings);

/// [child] Gives the moved devices back their addresses, and brings them up.
void set_up_devices(const std::vector<MovingDevice>& devices);

}  // namespace net
