// SPDX-License-Identifier: Apache-2.0
// A time namespace: the boot-time and monotonic clocks, shifted. time_namespaces(7).
#include <string>

#include "mini_container/namespace_file.hpp"
#include "mini_container/plugin.hpp"

namespace {

constexpr std::int64_t nanoseconds_in_a_second = 1'000'000'000;
// The kernel keeps every clock between 0 and half of what 64 bits of nanoseconds hold
// (KTIME_SEC_MAX / 2, some 146 years), offset included.
constexpr std::int64_t farthest_offset = 4'611'686'018;

constexpr mc_option options[] = {
    mc::option({.type = MC_INT,
                .key = "boottime",
                .help = "Seconds to add to the boot-time clock (and so to the uptime); may be "
                        "negative",
                .default_text = "0",
                .minimum = -farthest_offset,
                .maximum = farthest_offset,
                .value_name = "SECONDS"}),
    mc::option({.type = MC_INT,
                .key = "boottime_nanosecs",
                .help = "Nanoseconds to add to the boot-time clock on top of the seconds",
                .default_text = "0",
                .minimum = 0,
                .maximum = nanoseconds_in_a_second - 1,
                .value_name = "NANOSECONDS"}),
    mc::option({.type = MC_INT,
                .key = "monotonic",
                .help = "Seconds to add to the monotonic clock; may be negative",
                .default_text = "0",
                .minimum = -farthest_offset,
                .maximum = farthest_offset,
                .value_name = "SECONDS"}),
    mc::option({.type = MC_INT,
                .key = "monotonic_nanosecs",
                .help = "Nanoseconds to add to the monotonic clock on top of the seconds",
                .default_text = "0",
                .minimum = 0,
                .maximum = nanoseconds_in_a_second - 1,
                .value_name = "NANOSECONDS"}),
    mc::option({.type = MC_PATH,
                .key = "join",
                .help = "A time namespace to join instead of making one: /proc/PID/ns/time"}),
};

class Time {
 public:
  explicit Time(const mc::Host& host) : config_(host.config()), join_(config_["join"]) {
    if (join_ && shifts())
      mc::fail(join_.where(), ": the offsets of a time namespace that is joined are fixed",
               mc::Hint{"leave them out, or make a namespace in place of joining one"});
  }

  void plan(mc::Host& host) {
    if (!join_) {
      host.new_namespace(CLONE_NEWTIME);
      return;
    }
    const mc::Fd space = mc::open_namespace(join_.text(), CLONE_NEWTIME, join_.where());
    host.join_namespace(CLONE_NEWTIME, space.get(), join_);
  }

  // The offsets of a namespace can be written until the first process is in it; the child waits
  // with the new one as its children's.
  void post_clone(mc::Host& host, const mc::Call& call) {
    if (!shifts()) return;
    const std::string path = mc::concat("/proc/", call->pid, "/timens_offsets");
    std::string text;
    for (const char* clock : {"monotonic", "boottime"}) {
      const std::string fraction = mc::concat(clock, "_nanosecs");
      text += mc::concat(clock, ' ', config_.integer(clock), ' ', config_.integer(fraction.c_str()),
                         '\n');
    }
    host.debug("write '", path, "': ", text.substr(0, text.size() - 1));
    const mc::Fd file(mc::check(::open(path.c_str(), O_WRONLY | O_CLOEXEC), "open '", path, "'"));
    if (::write(file.get(), text.data(), text.size()) < 0) {
      if (errno == ERANGE)
        mc::fail_with(ERANGE, "shift the clocks: monotonic ", config_.integer("monotonic"),
                      " s, boottime ", config_.integer("boottime"), " s",
                      mc::Hint{"a clock may neither fall below zero (an offset cannot be more "
                               "negative than the host's uptime) nor pass 4611686018 s"});
      mc::fail_with(errno, "write the clock offsets to '", path, "'");
    }
  }

 private:
  [[nodiscard]] bool shifts() const {
    return config_.integer("boottime") != 0 || config_.integer("monotonic") != 0 ||
           config_.integer("boottime_nanosecs") != 0 || config_.integer("monotonic_nanosecs") != 0;
  }

  mc::Node config_;
  mc::Node join_;
};

}  // namespace

MC_PLUGIN(Time, {.name = "time",
                 .summary = "Time namespace: offsets of the boot-time and monotonic clocks",
                 .namespaces = CLONE_NEWTIME,
                 .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_KEEPS_ROOT,
                 .options = options})
