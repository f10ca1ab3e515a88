// SPDX-License-Identifier: Apache-2.0
// A descriptor over a Unix socket: unix(7), SCM_RIGHTS.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace mc {

/// [agent] [child] Sends `size` bytes (at least one) and, with them, `fd`, which stays the
/// caller's. Gives what sendmsg(2) gives: how many bytes went, or -1 and errno. Nothing is sent by
/// halves on a socket that keeps messages whole; no SIGPIPE.
inline ssize_t send_descriptor(int socket, const void* bytes, std::size_t size, int fd) {
  iovec content{const_cast<void*>(bytes), size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

}  // namespace mc
