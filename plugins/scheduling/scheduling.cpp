// SPDX-License-Identifier: Apache-2.0
// How the kernel treats the process: CPU and I/O scheduling, affinity, memory policy, who dies
// first when memory runs out. sched(7).
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "mini_container/own_proc.hpp"
#include "mini_container/plugin.hpp"
#include "numbers.hpp"

namespace {

#ifndef MPOL_WEIGHTED_INTERLEAVE
#define MPOL_WEIGHTED_INTERLEAVE 6
#endif
#ifndef MPOL_F_NUMA_BALANCING
#define MPOL_F_NUMA_BALANCING (1 << 13)
#endif
#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

// sched_setattr(2); the C library has no declaration of it.
struct Attributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime;
  std::uint64_t deadline;
  std::uint64_t period;
};

struct Word {
  const char* name;
  std::uint64_t value;
};

constexpr const char* policies[] = {"other", "fifo", "rr",       "batch",
                                    "iso",   "idle", "deadline", nullptr};
constexpr Word policy_values[] = {
    {"other", SCHED_OTHER},      {"fifo", SCHED_FIFO}, {"rr", SCHED_RR},
    {"batch", SCHED_BATCH},      {"iso", 4},           {"idle", SCHED_IDLE},
    {"deadline", SCHED_DEADLINE}};
constexpr const char* flags[] = {"reset_on_fork", "reclaim",        "dl_overrun",     "keep_policy",
                                 "keep_params",   "util_clamp_min", "util_clamp_max", nullptr};
constexpr Word flag_values[] = {{"reset_on_fork", 0x01}, {"reclaim", 0x02},
                                {"dl_overrun", 0x04},    {"keep_policy", 0x08},
                                {"keep_params", 0x10},   {"util_clamp_min", 0x20},
                                {"util_clamp_max", 0x40}};
// ioprio_set(2). Not from <linux/ioprio.h>: newer ones do not compile as C++.
constexpr int io_class_shift = 13;
constexpr int io_of_a_process = 1;
constexpr const char* io_classes[] = {"realtime", "best_effort", "idle", nullptr};
constexpr Word io_values[] = {{"realtime", 1}, {"best_effort", 2}, {"idle", 3}};
constexpr const char* personalities[] = {"linux", "linux32", nullptr};
constexpr const char* memory_policies[] = {
    "default",        "preferred",           "bind", "interleave", "local",
    "preferred_many", "weighted_interleave", nullptr};
constexpr Word memory_values[] = {{"default", MPOL_DEFAULT},
                                  {"preferred", MPOL_PREFERRED},
                                  {"bind", MPOL_BIND},
                                  {"interleave", MPOL_INTERLEAVE},
                                  {"local", MPOL_LOCAL},
                                  {"preferred_many", MPOL_PREFERRED_MANY},
                                  {"weighted_interleave", MPOL_WEIGHTED_INTERLEAVE}};
constexpr const char* memory_flags[] = {"static_nodes", "relative_nodes", "numa_balancing",
                                        nullptr};
constexpr Word memory_flag_values[] = {{"static_nodes", MPOL_F_STATIC_NODES},
                                       {"relative_nodes", MPOL_F_RELATIVE_NODES},
                                       {"numa_balancing", MPOL_F_NUMA_BALANCING}};

constexpr mc_option number(const char* key, const char* help, std::int64_t minimum,
                           std::int64_t maximum, const char* value_name = nullptr) {
  return mc::option({.type = MC_INT,
                     .key = key,
                     .help = help,
                     .minimum = minimum,
                     .maximum = maximum,
                     .value_name = value_name});
}
constexpr mc_option choice(const char* key, const char* help, const char* const* choices) {
  return mc::option({.type = MC_CHOICE, .key = key, .help = help, .choices = choices});
}
constexpr mc_option numbers(const char* key, const char* help) {
  return mc::option({.type = MC_STRING,
                     .key = key,
                     .help = help,
                     .minimum = 1,
                     .maximum = 4096,
                     .value_name = "LIST"});
}
constexpr mc_option choices(const char* key, const char* help, const char* const* words) {
  return mc::option(
      {.type = MC_LIST, .element = MC_CHOICE, .key = key, .help = help, .choices = words});
}

constexpr mc_option options[] = {
    number("oom_score_adj", "Who is killed when memory runs out: -1000 never, 1000 first", -1000,
           1000),
    number("nice", "Share of CPU time of the usual policies: -20 the most, 19 the least", -20, 19),
    choice("policy", "The scheduling policy", policies),
    number("priority", "Priority of the fifo and rr policies, 1 to 99", 0, 99),
    choices("flags", "Flags of sched_setattr(2)", flags),
    number("runtime", "CPU time in each period of the deadline policy", 0, INT64_MAX,
           "NANOSECONDS"),
    number("deadline", "By when in each period it is to be had", 0, INT64_MAX, "NANOSECONDS"),
    number("period", "The period; the deadline where left out", 0, INT64_MAX, "NANOSECONDS"),
    choice("io_class", "The input/output scheduling class", io_classes),
    number("io_priority", "Priority in that class: 0 the highest, 7 the lowest; 4 where left out",
           0, 7),
    numbers("cpu_affinity_initial", "The CPUs it may run on while the container is prepared"),
    numbers("cpu_affinity", "The CPUs the program may run on: 0-3,7"),
    choice("personality", "The execution domain: linux32 says that the machine has 32 bits",
           personalities),
    choice("memory_policy", "From which memory nodes it allocates", memory_policies),
    numbers("memory_nodes", "The memory nodes of the policy: 0-1"),
    choices("memory_flags", "Flags of set_mempolicy(2)", memory_flags),
};

template <std::size_t Size>
std::uint64_t value_of(const Word (&words)[Size], const std::string& name) {
  for (const Word& word : words)
    if (name == word.name) return word.value;
  mc::fail("'", name, "' is not known");
}

class Scheduling {
 public:
  explicit Scheduling(const mc::Host& host) : config_(host.config()) {
    read_policy();
    if (config_.has("io_priority") && !config_.has("io_class"))
      mc::fail(config_["io_priority"].where(), ": io_priority needs io_class beside it");
    if (const mc::Node initial = config_["cpu_affinity_initial"])
      initial_ = scheduling::read_numbers(initial.text(), initial.where());
    if (const mc::Node final = config_["cpu_affinity"])
      final_ = scheduling::read_numbers(final.text(), final.where());
    read_memory_policy();
  }

  // The child cannot do it later: undumpable, it does not own its files in /proc.
  void pre_clone(mc::Host& host, const mc::Call&) {
    if (!config_["oom_score_adj"]) host.skip("post_clone");
  }

  void post_clone(mc::Host& host, const mc::Call& call) {
    const mc::Node score = config_["oom_score_adj"];
    if (!score) return;
    const std::string path = mc::concat("/proc/", call->pid, "/oom_score_adj");
    host.debug("write ", score.integer(), " to '", path, "'");
    write_score(mc::Fd(mc::check(::open(path.c_str(), O_WRONLY | O_CLOEXEC), score.where(),
                                 ": open '", path, "'")),
                score);
  }

  void before_pivot(mc::Host&, const mc::Call&) { set_affinity(initial_, "cpu_affinity_initial"); }

  void join(mc::Host& host, const mc::Call&) {
    set_affinity(initial_, "cpu_affinity_initial");
    if (const mc::Node score = config_["oom_score_adj"]) set_own_score(host, score);
  }

  void seal(mc::Host&, const mc::Call&) {
    if (!final_.empty())
      set_affinity(final_, "cpu_affinity");
    else if (!initial_.empty())
      leave_initial_affinity();
    set_io_priority();
    set_memory_policy();
    if (const mc::Node domain = config_["personality"])
      mc::check(::personality(domain.text() == "linux32" ? PER_LINUX32 : PER_LINUX), domain.where(),
                ": set the personality '", domain.text(), "'");
    // Last: a real-time policy would also hurry what comes before.
    set_policy();
  }

 private:
  void read_policy() {
    const mc::Node policy = config_["policy"];
    const bool real_time = policy && (policy.text() == "fifo" || policy.text() == "rr");
    const bool deadline = policy && policy.text() == "deadline";
    if (config_.integer("priority") != 0 && !real_time)
      mc::fail(config_["priority"].where(), ": priority is for the policies fifo and rr",
               mc::Hint{"use nice for the others"});
    if (real_time && config_.integer("priority") == 0)
      mc::fail(policy.where(), ": the policy '", policy.text(), "' needs a priority",
               mc::Hint{"give it a priority of 1 to 99"});
    for (const char* key : {"runtime", "deadline", "period"})
      if (config_.integer(key) != 0 && !deadline)
        mc::fail(config_[key].where(), ": ", key, " is for the policy deadline");
    if (deadline && (config_.integer("runtime") == 0 || config_.integer("deadline") == 0))
      mc::fail(policy.where(), ": the policy deadline needs runtime and deadline");
    if (deadline && config_.integer("runtime") > config_.integer("deadline"))
      mc::fail(config_["runtime"].where(), ": runtime is more than the deadline");
    if (config_["flags"].size() > 0 && !policy)
      mc::fail(config_["flags"].where(), ": flags need a policy beside them");
  }

  void read_memory_policy() {
    const mc::Node policy = config_["memory_policy"];
    const mc::Node nodes = config_["memory_nodes"];
    if ((nodes || config_["memory_flags"].size() > 0) && !policy)
      mc::fail((nodes ? nodes : config_["memory_flags"]).where(),
               ": memory_nodes and memory_flags need memory_policy beside them");
    if (!policy) return;
    const std::string mode = policy.text();
    const bool takes_nodes = mode != "default" && mode != "local";
    if (nodes && !takes_nodes)
      mc::fail(nodes.where(), ": the memory policy '", mode, "' takes no nodes");
    if (!nodes && takes_nodes && mode != "preferred")
      mc::fail(policy.where(), ": the memory policy '", mode, "' needs memory_nodes");
    if (nodes) nodes_ = scheduling::read_numbers(nodes.text(), nodes.where());
  }

  // To what the cgroup's cpuset allows: the kernel leaves out the rest.
  static void leave_initial_affinity() {
    cpu_set_t all;
    std::memset(&all, 0xff, sizeof all);
    mc::check(::sched_setaffinity(0, sizeof all, &all), "run on every CPU of the cgroup's cpuset");
  }

  void set_affinity(const std::vector<unsigned long>& cpus, const char* key) const {
    if (cpus.empty()) return;
    if (::sched_setaffinity(0, cpus.size() * sizeof(unsigned long),
                            reinterpret_cast<const cpu_set_t*>(cpus.data())) == 0)
      return;
    mc::fail_with(errno, config_[key].where(), ": run on the CPUs ", config_.text(key),
                  mc::Hint{errno == EINVAL ? "this machine, or the cgroup's cpuset, has none of "
                                             "them"
                                           : ""});
  }

  void set_policy() const {
    const mc::Node policy = config_["policy"];
    const mc::Node nice = config_["nice"];
    if (!policy) {
      if (!nice) return;
      mc::check(::setpriority(PRIO_PROCESS, 0, static_cast<int>(nice.integer())), nice.where(),
                ": set the nice value ", nice.integer(), rights_hint());
      return;
    }
    Attributes attributes{};
    attributes.size = sizeof attributes;
    attributes.policy = static_cast<std::uint32_t>(value_of(policy_values, policy.text()));
    attributes.nice = static_cast<std::int32_t>(config_.integer("nice"));
    attributes.priority = static_cast<std::uint32_t>(config_.integer("priority"));
    attributes.runtime = static_cast<std::uint64_t>(config_.integer("runtime"));
    attributes.deadline = static_cast<std::uint64_t>(config_.integer("deadline"));
    attributes.period = static_cast<std::uint64_t>(config_.integer("period"));
    for (const std::string& flag : config_.texts("flags"))
      attributes.flags |= value_of(flag_values, flag);
    if (::syscall(SYS_sched_setattr, 0, &attributes, 0) == 0) return;
    mc::fail_with(errno, policy.where(), ": set the scheduling policy '", policy.text(), "'",
                  errno == EINVAL ? mc::Hint{"this kernel has no such policy, or not with these "
                                             "values"}
                                  : rights_hint());
  }

  void set_io_priority() const {
    const mc::Node io_class = config_["io_class"];
    if (!io_class) return;
    // The idle class has no priorities.
    const std::int64_t usual = io_class.text() == "idle" ? 0 : 4;
    const auto priority = config_.has("io_priority") ? config_.integer("io_priority") : usual;
    const auto value = value_of(io_values, io_class.text()) << io_class_shift |
                       static_cast<std::uint64_t>(priority);
    mc::check(::syscall(SYS_ioprio_set, io_of_a_process, 0, value), io_class.where(),
              ": set the input/output class '", io_class.text(), "'", rights_hint());
  }

  void set_memory_policy() const {
    const mc::Node policy = config_["memory_policy"];
    if (!policy) return;
    auto mode = value_of(memory_values, policy.text());
    for (const std::string& flag : config_.texts("memory_flags"))
      mode |= value_of(memory_flag_values, flag);
    // The kernel takes one bit less than it is told: set_mempolicy(2), notes.
    const auto bits = nodes_.empty() ? 0 : nodes_.size() * sizeof(unsigned long) * 8;
    // More nodes than the kernel is built for is an error, unless they are all zero.
    mc::check(::syscall(SYS_set_mempolicy, mode, nodes_.empty() ? nullptr : nodes_.data(), bits),
              policy.where(), ": set the memory policy '", policy.text(), "' on the nodes ",
              nodes_.empty() ? "(none)" : config_.text("memory_nodes"),
              mc::Hint{"the nodes must be online and allowed by the cgroup's cpuset"});
  }

  static mc::Hint rights_hint() {
    return mc::Hint{
        "more than the usual needs CAP_SYS_NICE outside of "
        "user namespaces"};
  }

  static void write_score(const mc::Fd& file, const mc::Node& score) {
    const std::string text = mc::concat(score.integer());
    mc::check(::write(file.get(), text.data(), text.size()), score.where(),
              ": set oom_score_adj to ", text,
              mc::Hint{"less than it was needs CAP_SYS_RESOURCE outside of user namespaces"});
  }

  // In a running container, where /proc is the container's.
  static void set_own_score(const mc::Host& host, const mc::Node& score) {
    constexpr const char* path = "self/oom_score_adj";
    char now[16] = {};
    const mc::Fd file = mc::open_in_proc(path, O_RDONLY);
    mc::check(::read(file.get(), now, sizeof now - 1), "read '/proc/", path, "'");
    if (now == mc::concat(score.integer(), '\n')) return;
    host.debug("write ", score.integer(), " to '/proc/", path, "'");
    write_score(mc::open_in_proc(path, O_WRONLY), score);
  }

  mc::Node config_;
  std::vector<unsigned long> initial_;
  std::vector<unsigned long> final_;
  std::vector<unsigned long> nodes_;
};

constexpr const char* after[] = {"user", "cgroup", nullptr};
// What takes rights away would take these.
constexpr const char* before[] = {"capabilities", "no_new_privs", "landlock", "seccomp", nullptr};

}  // namespace

MC_PLUGIN(Scheduling,
          {.name = "scheduling",
           .summary = "CPU and I/O scheduling, affinity, memory policy, OOM score",
           .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_KEEPS_ROOT | MC_PLUGIN_SHARES_MEMORY,
           .options = options,
           .after = after,
           .before = before})
