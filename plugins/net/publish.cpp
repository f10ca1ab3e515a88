// SPDX-License-Identifier: Apache-2.0
#include "publish.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace net {
namespace {

[[noreturn]] void refuse(const mc::Node& node, const std::string& text, std::string_view why) {
  mc::fail(node.where(), ": net.publish: '", text, "': ", why,
           mc::Hint{"write it like 8080:80, 127.0.0.1:8080:80/tcp or [2001:db8::1]:53:53/udp"});
}

Publish parse(const mc::Node& node) {
  const std::string text = node.text();
  std::string_view rest = text;
  Publish out;
  out.source = node;
  out.protocol = "tcp";
  if (const auto slash = rest.rfind('/'); slash != std::string_view::npos) {
    out.protocol = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
  }
  if (out.protocol != "tcp" && out.protocol != "udp" && out.protocol != "sctp")
    refuse(node, text, "the protocol is tcp, udp or sctp");
  const auto last = rest.rfind(':');
  if (last == std::string_view::npos) refuse(node, text, "needs the host's port and the container's");
  const auto port = parse_number(rest.substr(last + 1), 65535);
  rest = rest.substr(0, last);
  const auto before = rest.rfind(':');
  const auto host_port =
      parse_number(before == std::string_view::npos ? rest : rest.substr(before + 1), 65535);
  if (!port || !host_port || *port == 0 || *host_port == 0)
    refuse(node, text, "a port is a number from 1 to 65535");
  out.port = *port;
  out.host_port = *host_port;
  if (before == std::string_view::npos) return out;
  std::string_view host = rest.substr(0, before);
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  out.host = parse_address(host);
  if (!out.host || (out.host->family == AF_INET6) != brackets)
    refuse(node, text, "what stands before the ports is not an address");
  // route_localnet is for IPv4 alone: what comes from ::1 never leaves lo.
  if (out.host->family == AF_INET6 && out.host->is_loopback())
    refuse(node, text, "the kernel cannot lead ::1 to a container; use 127.0.0.1");
  if (out.host->is_any() && out.host->family == AF_INET) out.host.reset();
  return out;
}

}  // namespace

std::vector<Publish> read_publish(const mc::Node& list) {
  std::vector<Publish> out;
  for (const mc::Node node : list) {
    Publish item = parse(node);
    for (const Publish& other : out)
      if (publish_clash(item, other)) refuse(node, node.text(), "that port is published twice");
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

void check_port_free(const Publish& item) {
  const int type = item.protocol == "udp" ? SOCK_DGRAM : item.protocol == "tcp" ? SOCK_STREAM : 0;
  if (type == 0) return;
  const int family = item.host ? item.host->family : AF_INET;
  const mc::Fd socket(
      mc::check(::socket(family, type | SOCK_CLOEXEC, 0), "open a socket to try a port"));
  // A connection that ended lately does not matter, a listener does: socket(7), SO_REUSEADDR.
  const int one = 1;
  if (type == SOCK_STREAM) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_storage storage{};
  socklen_t length = 0;
  if (family == AF_INET) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<std::uint16_t>(item.host_port));
    if (item.host) std::memcpy(&name.sin_addr, item.host->bytes.data(), 4);
    std::memcpy(&storage, &name, length = sizeof name);
  } else {
    sockaddr_in6 name{};
    name.sin6_family = AF_INET6;
    name.sin6_port = htons(static_cast<std::uint16_t>(item.host_port));
    std::memcpy(&name.sin6_addr, item.host->bytes.data(), 16);
    std::memcpy(&storage, &name, length = sizeof name);
  }
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0) return;
  if (errno == EADDRINUSE)
    mc::fail_with(errno, item.source.where(), ": net.publish: a process of the host uses ",
                  publish_name(item), mc::Hint{"choose another port of the host, or stop it"});
  if (errno == EADDRNOTAVAIL)
    mc::fail_with(errno, item.source.where(), ": net.publish: the host has no address ",
                  item.host->text(), mc::Hint{"use one that 'ip address' shows"});
  mc::fail_with(errno, item.source.where(), ": net.publish: bind to ", publish_name(item));
}

}  // namespace net
