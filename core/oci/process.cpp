// SPDX-License-Identifier: Apache-2.0
// `process`: who runs what, where and with which rights.
#include <algorithm>
#include <array>

#include "core/oci/translate.hpp"

namespace mini_container::oci {

namespace {

constexpr std::array rlimit_names = {
    "RLIMIT_AS",     "RLIMIT_CORE",   "RLIMIT_CPU",        "RLIMIT_DATA",
    "RLIMIT_FSIZE",  "RLIMIT_LOCKS",  "RLIMIT_MEMLOCK",    "RLIMIT_MSGQUEUE",
    "RLIMIT_NICE",   "RLIMIT_NOFILE", "RLIMIT_NPROC",      "RLIMIT_RSS",
    "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK"};

void translate_user(const Property& user, Value& container) {
  const auto uid = user["uid"] ? user["uid"].integer(0, last_id) : 0;
  const auto gid = user["gid"] ? user["gid"].integer(0, last_id) : 0;
  container.set("user", Value(mc::concat(uid, ':', gid), user.place()));
  List groups;
  for (const Property& group : user["additionalGids"].items())
    groups.emplace_back(std::to_string(group.integer(0, last_id)), group.place());
  if (!groups.empty()) container.set("groups", Value(std::move(groups), user.place()));
  if (const Property umask = user["umask"])
    container.set("umask", Value(umask.integer(0, 0777), umask.place()));
}

void translate_environment(const Property& env, Value& container) {
  Value variables(Table{}, env.place());
  for (const Property& item : env.items()) {
    const std::string text = item.text();
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      item.refuse("'", text.substr(0, 60), "' is not NAME=VALUE");
    if (variables.find(text.substr(0, equals)) != nullptr)
      item.leave_out("the variable is there twice, and the last one counts");
    variables.set(text.substr(0, equals), Value(text.substr(equals + 1), item.place()));
  }
  container.set("env", std::move(variables));
  // The environment is what the configuration says, and HOME where it does not.
  container.set("env_defaults", Value(false, env.place()));
  container.set("env_home", Value(true, env.place()));
}

Value limit_value(const Property& limit) {
  const auto number = limit.large();
  if (number <= static_cast<std::uint64_t>(INT64_MAX))
    return Value(static_cast<std::int64_t>(number), limit.place());
  if (number != UINT64_MAX && !limit.leave_out("it is beyond 2^63, where TOML's integers end"))
    return Value(number, limit.place());
  return Value(std::string("unlimited"), limit.place());
}

void translate_rlimits(const Property& rlimits, Value& tree) {
  for (const Property& rlimit : rlimits.items()) {
    const Property type = rlimit.need("type");
    const std::string name = type.text();
    if (std::ranges::find(rlimit_names, name) == rlimit_names.end())
      type.refuse("there is no resource limit '", name, "'");
    std::string key = name.substr(std::string_view("RLIMIT_").size());
    std::ranges::transform(key, key.begin(), [](char c) { return static_cast<char>(c | 0x20); });
    Value& table = table_of(tree, "rlimits", rlimits.place());
    if (table.find(key) != nullptr) type.refuse("'", name, "' is there twice");
    Value limit(Table{}, rlimit.place());
    limit.set("soft", limit_value(rlimit.need("soft")));
    limit.set("hard", limit_value(rlimit.need("hard")));
    table.set(key, std::move(limit));
  }
}

// "IOPRIO_CLASS_BE" as "be", "SCHED_BATCH" as "batch".
Value lower_word(const Property& property, std::string_view prefix) {
  std::string word = property.text();
  if (!word.starts_with(prefix)) property.refuse("'", word, "' is not known");
  word.erase(0, prefix.size());
  std::ranges::transform(word, word.begin(),
                         [](char c) { return static_cast<char>(c == '_' ? c : c | 0x20); });
  return Value(std::move(word), property.place());
}

Value io_class(const Property& property) {
  const std::string word = property.text();
  for (const auto& [name, option] :
       {std::pair{"IOPRIO_CLASS_RT", "realtime"}, std::pair{"IOPRIO_CLASS_BE", "best_effort"},
        std::pair{"IOPRIO_CLASS_IDLE", "idle"}})
    if (word == name) return Value(std::string(option), property.place());
  property.refuse("there is no class '", word.substr(0, 60), "'");
}

void copy_integer(const Property& from, const char* to, Value& table) {
  if (from) table.set(to, Value(from.integer(), from.place()));
}

void translate_scheduling(const Property& process, Value& tree) {
  const auto table = [&](const Property& asked) -> Value& {
    return table_of(tree, "scheduling", asked.place());
  };
  if (const Property score = process["oomScoreAdj"])
    table(score).set("oom_score_adj", Value(score.integer(-1000, 1000), score.place()));
  if (const Property priority = process["ioPriority"]) {
    Value& out = table(priority);
    out.set("io_class", io_class(priority.need("class")));
    copy_integer(priority["priority"], "io_priority", out);
  }
  if (const Property scheduler = process["scheduler"]) {
    Value& out = table(scheduler);
    out.set("policy", lower_word(scheduler.need("policy"), "SCHED_"));
    copy_integer(scheduler["nice"], "nice", out);
    copy_integer(scheduler["priority"], "priority", out);
    if (const Property flags = scheduler["flags"]) {
      List words;
      for (const Property& flag : flags.items()) words.push_back(lower_word(flag, "SCHED_FLAG_"));
      out.set("flags", Value(std::move(words), flags.place()));
    }
    copy_integer(scheduler["runtime"], "runtime", out);
    copy_integer(scheduler["deadline"], "deadline", out);
    copy_integer(scheduler["period"], "period", out);
  }
}

void translate_memory_policy(const Property& policy, Value& tree) {
  Value& table = table_of(tree, "scheduling", policy.place());
  table.set("memory_policy", lower_word(policy.need("mode"), "MPOL_"));
  if (const Property nodes = policy["nodes"]; nodes && !nodes.text().empty())
    table.set("memory_nodes", nodes.text_value());
  List flags;
  for (const Property& flag : policy["flags"].items()) flags.push_back(lower_word(flag, "MPOL_F_"));
  if (!flags.empty()) table.set("memory_flags", Value(std::move(flags), policy.place()));
}

void translate_personality(const Property& personality, Value& tree) {
  const Property domain = personality.need("domain");
  if (domain.text() != "LINUX" && domain.text() != "LINUX32")
    domain.refuse("'", domain.text().substr(0, 60), "' is not a domain",
                  mc::Hint{"LINUX, LINUX32"});
  if (!personality["flags"].items().empty())
    personality["flags"].refuse("flags of a personality are not supported");
  table_of(tree, "scheduling", personality.place())
      .set("personality",
           Value(std::string(domain.text() == "LINUX" ? "linux" : "linux32"), domain.place()));
}

void translate_lsm(const Property& process, Value& tree) {
  for (const auto& [key, option] :
       {std::pair{"apparmorProfile", "apparmor"}, std::pair{"selinuxLabel", "selinux"}})
    if (const Property label = process[key]; label && !label.text().empty())
      table_of(tree, "lsm", label.place()).set(option, label.text_value());
}

}  // namespace

void translate_capabilities(const Property& capabilities, Value& tree) {
  // What is not given is empty, and what cannot be given is warned of.
  Value& table = table_of(tree, "capabilities", capabilities.place());
  for (const char* set : {"bounding", "permitted", "effective", "inheritable", "ambient"})
    table.set(set, capabilities[set].texts_value());
  table.set("best_effort", Value(true, capabilities.place()));
}

void translate_execution(const Property& linux, Value& tree) {
  if (const Property policy = linux["memoryPolicy"]) translate_memory_policy(policy, tree);
  if (const Property personality = linux["personality"]) translate_personality(personality, tree);
}

void translate_exec_affinity(const Property& affinity, Value& tree) {
  for (const auto& [from, to] :
       {std::pair{"initial", "cpu_affinity_initial"}, std::pair{"final", "cpu_affinity"}})
    if (const Property cpus = affinity[from]; cpus && !cpus.text().empty())
      table_of(tree, "scheduling", affinity.place()).set(to, cpus.text_value());
}

void translate_process(const Property& process, Value& tree) {
  Value& container = table_of(tree, "container", process.place());
  const Property args = process.need("args");
  if (args.items().empty()) args.refuse("it is empty");
  container.set("command", args.texts_value());
  const Property cwd = process.need("cwd");
  if (!cwd.text().starts_with('/'))
    cwd.refuse("'", cwd.text().substr(0, 60), "' is not an absolute path");
  container.set("cwd", cwd.text_value());
  container.set("terminal", Value(process["terminal"].boolean_or(false), process.place()));
  if (const Property size = process["consoleSize"]) {
    Value out(Table{}, size.place());
    out.set("height", Value(size.need("height").integer(0, 65535), size.place()));
    out.set("width", Value(size.need("width").integer(0, 65535), size.place()));
    container.set("terminal_size", std::move(out));
  }
  translate_user(process["user"], container);
  translate_environment(process["env"], container);
  translate_capabilities(process["capabilities"], tree);
  translate_rlimits(process["rlimits"], tree);
  if (process["noNewPrivileges"].boolean_or(false))
    table_of(tree, "no_new_privs", process["noNewPrivileges"].place());
  translate_lsm(process, tree);
  translate_scheduling(process, tree);
}

}  // namespace mini_container::oci
