// SPDX-License-Identifier: Apache-2.0
#include "sysctl_file.hpp"

#include <sys/socket.h>

namespace net {
namespace {

const char* forwarding_file(int family) {
  return family == AF_INET ? "/proc/sys/net/ipv4/ip_forward"
                           : "/proc/sys/net/ipv6/conf/all/forwarding";
}

// "forward4.4026531840": not among the names of the networks, which start with the number.
std::string note_name(const std::string& host_namespace, int family) {
  return (family == AF_INET ? "forward4." : "forward6.") + host_namespace;
}

}  // namespace

void set_forwarding(const LeaseDirectory& all, const std::string& host_namespace, int family) {
  const char* const file = forwarding_file(family);
  if (mc::read_file(AT_FDCWD, file) != "0\n") return;
  const mc::Fd note(mc::check(::openat(all.fd(), note_name(host_namespace, family).c_str(),
                                       O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600),
                              "note that the host did not forward packets"));
  mc::write_file(AT_FDCWD, file, "1");
}

void restore_forwarding(const LeaseDirectory& all, const std::string& host_namespace) {
  for (const int family : {AF_INET, AF_INET6}) {
    const std::string note = note_name(host_namespace, family);
    if (::faccessat(all.fd(), note.c_str(), F_OK, 0) != 0) continue;
    mc::write_file(AT_FDCWD, forwarding_file(family), "0");
    if (::unlinkat(all.fd(), note.c_str(), 0) != 0) mc::fail_with(errno, "remove '", note, "'");
  }
}

void allow_local_routes(const std::string& bridge) {
  mc::write_file(AT_FDCWD,
                 mc::concat("/proc/sys/net/ipv4/conf/", bridge, "/route_localnet").c_str(), "1");
}

}  // namespace net
