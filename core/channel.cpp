// SPDX-License-Identifier: Apache-2.0
#include "core/channel.hpp"

#include <sys/socket.h>

#include <cstring>

#include "mini_container/send_descriptor.hpp"

namespace mini_container {

namespace {

// As it stands on the wire; both ends are the same binary.
struct Wire {
  std::uint32_t kind;
  std::uint32_t level;
  std::int32_t exit_code;
  std::uint32_t who_size;
  std::uint32_t text_size;
  mc_error error;  // only with RecordKind::failed
  char text[4096];
};

constexpr std::size_t most_who = 128;

union FdSpace {
  cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

}  // namespace

std::pair<Channel, Channel> Channel::make() {
  int ends[2];
  mc::check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends),
            "make the channel to the child");
  return {Channel(mc::Fd(ends[0])), Channel(mc::Fd(ends[1]))};
}

void Channel::send(const Record& record) const {
  Wire wire;
  wire.kind = static_cast<std::uint32_t>(record.kind);
  wire.level = record.level;
  wire.exit_code = record.exit_code;
  wire.error = record.error;
  wire.who_size = static_cast<std::uint32_t>(std::min(record.who.size(), most_who));
  wire.text_size =
      static_cast<std::uint32_t>(std::min(record.text.size(), sizeof wire.text - wire.who_size));
  std::memcpy(wire.text, record.who.data(), wire.who_size);
  std::memcpy(wire.text + wire.who_size, record.text.data(), wire.text_size);
  const std::size_t size = offsetof(Wire, text) + wire.who_size + wire.text_size;
  if (!record.fd) {
    // write(2) rather than sendmsg(2): a strict seccomp filter is more likely to let it pass.
    while (::write(fd_.get(), &wire, size) < 0)
      if (errno != EINTR) mc::fail_with(errno, "send to the other end of the channel");
    return;
  }
  mc::check(mc::send_descriptor(fd_.get(), &wire, size, record.fd.get()),
            "send a descriptor over the channel");
}

std::optional<Record> Channel::receive(bool wait, bool* drained) const {
  Wire wire;
  FdSpace space{};
  iovec part{&wire, sizeof wire};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &space;
  message.msg_controllen = sizeof space;
  ssize_t got = 0;
  while ((got = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT))) < 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      if (drained != nullptr) *drained = true;
      return std::nullopt;
    }
    if (errno == ECONNRESET) return std::nullopt;
    mc::fail_with(errno, "receive from the channel");
  }
  if (got == 0) return std::nullopt;
  Record record;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    record.fd.reset(fd);
  }
  // The child may have been taken over by a faulty plugin: believe no length.
  const auto length = static_cast<std::size_t>(got);
  constexpr std::size_t head = offsetof(Wire, text);
  if (length == sizeof(std::int32_t)) {  // the init program's word: abi.h, set_init
    std::int32_t number = 0;
    std::memcpy(&number, &wire, sizeof number);
    record.kind = RecordKind::failed;
    record.error.error_number = number;
    return record;
  }
  if (length < head || wire.who_size > length - head ||
      wire.text_size > length - head - wire.who_size)
    mc::fail("the channel carries a malformed record");
  record.kind = static_cast<RecordKind>(wire.kind);
  record.level = wire.level;
  record.exit_code = wire.exit_code;
  record.error = wire.error;
  record.error.text[sizeof record.error.text - 1] = '\0';
  record.error.hint[sizeof record.error.hint - 1] = '\0';
  record.who.assign(wire.text, wire.who_size);
  record.text.assign(wire.text + wire.who_size, wire.text_size);
  return record;
}

void Channel::move_above(int minimum) {
  if (fd_.get() >= minimum) return;
  fd_.reset(
      mc::check(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, minimum), "move the channel's descriptor"));
}

}  // namespace mini_container
