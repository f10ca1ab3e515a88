// SPDX-License-Identifier: Apache-2.0
// What a launch asks of the network, checked and parsed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "address.hpp"
#include "mini_container/plugin.hpp"

namespace net {

// In the order of `modes` in options.hpp; Join: where the option of that name is there.
enum class Mode { None, Loopback, Host, Bridge, Macvlan, Ipvlan, User, Join };

/// One address family of the container's interface.
struct Family {
  Subnet subnet;
  std::optional<Address> gateway;
  std::optional<Address> requested;  // absent: lease a free one
  Address address;                   // known once it is leased
  mc::Node source;                   // what asked for it, for messages
};

/// A port of the host that leads to one of the container.
struct Publish {
  std::optional<Address> host;  // absent: every address of the host
  unsigned host_port = 0;
  unsigned port = 0;
  std::string protocol;  // tcp, udp, sctp
  mc::Node source;
};

/// An interface of the host that moves in.
struct Device {
  std::string host;
  std::string name;
  mc::Node source;
};

struct Settings {
  Mode mode = Mode::Loopback;
  std::string mode_text;
  std::string interface;
  std::string bridge;
  std::string parent;
  std::string parent_mode;
  unsigned mtu = 0;  // 0: the kernel's
  std::optional<HardwareAddress> mac;
  std::vector<Family> families;
  bool nat = true;
  bool allow_overlap = false;
  std::vector<Publish> publish;
  std::vector<Device> devices;
  std::string lease_dir;
};

/// The mode alone: all that a loopback launch has to read.
Mode read_mode(const mc::Node& config);

/// Parses and checks the whole table. Throws mc::Error that names the place and the key.
Settings read_settings(const mc::Node& config);

/// Whether the kernel takes `name` for an interface, and nft for an identifier.
bool valid_interface(std::string_view name);

}  // namespace net
