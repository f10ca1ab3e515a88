// SPDX-License-Identifier: Apache-2.0
// [capabilities] and [scheduling]: what the process may do, and how it is treated.
#include <sys/prctl.h>

#include <algorithm>

#include "core/oci/config_of.hpp"
#include "mini_container/capability_names.hpp"

namespace mini_container::oci {

namespace {

using Names = std::vector<std::string>;

// What the plugin leaves where it is told nothing; tests/oci/convert looks whether it is still so.
constexpr const char* kept_by_default[] = {
    "CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FOWNER",  "CAP_FSETID",           "CAP_KILL",
    "CAP_SETGID", "CAP_SETUID",       "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
    "CAP_SETFCAP"};

// Of a process that keeps what its caller has. Other runtimes refuse to give what is not there.
Names names_at_hand() {
  Names out;
  for (std::size_t number = 0; number < std::size(mc::capability_names); ++number)
    if (::prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1)
      out.emplace_back(mc::capability_names[number]);
  return out;
}

Names names_of(const Property& list) {
  Names out;
  for (const Property& name : list.items()) {
    const std::string text = name.text();
    if (text == "all") return names_at_hand();
    out.push_back(upper_word("CAP_", text));
  }
  return out;
}

Names names_or(const Property& list, const Names& otherwise) {
  return list ? names_of(list) : otherwise;
}

Value texts(const Names& names) {
  List out;
  for (const auto& name : names) out.emplace_back(name);
  return Value(std::move(out));
}

void add_scheduler(const Property& scheduling, Value& process) {
  const Property policy = scheduling["policy"];
  if (!policy && !scheduling["nice"]) return;
  Value out(Table{});
  out.set("policy",
          Value(policy ? upper_word("SCHED_", policy.text()) : std::string("SCHED_OTHER")));
  for (const char* key : {"nice", "priority", "runtime", "deadline", "period"})
    copy_value(scheduling[key], key, out);
  if (const Property flags = scheduling["flags"])
    out.set("flags", upper_words("SCHED_FLAG_", flags));
  process.set("scheduler", std::move(out));
}

void add_io_priority(const Property& scheduling, Value& process) {
  const Property io_class = scheduling["io_class"];
  if (!io_class) return;
  const std::string word = io_class.text();
  Value out(Table{});
  out.set("class", Value(std::string(word == "realtime"      ? "IOPRIO_CLASS_RT"
                                     : word == "best_effort" ? "IOPRIO_CLASS_BE"
                                                             : "IOPRIO_CLASS_IDLE")));
  const Property priority = scheduling["io_priority"];
  // What the plugin gives where it is told nothing; the idle class has none.
  const std::int64_t usual = word == "idle" ? 0 : 4;
  out.set("priority", priority ? priority.value() : Value(usual));
  process.set("ioPriority", std::move(out));
}

void add_memory_policy(const Property& scheduling, Value& config) {
  const Property policy = scheduling["memory_policy"];
  if (!policy) return;
  Value out(Table{});
  out.set("mode", Value(upper_word("MPOL_", policy.text())));
  copy_value(scheduling["memory_nodes"], "nodes", out);
  if (const Property flags = scheduling["memory_flags"])
    out.set("flags", upper_words("MPOL_F_", flags));
  table_of(config, "linux", policy.place()).set("memoryPolicy", std::move(out));
}

}  // namespace

void add_capabilities(const Property& capabilities, Value& process) {
  Value out(Table{});
  if (!capabilities) {
    // Without the table the command keeps what its caller has; a bundle has what it lists.
    for (const char* set : {"bounding", "effective", "permitted"})
      out.set(set, texts(names_at_hand()));
    process.set("capabilities", std::move(out));
    return;
  }
  Names base =
      names_or(capabilities["keep"], {std::begin(kept_by_default), std::end(kept_by_default)});
  const Names dropped = names_of(capabilities["drop"]);
  std::erase_if(base, [&](const std::string& name) {
    return std::ranges::find(dropped, name) != dropped.end();
  });
  const Names permitted = names_or(capabilities["permitted"], base);
  out.set("bounding", texts(names_or(capabilities["bounding"], base)));
  out.set("effective", texts(names_or(capabilities["effective"], permitted)));
  out.set("permitted", texts(permitted));
  for (const char* set : {"inheritable", "ambient"})
    if (const Names names = names_of(capabilities[set]); !names.empty()) out.set(set, texts(names));
  if (const Property bits = capabilities["securebits"]; !bits.items().empty())
    bits.leave_out("a bundle has no securebits");
  // There, what cannot be given is always warned of.
  if (const Property effort = capabilities["best_effort"]) static_cast<void>(effort.boolean());
  process.set("capabilities", std::move(out));
}

void add_scheduling(const Property& scheduling, Value& config) {
  Value& process = *config.find("process");
  copy_value(scheduling["oom_score_adj"], "oomScoreAdj", process);
  add_io_priority(scheduling, process);
  add_scheduler(scheduling, process);
  add_memory_policy(scheduling, config);
  if (const Property domain = scheduling["personality"]) {
    Value out(Table{});
    out.set("domain", Value(std::string(domain.text() == "linux32" ? "LINUX32" : "LINUX")));
    table_of(config, "linux", domain.place()).set("personality", std::move(out));
  }
  for (const char* key : {"cpu_affinity_initial", "cpu_affinity"})
    leave_out_if(scheduling[key],
                 "a bundle has it for `exec` alone, and resources.cpu.cpus for all");
}

}  // namespace mini_container::oci
