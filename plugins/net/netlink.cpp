// SPDX-License-Identifier: Apache-2.0
#include "netlink.hpp"

#include <dlfcn.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <cstring>
#include <type_traits>

#include "mini_container/error.hpp"

namespace net {
namespace {

// What is used of libmnl, resolved once.
// Two runs of clang-format never agree here.
// clang-format off
#define MNL_FUNCTIONS(X)                                                                          \
  X(socket_open2) X(socket_bind) X(socket_close) X(socket_get_portid) X(socket_sendto)            \
  X(socket_recvfrom) X(cb_run) X(nlmsg_put_header) X(nlmsg_put_extra_header) X(nlmsg_get_payload) \
  X(attr_put) X(attr_put_u8) X(attr_put_u16) X(attr_put_u32) X(attr_put_strz) X(attr_nest_start)  \
  X(attr_nest_end) X(attr_get_type) X(attr_get_payload) X(attr_get_payload_len) X(attr_get_str)   \
  X(attr_get_u32) X(attr_ok) X(attr_next)
// clang-format on

struct Mnl {
#define MNL_DECLARE(NAME) decltype(&::mnl_##NAME) NAME = nullptr;
  MNL_FUNCTIONS(MNL_DECLARE)
#undef MNL_DECLARE
};
Mnl mnl;

template <class Function>
void resolve(void* library, Function& function, const char* name) {
  void* const symbol = ::dlsym(library, name);
  if (symbol == nullptr) mc::fail("libmnl.so.0 lacks ", name);
  std::memcpy(&function, &symbol, sizeof function);
}

// One request: a header, its family's header, attributes.
class Request {
 public:
  template <class Header>
  Request(unsigned type, unsigned flags, const Header& header) {
    message_ = mnl.nlmsg_put_header(buffer_);
    message_->nlmsg_type = static_cast<std::uint16_t>(type);
    message_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    std::memcpy(mnl.nlmsg_put_extra_header(message_, sizeof header), &header, sizeof header);
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  nlmsghdr* message() { return message_; }
  void put(unsigned type, const std::string& text) {
    mnl.attr_put_strz(message_, static_cast<std::uint16_t>(type), text.c_str());
  }
  void put(unsigned type, unsigned number) {
    mnl.attr_put_u32(message_, static_cast<std::uint16_t>(type), number);
  }
  void put_byte(unsigned type, unsigned number) {
    mnl.attr_put_u8(message_, static_cast<std::uint16_t>(type), static_cast<std::uint8_t>(number));
  }
  void put_short(unsigned type, unsigned number) {
    mnl.attr_put_u16(message_, static_cast<std::uint16_t>(type),
                     static_cast<std::uint16_t>(number));
  }
  void put(unsigned type, const Address& address) {
    mnl.attr_put(message_, static_cast<std::uint16_t>(type), address.size(), address.bytes.data());
  }
  void put(unsigned type, const HardwareAddress& address) {
    mnl.attr_put(message_, static_cast<std::uint16_t>(type), address.size(), address.data());
  }
  template <class Header>
  void header(const Header& header) {
    std::memcpy(mnl.nlmsg_put_extra_header(message_, sizeof header), &header, sizeof header);
  }
  template <class Body>
  void nest(unsigned type, Body&& body) {
    nlattr* const start = mnl.attr_nest_start(message_, static_cast<std::uint16_t>(type));
    body();
    mnl.attr_nest_end(message_, start);
  }

 private:
  alignas(nlmsghdr) char buffer_[2048]{};
  nlmsghdr* message_ = nullptr;
};

// Calls `each(type, attribute)` for the attributes behind a header, or inside a nest.
template <class Each>
void each_attribute(const void* first, const void* end, Each&& each) {
  const auto* attribute = static_cast<const nlattr*>(first);
  for (;;) {
    const auto left = static_cast<const char*>(end) - reinterpret_cast<const char*>(attribute);
    if (!mnl.attr_ok(attribute, static_cast<int>(left))) return;
    each(mnl.attr_get_type(attribute), attribute);
    attribute = mnl.attr_next(attribute);
  }
}

template <class Header, class Each>
void each_attribute(const nlmsghdr* message, Each&& each) {
  const char* const payload = static_cast<const char*>(mnl.nlmsg_get_payload(message));
  each_attribute(payload + NLMSG_ALIGN(sizeof(Header)),
                 reinterpret_cast<const char*>(message) + message->nlmsg_len, each);
}

bool read_address(const nlattr* attribute, int family, Address& out) {
  out = Address{family, {}};
  if (mnl.attr_get_payload_len(attribute) != out.size()) return false;
  std::memcpy(out.bytes.data(), mnl.attr_get_payload(attribute), out.size());
  return true;
}

ifinfomsg link_header(unsigned index = 0, unsigned flags = 0) {
  ifinfomsg out{};
  out.ifi_family = AF_UNSPEC;
  out.ifi_index = static_cast<int>(index);
  out.ifi_flags = flags;
  out.ifi_change = flags;
  return out;
}

constexpr unsigned create_flags = NLM_F_CREATE | NLM_F_EXCL;

void finish(int error, const std::string& attempt) {
  if (error == 0) return;
  const char* hint = "";
  if (error == EPERM)
    hint = "this needs CAP_NET_ADMIN over the host's network: run as root, or use mode user";
  if (error == EOPNOTSUPP) hint = "this kernel has no such link; use another net.mode";
  mc::fail_with(error, attempt, mc::Hint{hint});
}

unsigned macvlan_mode(const std::string& mode) {
  if (mode == "private") return MACVLAN_MODE_PRIVATE;
  if (mode == "vepa") return MACVLAN_MODE_VEPA;
  if (mode == "passthru") return MACVLAN_MODE_PASSTHRU;
  return MACVLAN_MODE_BRIDGE;
}

unsigned ipvlan_mode(const std::string& mode) {
  if (mode == "l3") return IPVLAN_MODE_L3;
  if (mode == "l3s") return IPVLAN_MODE_L3S;
  return IPVLAN_MODE_L2;
}

void put_new_link(Request& request, const NewLink& link) {
  request.put(IFLA_IFNAME, link.name);
  request.put(IFLA_NET_NS_PID, static_cast<unsigned>(link.pid));
  if (link.mac) request.put(IFLA_ADDRESS, *link.mac);
  if (link.mtu != 0) request.put(IFLA_MTU, link.mtu);
}

}  // namespace

void Netlink::load() {
  if (mnl.attr_next != nullptr) return;
  void* const library = ::dlopen("libmnl.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    mc::fail("load libmnl.so.0: ", ::dlerror(), mc::Hint{"install the package libmnl0"});
#define MNL_RESOLVE(NAME) resolve(library, mnl.NAME, "mnl_" #NAME);
  MNL_FUNCTIONS(MNL_RESOLVE)
#undef MNL_RESOLVE
}

Netlink::Netlink() : Netlink(NETLINK_ROUTE) {}

Netlink::Netlink(int bus) {
  socket_ = mnl.socket_open2(bus, SOCK_CLOEXEC);
  if (socket_ == nullptr) mc::fail_with(errno, "open a netlink socket");
  if (mnl.socket_bind(socket_, 0, MNL_SOCKET_AUTOPID) < 0) {
    const int error = errno;
    mnl.socket_close(socket_);
    mc::fail_with(error, "bind a netlink socket");
  }
}

Netlink::~Netlink() { mnl.socket_close(socket_); }

template <class Each>
int Netlink::ask(nlmsghdr* request, Each&& each) {
  using Callback = std::remove_reference_t<Each>;
  request->nlmsg_seq = ++sequence_;
  if (mnl.socket_sendto(socket_, request, request->nlmsg_len) < 0) return errno;
  const auto forward = [](const nlmsghdr* message, void* data) {
    (*static_cast<Callback*>(data))(message);
    return MNL_CB_OK;
  };
  alignas(nlmsghdr) char buffer[32768];
  for (;;) {
    const ssize_t got = mnl.socket_recvfrom(socket_, buffer, sizeof buffer);
    if (got < 0) return errno;
    const int result =
        mnl.cb_run(buffer, static_cast<std::size_t>(got), sequence_, mnl.socket_get_portid(socket_),
                   forward, const_cast<std::remove_const_t<Callback>*>(&each));
    if (result < 0) return errno;
    if (result == MNL_CB_STOP) return 0;
  }
}

int Netlink::tell(nlmsghdr* request) {
  request->nlmsg_flags = static_cast<std::uint16_t>(request->nlmsg_flags | NLM_F_ACK);
  auto nothing = [](const nlmsghdr*) {};
  return ask(request, nothing);
}

std::optional<Link> Netlink::find(const std::string& name) {
  Request request(RTM_GETLINK, NLM_F_ACK, link_header());
  request.put(IFLA_IFNAME, name);
  std::optional<Link> out;
  auto read = [&](const nlmsghdr* message) {
    if (message->nlmsg_type != RTM_NEWLINK) return;
    const auto* header = static_cast<const ifinfomsg*>(mnl.nlmsg_get_payload(message));
    out.emplace();
    out->index = static_cast<unsigned>(header->ifi_index);
    out->up = (header->ifi_flags & IFF_UP) != 0;
    each_attribute<ifinfomsg>(message, [&](unsigned type, const nlattr* attribute) {
      const auto length = mnl.attr_get_payload_len(attribute);
      const auto* payload = static_cast<const char*>(mnl.attr_get_payload(attribute));
      if (type == IFLA_ADDRESS && length == 6) {
        out->mac.emplace();
        std::memcpy(out->mac->data(), payload, 6);
      }
      if (type == IFLA_LINKINFO)
        each_attribute(payload, payload + length, [&](unsigned inner, const nlattr* value) {
          if (inner == IFLA_INFO_KIND) out->kind = mnl.attr_get_str(value);
        });
    });
  };
  const int error = ask(request.message(), read);
  if (error == ENODEV) return std::nullopt;
  finish(error, mc::concat("look up interface '", name, "'"));
  return out;
}

void Netlink::create_bridge(const std::string& name, const HardwareAddress& mac, unsigned mtu) {
  Request request(RTM_NEWLINK, create_flags, link_header(0, IFF_UP));
  request.put(IFLA_IFNAME, name);
  request.put(IFLA_ADDRESS, mac);
  if (mtu != 0) request.put(IFLA_MTU, mtu);
  request.nest(IFLA_LINKINFO, [&] { request.put(IFLA_INFO_KIND, "bridge"); });
  finish(tell(request.message()), mc::concat("create bridge '", name, "'"));
}

void Netlink::create_veth(const std::string& host_name, unsigned bridge, const NewLink& peer) {
  Request request(RTM_NEWLINK, create_flags, link_header(0, IFF_UP));
  request.put(IFLA_IFNAME, host_name);
  request.put(IFLA_MASTER, bridge);
  if (peer.mtu != 0) request.put(IFLA_MTU, peer.mtu);
  request.nest(IFLA_LINKINFO, [&] {
    request.put(IFLA_INFO_KIND, "veth");
    request.nest(IFLA_INFO_DATA, [&] {
      request.nest(VETH_INFO_PEER, [&] {
        request.header(link_header());
        put_new_link(request, peer);
      });
    });
  });
  finish(tell(request.message()),
         mc::concat("create the pair '", host_name, "' and '", peer.name, "' of the container"));
}

void Netlink::set_hairpin(const std::string& name) {
  Request request(RTM_NEWLINK, 0, link_header());
  request.put(IFLA_IFNAME, name);
  request.nest(IFLA_LINKINFO, [&] {
    request.put(IFLA_INFO_SLAVE_KIND, "bridge");
    request.nest(IFLA_INFO_SLAVE_DATA, [&] { request.put_byte(IFLA_BRPORT_MODE, 1); });
  });
  finish(tell(request.message()), mc::concat("set the hairpin mode of interface '", name, "'"));
}

void Netlink::create_over(const std::string& kind, const std::string& mode, unsigned parent,
                          const NewLink& link) {
  Request request(RTM_NEWLINK, create_flags, link_header());
  put_new_link(request, link);
  request.put(IFLA_LINK, parent);
  request.nest(IFLA_LINKINFO, [&] {
    request.put(IFLA_INFO_KIND, kind);
    request.nest(IFLA_INFO_DATA, [&] {
      if (kind == "ipvlan")
        request.put_short(IFLA_IPVLAN_MODE, ipvlan_mode(mode));
      else
        request.put(IFLA_MACVLAN_MODE, macvlan_mode(mode));
    });
  });
  const int error = tell(request.message());
  const std::string attempt = mc::concat("create ", kind, " '", link.name, "' of the container");
  if (error == EINVAL && link.mtu != 0)
    mc::fail_with(
        error, attempt,
        mc::Hint{mc::concat("net.mtu is ", link.mtu, "; it may not be above the parent's")});
  finish(error, attempt);
}

void Netlink::move(const std::string& name, unsigned index, int pid, const std::string& new_name) {
  Request request(RTM_SETLINK, 0, link_header(index));
  request.put(IFLA_NET_NS_PID, static_cast<unsigned>(pid));
  request.put(IFLA_IFNAME, new_name);
  const int error = tell(request.message());
  const std::string attempt =
      mc::concat("move interface '", name, "' into the container as '", new_name, "'");
  if (error == EEXIST)
    mc::fail_with(error, attempt, mc::Hint{"choose a name that the container does not have"});
  if (error == EINVAL)
    mc::fail_with(error, attempt,
                  mc::Hint{"the kernel ties some interfaces to their namespace, bridges too"});
  finish(error, attempt);
}

void Netlink::give_back(const std::string& name, unsigned index, int space,
                        const std::string& new_name) {
  Request request(RTM_SETLINK, 0, link_header(index));
  request.put(IFLA_NET_NS_FD, static_cast<unsigned>(space));
  request.put(IFLA_IFNAME, new_name);
  finish(tell(request.message()),
         mc::concat("move interface '", name, "' back to the host as '", new_name, "'"));
}

bool Netlink::remove(const std::string& name) {
  Request request(RTM_DELLINK, 0, link_header());
  request.put(IFLA_IFNAME, name);
  const int error = tell(request.message());
  if (error == ENODEV) return false;
  finish(error, mc::concat("remove interface '", name, "'"));
  return true;
}

void Netlink::set_up(const std::string& name, unsigned index) {
  Request request(RTM_NEWLINK, 0, link_header(index, IFF_UP));
  finish(tell(request.message()), mc::concat("bring up interface '", name, "'"));
}

void Netlink::add_address(const std::string& name, unsigned index, const LinkAddress& address) {
  ifaddrmsg header{};
  header.ifa_family = static_cast<unsigned char>(address.address.family);
  header.ifa_prefixlen = static_cast<unsigned char>(address.prefix);
  header.ifa_index = index;
  // The lease already says that nobody else has it; detection would keep it tentative for a second.
  if (address.address.family == AF_INET6) header.ifa_flags = IFA_F_NODAD;
  Request request(RTM_NEWADDR, create_flags, header);
  request.put(IFA_LOCAL, address.address);
  request.put(IFA_ADDRESS, address.address);
  if (address.address.family == AF_INET && address.prefix < 31)
    request.put(IFA_BROADCAST, subnet_of(address.address, address.prefix).broadcast());
  const int error = tell(request.message());
  if (error == EEXIST) return;
  finish(error, mc::concat("add address ", address.address.text(), "/", address.prefix,
                           " to interface '", name, "'"));
}

void Netlink::add_default_route(const std::string& name, unsigned index, const Address& gateway) {
  rtmsg header{};
  header.rtm_family = static_cast<unsigned char>(gateway.family);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  Request request(RTM_NEWROUTE, create_flags, header);
  request.put(RTA_GATEWAY, gateway);
  request.put(RTA_OIF, index);
  finish(tell(request.message()), mc::concat("add the default route through ", gateway.text(),
                                             " on interface '", name, "'"));
}

std::vector<Route> Netlink::routes(int family) {
  rtmsg header{};
  header.rtm_family = static_cast<unsigned char>(family);
  std::vector<Route> out;
  auto read = [&](const nlmsghdr* message) {
    const auto* route = static_cast<const rtmsg*>(mnl.nlmsg_get_payload(message));
    if (message->nlmsg_type != RTM_NEWROUTE || route->rtm_type != RTN_UNICAST ||
        route->rtm_dst_len == 0 || route->rtm_family != family ||
        (route->rtm_flags & RTM_F_CLONED) != 0)
      return;
    Route item{{Address{family, {}}, route->rtm_dst_len}, 0};
    each_attribute<rtmsg>(message, [&](unsigned type, const nlattr* attribute) {
      if (type == RTA_DST) read_address(attribute, family, item.destination.base);
      if (type == RTA_OIF) item.link = mnl.attr_get_u32(attribute);
    });
    out.push_back(item);
  };
  // A table that changes during the dump gives EINTR; what was read may then be torn.
  for (int attempt = 0; attempt < 8; ++attempt) {
    out.clear();
    Request request(RTM_GETROUTE, NLM_F_DUMP, header);
    const int error = ask(request.message(), read);
    if (error == EINTR) continue;
    finish(error, "read the host's routes");
    return out;
  }
  mc::fail_with(EINTR, "read the host's routes");
}

std::vector<LinkAddress> Netlink::addresses(unsigned index) {
  ifaddrmsg header{};
  header.ifa_family = AF_UNSPEC;
  Request request(RTM_GETADDR, NLM_F_DUMP, header);
  std::vector<LinkAddress> out;
  auto read = [&](const nlmsghdr* message) {
    const auto* found = static_cast<const ifaddrmsg*>(mnl.nlmsg_get_payload(message));
    const bool known = found->ifa_family == AF_INET || found->ifa_family == AF_INET6;
    if (message->nlmsg_type != RTM_NEWADDR || found->ifa_index != index || !known ||
        found->ifa_scope != RT_SCOPE_UNIVERSE || (found->ifa_flags & IFA_F_PERMANENT) == 0)
      return;
    LinkAddress item{Address{found->ifa_family, {}}, found->ifa_prefixlen};
    bool local = false;
    each_attribute<ifaddrmsg>(message, [&](unsigned type, const nlattr* attribute) {
      // IFA_ADDRESS is the peer's on a point-to-point link, and the only one for IPv6.
      if (type == IFA_LOCAL || (type == IFA_ADDRESS && !local))
        local |= read_address(attribute, found->ifa_family, item.address) && type == IFA_LOCAL;
    });
    out.push_back(item);
  };
  finish(ask(request.message(), read), "read the addresses of an interface");
  return out;
}

bool Netlink::has_table(const std::string& name) {
  Netlink filter(NETLINK_NETFILTER);
  nfgenmsg header{};
  header.nfgen_family = NFPROTO_INET;
  header.version = NFNETLINK_V0;
  Request request(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE, 0, header);
  request.put(NFTA_TABLE_NAME, name);
  const int error = filter.tell(request.message());
  if (error == ENOENT) return false;
  finish(error, mc::concat("ask for nftables table '", name, "'"));
  return true;
}

}  // namespace net
