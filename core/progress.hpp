// SPDX-License-Identifier: Apache-2.0
// Where the child is: in memory shared with the agent, so that the agent can name the hook in which
// the child crashed, hung or lost its channel, and say what each hook cost.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "core/hook.hpp"

namespace mini_container {

inline constexpr std::size_t most_spans = 512;

/// Nanoseconds of CLOCK_MONOTONIC, as the agent sees it.
std::uint64_t monotonic_ns();

/// [child] While it lives this process may enter a time namespace: what it notes in Progress is on
/// the agent's clock before and after.
class KeptClock {
 public:
  KeptClock() : before_(monotonic_ns()) {}
  ~KeptClock();
  KeptClock(const KeptClock&) = delete;
  KeptClock& operator=(const KeptClock&) = delete;

 private:
  std::uint64_t before_;
};

struct Span {
  std::uint32_t plugin = 0;  // index in the launch's order
  Hook hook{};
  std::uint64_t begin_ns = 0;
  std::uint64_t end_ns = 0;
};

/// Lives in memory of both processes; only lock-free members.
struct Progress {
  std::atomic<std::uint32_t> plugin{0};  // of the hook that runs
  std::atomic<std::uint32_t> hook{0};
  std::atomic<std::uint64_t> since_ns{0};  // 0: no hook runs
  std::atomic<std::uint32_t> span_count{0};
  // 1: execve is next, and the end of the channel means success. Told here, without a system call:
  // by then a filter may be in force.
  std::atomic<std::uint32_t> executing{0};
  std::array<Span, most_spans> spans;

  void enter(std::uint32_t plugin_index, Hook hook_entered);
  void leave(bool keep_span);
};

/// Maps one that a child with a copy of our memory shares; it stays for the life of the process.
/// Throws mc::Error.
Progress* map_progress();

}  // namespace mini_container
