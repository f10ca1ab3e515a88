// SPDX-License-Identifier: Apache-2.0
#include "listener.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "mini_container/send_descriptor.hpp"

namespace seccomp {

namespace {

constexpr std::string_view oci_version = "1.2.0";

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4U];
      out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

mc::Fd connect_listener(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    mc::fail("the listener's path '", path.substr(0, 64), "...' is longer than ",
             sizeof address.sun_path - 1, " bytes");
  std::memcpy(address.sun_path, path.data(), path.size());
  mc::Fd socket(mc::check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket"));
  mc::check(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            "connect to the seccomp listener '", path, "'",
            mc::Hint{"start the program that is to answer before the container"});
  return socket;
}

std::string process_state(const mc::Call& call, const std::string& metadata) {
  return mc::concat("{\"ociVersion\":\"", oci_version,
                    "\",\"fds\":[\"seccompFd\"],\"pid\":", call->pid,
                    ",\"metadata\":", quoted(metadata), ",\"state\":{\"ociVersion\":\"",
                    oci_version, "\",\"id\":", quoted(call->id), ",\"status\":\"",
                    call.exec() ? "running" : "creating", "\",\"pid\":", call->pid,
                    ",\"bundle\":", quoted(call->bundle != nullptr ? call->bundle : ""), "}}");
}

void send_listener(int socket, const std::string& state, int fd) {
  const auto sent = mc::check(mc::send_descriptor(socket, state.data(), state.size(), fd),
                              "send the notify descriptor to the seccomp listener");
  if (static_cast<std::size_t>(sent) != state.size())
    mc::fail("send the notify descriptor to the seccomp listener: it took ", sent, " of ",
             state.size(), " bytes");
}

}  // namespace seccomp
