// SPDX-License-Identifier: Apache-2.0
// Other processes by number, told from later ones with the same.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mini_container/fd.hpp"

namespace mini_container {

/// A process that may have ended: told from a later one with its number by the inode of its pidfd,
/// which no other process has until the next boot (pidfd_open(2), from Linux 6.9 on), or by when it
/// started (before, and where the mark is kept for longer: after a boot inodes are given out as
/// numbers are, so that both come again together). Neither: there was no such process.
struct ProcessMark {
  pid_t pid = -1;
  std::uint64_t inode = 0;
  std::uint64_t start_time = 0;  // clock ticks since boot, proc_pid_stat(5) field 22

  /// Of a process that is alive or a zombie. `outlives_boot`: the mark may.
  static ProcessMark of(pid_t pid, bool outlives_boot);
  /// The same, by a pidfd of it.
  static ProcessMark of(pid_t pid, const mc::Fd& pidfd, bool outlives_boot);
  /// A pidfd of it, or none: it has ended (been reaped).
  [[nodiscard]] mc::Fd open() const;
  /// Whether it has executed a program since it was forked; also of a zombie.
  [[nodiscard]] bool has_executed() const;
  [[nodiscard]] std::string text() const;
  static std::optional<ProcessMark> parse(std::string_view text);
};

/// Whether the process of this pidfd has ended, or does so in time; -1 ms: waits as long as it
/// lives. A zombie counts as ended.
bool ends_within(const mc::Fd& pidfd, int milliseconds);

/// A process's numbers in proc_pid_stat(5), while it is alive or a zombie.
class ProcessFacts {
 public:
  /// None where there is no such process, or no longer.
  static std::optional<ProcessFacts> of(pid_t pid);
  /// This process's, whichever PID namespace the /proc at hand belongs to.
  static std::optional<ProcessFacts> own();
  [[nodiscard]] bool has_ended() const { return fields_.front() == 'Z' || fields_.front() == 'X'; }
  /// The field of this number, from the fourth on.
  [[nodiscard]] std::uint64_t field(int number) const;

 private:
  static std::optional<ProcessFacts> read(const std::string& path);

  std::string fields_;  // from the third on
};

}  // namespace mini_container
