// SPDX-License-Identifier: Apache-2.0
// Resource limits of the command: getrlimit(2).
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <iterator>

#include "mini_container/plugin.hpp"

namespace rlimits {

namespace {

struct Resource {
  const char* key;
  int number;
  const char* help;
};

// Every RLIMIT_ of the kernel, by its number.
constexpr Resource resources[] = {
    {"cpu", RLIMIT_CPU, "Seconds of processor time"},
    {"fsize", RLIMIT_FSIZE, "Bytes of a file that is written"},
    {"data", RLIMIT_DATA, "Bytes of the data segment"},
    {"stack", RLIMIT_STACK, "Bytes of the stack"},
    {"core", RLIMIT_CORE, "Bytes of a core dump"},
    {"rss", RLIMIT_RSS, "Bytes of resident memory (the kernel takes no notice)"},
    {"nproc", RLIMIT_NPROC, "Processes and threads of the user"},
    {"nofile", RLIMIT_NOFILE, "One more than the highest descriptor"},
    {"memlock", RLIMIT_MEMLOCK, "Bytes of locked memory"},
    {"as", RLIMIT_AS, "Bytes of address space"},
    {"locks", RLIMIT_LOCKS, "File locks (the kernel takes no notice)"},
    {"sigpending", RLIMIT_SIGPENDING, "Signals that wait for the user's processes"},
    {"msgqueue", RLIMIT_MSGQUEUE, "Bytes of POSIX message queues of the user"},
    {"nice", RLIMIT_NICE, "20 less the lowest nice value"},
    {"rtprio", RLIMIT_RTPRIO, "The highest real-time priority"},
    {"rttime", RLIMIT_RTTIME, "Microseconds of real-time work without a pause"},
};
static_assert(std::size(resources) == RLIM_NLIMITS);

struct Limit {
  const Resource* resource;
  rlim64_t soft;
  rlim64_t hard;
  std::string where;
};

std::string shown(rlim64_t value) {
  return value == RLIM64_INFINITY ? "unlimited" : std::to_string(value);
}

// A bundle has numbers of 2^63 and more too, as negative ones here.
rlim64_t read_value(const mc::Node& node) {
  return node.is_word() ? RLIM64_INFINITY : static_cast<rlim64_t>(node.integer());
}

rlimit64 current(const Resource& resource) {
  rlimit64 out{};
  mc::check(::prlimit64(0, static_cast<__rlimit_resource>(resource.number), nullptr, &out),
            "read the limit ", resource.key);
  return out;
}

bool has_sys_resource() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  mc::check(::syscall(SYS_capget, &header, data.data()), "read this process's capabilities");
  return (data[0].effective & (1U << CAP_SYS_RESOURCE)) != 0;
}

}  // namespace

class Rlimits {
 public:
  explicit Rlimits(const mc::Host& host) {
    const mc::Node config = host.config();
    for (const Resource& resource : resources) {
      const mc::Node table = config[resource.key];
      if (!table || (!table.has("soft") && !table.has("hard"))) continue;
      const mc::Node soft = table.has("soft") ? table["soft"] : table["hard"];
      const mc::Node hard = table.has("hard") ? table["hard"] : table["soft"];
      const Limit limit{&resource, read_value(soft), read_value(hard), table.where()};
      if (limit.soft > limit.hard)
        mc::fail(limit.where, ": rlimits.", resource.key, ": the soft limit ", shown(limit.soft),
                 " is above the hard limit ", shown(limit.hard));
      limits_.push_back(limit);
    }
  }

  /// The child inherits our limits, so that what cannot be given is known before it is made.
  void pre_clone(mc::Host& host, const mc::Call&) {
    for (const Limit& limit : limits_) {
      const rlimit64 now = current(*limit.resource);
      if (limit.hard <= now.rlim_max) continue;
      if (!has_sys_resource())
        mc::fail_with(EPERM, limit.where, ": raise the hard limit ", limit.resource->key, " from ",
                      shown(now.rlim_max), " to ", shown(limit.hard),
                      mc::Hint{"the runtime has no CAP_SYS_RESOURCE: stay within its own limits, "
                               "or start it with higher ones"});
      raise_ = true;
    }
    if (!raise_) host.skip("post_clone");
  }

  /// In a user namespace CAP_SYS_RESOURCE does not reach beyond the host's limits; ours does.
  void post_clone(mc::Host&, const mc::Call& call) {
    if (!raise_) return;
    for (const Limit& limit : limits_) {
      rlimit64 now = current(*limit.resource);
      if (limit.hard <= now.rlim_max) continue;
      now.rlim_max = limit.hard;
      set(call->pid, limit, now);
    }
  }

  void seal(mc::Host&, const mc::Call&) {
    for (const Limit& limit : limits_) set(0, limit, {limit.soft, limit.hard});
  }

 private:
  static void set(pid_t pid, const Limit& limit, const rlimit64& value) {
    const char* hint = "";
    if (limit.resource->number == RLIMIT_NOFILE)
      hint = "the kernel's own bound is the sysctl fs.nr_open";
    mc::check(
        ::prlimit64(pid, static_cast<__rlimit_resource>(limit.resource->number), &value, nullptr),
        limit.where, ": set the limit ", limit.resource->key, " to soft ", shown(value.rlim_cur),
        ", hard ", shown(value.rlim_max), mc::Hint{hint});
  }

  std::vector<Limit> limits_;
  bool raise_ = false;
};

namespace {

constexpr const char* unlimited[] = {"unlimited", nullptr};

// Which contributes, and so would call for a post_clone that was skipped before.
constexpr const char* after[] = {"cgroup", nullptr};

constexpr mc_option fields[] = {
    mc::option({.type = MC_SIZE,
                .key = "soft",
                .help = "The limit; the hard one where it is left out",
                .choices = unlimited}),
    mc::option({.type = MC_SIZE,
                .key = "hard",
                .help = "What the command may raise the limit to; the soft one where it is left "
                        "out",
                .choices = unlimited}),
};

constexpr auto options = [] {
  std::array<mc_option, std::size(resources)> out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = mc::option(
        {.type = MC_TABLE, .key = resources[i].key, .help = resources[i].help, .fields = fields});
  return out;
}();

}  // namespace

}  // namespace rlimits

MC_PLUGIN(rlimits::Rlimits,
          {.name = "rlimits",
           .summary = "Resource limits of the command",
           .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_KEEPS_ROOT | MC_PLUGIN_SHARES_MEMORY,
           .options = rlimits::options,
           .after = rlimits::after})
