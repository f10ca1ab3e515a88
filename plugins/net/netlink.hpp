// SPDX-License-Identifier: Apache-2.0
// Links, addresses and routes, over netlink with libmnl. The library is loaded when a launch
// needs it: a container with a loopback interface alone does not pay for it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "address.hpp"

struct mnl_socket;
struct nlmsghdr;

namespace net {

struct Link {
  unsigned index = 0;
  std::string kind;  // "bridge", "veth"; empty: hardware
  std::optional<HardwareAddress> mac;
  bool up = false;
};

struct Route {
  Subnet destination;
  unsigned link = 0;
};

/// An address that a link has, with the length of its prefix.
struct LinkAddress {
  Address address;
  unsigned prefix = 0;
};

/// What a new link is to be, beside its kind.
struct NewLink {
  std::string name;  // in the container
  int pid = -1;      // whose network namespace it goes to
  std::optional<HardwareAddress> mac;
  unsigned mtu = 0;  // 0: the kernel's
};

/// A netlink socket in the network namespace where it was opened. Every call throws mc::Error
/// that names the link.
class Netlink {
 public:
  /// [agent] Loads libmnl; afterwards the class works in the child as well.
  static void load();

  Netlink();
  ~Netlink();
  Netlink(const Netlink&) = delete;
  Netlink& operator=(const Netlink&) = delete;

  std::optional<Link> find(const std::string& name);
  void create_bridge(const std::string& name, const HardwareAddress& mac, unsigned mtu);
  /// A veth pair: `host_name` here, up and a port of bridge `bridge`; its peer in the container.
  void create_veth(const std::string& host_name, unsigned bridge, const NewLink& peer);
  /// Lets a port of a bridge send back what came from it: a container that asks for its own
  /// published port, where bridged packets pass the rules too (br_netfilter).
  void set_hairpin(const std::string& name);
  /// kind: "macvlan" or "ipvlan"; mode: as settings.hpp has it.
  void create_over(const std::string& kind, const std::string& mode, unsigned parent,
                   const NewLink& link);
  /// Moves a link to the network namespace of `pid`, under this name.
  void move(const std::string& name, unsigned index, int pid, const std::string& new_name);
  /// Moves a link to the network namespace `space` is open on, under this name.
  void give_back(const std::string& name, unsigned index, int space, const std::string& new_name);
  /// Removes a link; gives false where there is none of that name.
  bool remove(const std::string& name);
  void set_up(const std::string& name, unsigned index);
  /// Adds an address; one that is there already is no error.
  void add_address(const std::string& name, unsigned index, const LinkAddress& address);
  /// The default route of the gateway's family.
  void add_default_route(const std::string& name, unsigned index, const Address& gateway);
  /// All unicast routes of a family but the default ones.
  std::vector<Route> routes(int family);
  /// The permanent addresses of global scope that a link has.
  std::vector<LinkAddress> addresses(unsigned index);
  /// Whether nftables has this table in family inet.
  static bool has_table(const std::string& name);

 private:
  explicit Netlink(int bus);
  /// Sends a request and hands every answer to `each`; gives 0 or an errno.
  template <class Each>
  int ask(nlmsghdr* request, Each&& each);
  int tell(nlmsghdr* request);

  mnl_socket* socket_ = nullptr;
  unsigned sequence_ = 0;
};

}  // namespace net
