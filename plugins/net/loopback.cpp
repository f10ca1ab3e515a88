// SPDX-License-Identifier: Apache-2.0
#include "loopback.hpp"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "mini_container/fd.hpp"

namespace net {

void bring_up_loopback() {
  const mc::Fd socket(
      mc::check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket to bring up 'lo'"));
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  // The flags of a new namespace's loopback are known; there is nothing to read first.
  request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
  mc::check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "bring up interface 'lo'");
}

}  // namespace net
