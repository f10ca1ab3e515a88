// SPDX-License-Identifier: Apache-2.0
// Other processes by number, told from later ones with the same: proc_pid_stat(5).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mini_container/fd.hpp"

namespace mini_container {

/// A process that may have ended: the start time tells it from a later one with its number.
struct ProcessMark {
  pid_t pid = -1;
  std::uint64_t start_time = 0;  // clock ticks since boot, proc_pid_stat(5) field 22

  /// Of a process that is alive or a zombie; start_time 0 where there is none.
  static ProcessMark of(pid_t pid);
  /// A pidfd of it, or none: it has ended (been reaped).
  [[nodiscard]] mc::Fd open() const;
  /// Whether it has executed a program since it was forked; also of a zombie.
  [[nodiscard]] bool has_executed() const;
  [[nodiscard]] std::string text() const;
  static std::optional<ProcessMark> parse(std::string_view text);
};

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
