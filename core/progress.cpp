// SPDX-License-Identifier: Apache-2.0
#include "core/progress.hpp"

#include <sys/mman.h>
#include <time.h>

#include <new>

#include "mini_container/error.hpp"

namespace mini_container {

namespace {
std::uint64_t jumped_ns = 0;  // by which the clock of this process's time namespace is ahead
}

std::uint64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec) - jumped_ns;
}

KeptClock::~KeptClock() { jumped_ns += monotonic_ns() - before_; }

void Progress::enter(std::uint32_t plugin_index, Hook hook_entered) {
  plugin.store(plugin_index, std::memory_order_relaxed);
  hook.store(static_cast<std::uint32_t>(hook_entered), std::memory_order_relaxed);
  since_ns.store(monotonic_ns(), std::memory_order_release);
}

void Progress::leave(bool keep_span) {
  if (keep_span) {
    const auto index = span_count.load(std::memory_order_relaxed);
    if (index < most_spans) {
      spans[index] = {plugin.load(std::memory_order_relaxed),
                      static_cast<Hook>(hook.load(std::memory_order_relaxed)),
                      since_ns.load(std::memory_order_relaxed), monotonic_ns()};
      span_count.store(index + 1, std::memory_order_release);
    }
  }
  since_ns.store(0, std::memory_order_release);
}

Progress* map_progress() {
  void* memory =
      ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) mc::fail_with(errno, "map the page shared with the child");
  // As it lies: a touched page is a page fault, and the kernel's are zero.
  return static_cast<Progress*>(memory);
}

}  // namespace mini_container
