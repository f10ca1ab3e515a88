// SPDX-License-Identifier: Apache-2.0
#include "core/console_socket.hpp"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cstring>

#include "mini_container/fd.hpp"
#include "mini_container/send_descriptor.hpp"

namespace mini_container {

namespace {

mc::Fd connect_to(const std::string& path) {
  const auto slash = path.rfind('/');
  const auto directory_name = slash == std::string::npos ? std::string(".")
                              : slash == 0               ? std::string("/")
                                                         : path.substr(0, slash);
  const auto name = slash == std::string::npos ? path : path.substr(slash + 1);
  const mc::Fd directory(mc::check(::open(directory_name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC),
                                   "open '", directory_name, "', where the console socket is"));
  // By descriptor: the path may be longer than a socket's name may be.
  const auto address_path = mc::concat("/proc/self/fd/", directory.get(), '/', name);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (address_path.size() >= sizeof address.sun_path)
    mc::fail("the name of the console socket '", path, "' is too long");
  std::memcpy(address.sun_path, address_path.c_str(), address_path.size() + 1);
  mc::Fd socket(mc::check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket"));
  // Who does not accept would hold us up while signals wait for us to look: socket(7).
  const timeval patience{0, 100'000};
  mc::check(::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience),
            "limit the wait for the console socket");
  for (int attempt = 1;
       ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0;
       ++attempt) {
    // The hooks' guard interrupts, too.
    const bool waits = errno == EAGAIN || errno == EINTR;
    if (!waits || attempt == 30)
      mc::fail_with(waits ? EAGAIN : errno, "connect to the console socket '", path, "'",
                    mc::Hint{waits ? "whoever listens does not accept" : ""});
  }
  return socket;
}

}  // namespace

void send_terminal(const std::string& socket_path, int master) {
  const mc::Fd socket = connect_to(socket_path);
  unsigned number = 0;
  mc::check(::ioctl(master, TIOCGPTN, &number), "ask for the terminal's number");
  const std::string name = mc::concat("/dev/pts/", number);
  mc::check(mc::send_descriptor(socket.get(), name.data(), name.size(), master),
            "send the terminal to the console socket '", socket_path, "'");
}

}  // namespace mini_container
