// SPDX-License-Identifier: Apache-2.0
// The protocol between the agent and the child: records over a SOCK_SEQPACKET pair.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mini_container/abi.h"
#include "mini_container/fd.hpp"

namespace mini_container {

enum class RecordKind : std::uint32_t {
  go = 1,      // agent to child: post_clone is done
  log,         // child to agent: `level`, `who`, text
  descriptor,  // either way: `fd`, text is its key
  ready,       // child to agent: inside the new root, waiting to be started
  said,        // child to agent: show the log records now, and answer with go
  failed,      // child to agent: `who` is "PLUGIN: HOOK" or empty, `error`, `exit_code`
};

struct Record {
  RecordKind kind{};
  std::uint32_t level = 0;
  std::int32_t exit_code = 0;
  std::string who;
  std::string text;
  mc_error error{};
  mc::Fd fd;
};

/// One end. Sending never blocks for long: the records are few and small. A text longer than the
/// record holds is cut.
class Channel {
 public:
  Channel() = default;
  explicit Channel(mc::Fd fd) : fd_(std::move(fd)) {}

  /// Both ends of a new channel.
  static std::pair<Channel, Channel> make();

  [[nodiscard]] int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }
  /// Forgets the descriptor, which stays open.
  void release() { (void)fd_.release(); }

  /// Throws mc::Error where the other end is gone or the descriptor is not a channel any more.
  void send(const Record& record) const;
  /// The next record; waits for it unless `wait` is false. nullopt: the other end is closed (or,
  /// without waiting, nothing is there: then `drained` is set where given).
  std::optional<Record> receive(bool wait = true, bool* drained = nullptr) const;

  /// Moves the descriptor out of the way of others: to `minimum` or above.
  void move_above(int minimum);

 private:
  mc::Fd fd_;
};

}  // namespace mini_container
