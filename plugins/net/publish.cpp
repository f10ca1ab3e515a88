// SPDX-License-Identifier: Apache-2.0
#include "publish.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace net {
namespace {

[[noreturn]] void refuse(const mc::Node& node, const std::string& text, std::string_view why) {
  mc::fail(node.where(), ": net.publish: '", text, "': ", why,
           mc::Hint{"write it like 8080:80, 8000-8009:80-89, 127.0.0.1:8080:80/tcp or "
                    "[2001:db8::1]:53:53/udp"});
}

// The kernel's rules have one element for each port; so many take some milliseconds.
constexpr std::size_t most_ports = 1024;

struct PortRange {
  unsigned first = 0;
  unsigned last = 0;
  [[nodiscard]] unsigned count() const { return last - first + 1; }
};

// "80" or "8000-8010".
std::optional<PortRange> parse_ports(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash), 65535);
  const auto last =
      dash == std::string_view::npos ? first : parse_number(text.substr(dash + 1), 65535);
  if (!first || !last || *first == 0 || *last < *first) return std::nullopt;
  return PortRange{*first, *last};
}

std::string parse_protocol(const mc::Node& node, const std::string& text, std::string_view& rest) {
  const auto slash = rest.rfind('/');
  if (slash == std::string_view::npos) return "tcp";
  const std::string out(rest.substr(slash + 1));
  if (out != "tcp" && out != "udp" && out != "sctp")
    refuse(node, text, "the protocol is tcp, udp or sctp");
  rest = rest.substr(0, slash);
  return out;
}

// Nothing: every address of the host.
std::optional<Address> parse_host(const mc::Node& node, const std::string& text,
                                  std::string_view host) {
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  const auto out = parse_address(host);
  if (!out || (out->family == AF_INET6) != brackets)
    refuse(node, text, "what stands before the ports is not an address");
  // route_localnet is for IPv4 alone: what comes from ::1 never leaves lo.
  if (out->family == AF_INET6 && out->is_loopback())
    refuse(node, text, "the kernel cannot lead ::1 to a container; use 127.0.0.1");
  if (out->is_any() && out->family == AF_INET) return std::nullopt;
  return out;
}

// One entry for each port of a range.
std::vector<Publish> parse(const mc::Node& node) {
  const std::string text = node.text();
  std::string_view rest = text;
  Publish one;
  one.source = node;
  one.protocol = parse_protocol(node, text, rest);
  const auto last = rest.rfind(':');
  if (last == std::string_view::npos)
    refuse(node, text, "needs the host's port and the container's");
  const auto inside = parse_ports(rest.substr(last + 1));
  rest = rest.substr(0, last);
  const auto before = rest.rfind(':');
  const auto outside =
      parse_ports(before == std::string_view::npos ? rest : rest.substr(before + 1));
  if (!inside || !outside)
    refuse(node, text, "a port is a number from 1 to 65535, or a range of them");
  if (inside->count() != outside->count())
    refuse(node, text, "the two ranges have different lengths");
  if (before != std::string_view::npos) one.host = parse_host(node, text, rest.substr(0, before));
  std::vector<Publish> out(outside->count(), one);
  for (unsigned i = 0; i < outside->count(); ++i) {
    out[i].host_port = outside->first + i;
    out[i].port = inside->first + i;
  }
  return out;
}

// An address as bind(2) takes it.
socklen_t write_name(const Address& address, unsigned port, sockaddr_storage& out) {
  if (address.family == AF_INET) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<std::uint16_t>(port));
    std::memcpy(&name.sin_addr, address.bytes.data(), 4);
    std::memcpy(&out, &name, sizeof name);
    return sizeof name;
  }
  sockaddr_in6 name{};
  name.sin6_family = AF_INET6;
  name.sin6_port = htons(static_cast<std::uint16_t>(port));
  std::memcpy(&name.sin6_addr, address.bytes.data(), 16);
  std::memcpy(&out, &name, sizeof name);
  return sizeof name;
}

void try_port(const Publish& item, const Address& address) {
  const int type = item.protocol == "udp" ? SOCK_DGRAM : SOCK_STREAM;
  const mc::Fd socket(
      mc::check(::socket(address.family, type | SOCK_CLOEXEC, 0), "open a socket to try a port"));
  const int one = 1;
  // A connection that ended lately does not matter, a listener does: socket(7), SO_REUSEADDR.
  if (type == SOCK_STREAM) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (address.family == AF_INET6)
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  sockaddr_storage name{};
  const socklen_t length = write_name(address, item.host_port, name);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), length) == 0) return;
  if (errno == EADDRINUSE)
    mc::fail_with(errno, item.source.where(), ": net.publish: a process of the host uses ",
                  publish_name(item), mc::Hint{"choose another port of the host, or stop it"});
  if (errno == EADDRNOTAVAIL)
    mc::fail_with(errno, item.source.where(), ": net.publish: the host has no address ",
                  address.text(), mc::Hint{"use one that 'ip address' shows"});
  mc::fail_with(errno, item.source.where(), ": net.publish: bind to ", publish_name(item));
}

}  // namespace

std::vector<Publish> read_publish(const mc::Node& list) {
  std::vector<Publish> out;
  for (const mc::Node node : list)
    for (Publish& item : parse(node)) {
      for (const Publish& other : out)
        if (publish_clash(item, other)) refuse(node, node.text(), "that port is published twice");
      if (out.size() == most_ports) refuse(node, node.text(), "more than 1024 ports in all");
      out.push_back(std::move(item));
    }
  return out;
}

std::string publish_name(const Publish& item) {
  std::string host = item.host ? item.host->text() : "*";
  if (item.host && item.host->family == AF_INET6) host = mc::concat("[", host, "]");
  return mc::concat(host, ":", item.host_port, "/", item.protocol);
}

bool publish_clash(const Publish& one, const Publish& other) {
  if (one.protocol != other.protocol || one.host_port != other.host_port) return false;
  return !one.host || !other.host || *one.host == *other.host;
}

void check_port_free(const Publish& item, bool six) {
  if (item.protocol == "sctp") return;
  if (item.host) return try_port(item, *item.host);
  Address any;
  any.family = AF_INET;
  try_port(item, any);
  any.family = AF_INET6;
  if (six) try_port(item, any);
}

}  // namespace net
