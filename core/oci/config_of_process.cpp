// SPDX-License-Identifier: Apache-2.0
// [container], [rlimits], [lsm] and [no_new_privs] as `process`.
#include <charconv>
#include <optional>

#include "core/environment.hpp"
#include "core/oci/config_of.hpp"

namespace mini_container::oci {

namespace {

std::optional<std::int64_t> id_of(std::string_view text) {
  std::int64_t id = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data(), end, id);
  if (failed != std::errc() || rest != end || id < 0 || id > last_id) return std::nullopt;
  return id;
}

// Somebody else instead would be worse than nothing.
std::int64_t need_id(const Property& user, std::string_view text) {
  const auto id = id_of(text);
  if (!id)
    user.refuse("'", text.substr(0, 60), "' is a name, and a bundle's user is a number",
                mc::Hint{"look it up in the root's /etc/passwd and write UID:GID"});
  return *id;
}

Value user_of(const Property& container) {
  Value out(Table{});
  const Property user = container["user"];
  const std::string text = user.text();
  const std::size_t colon = text.find(':');
  out.set("uid", Value(need_id(user, text.substr(0, colon))));
  if (colon == text.npos && text != "0")
    user.refuse("a bundle's user has a group, and '", text, "' leaves it to the root's /etc/passwd",
                mc::Hint{"write UID:GID"});
  out.set("gid", Value(colon == text.npos ? 0 : need_id(user, text.substr(colon + 1))));
  List groups;
  for (const Property& group : container["groups"].items())
    if (const auto id = id_of(group.text()))
      groups.emplace_back(*id);
    else
      group.leave_out("it is a name, and a bundle's groups are numbers");
  if (!groups.empty()) out.set("additionalGids", Value(std::move(groups)));
  if (const Property umask = container["umask"]; !is_default(umask.place()))
    out.set("umask", umask.value());
  return out;
}

Value environment_of(const Property& container) {
  const Property env = container["env"];
  const bool defaults = container["env_defaults"].boolean();
  List out;
  bool has_path = false, has_term = false, has_home = false;
  for (const auto& [name, value] : env.members()) {
    has_path = has_path || name == "PATH";
    has_term = has_term || name == "TERM";
    has_home = has_home || name == "HOME";
    out.emplace_back(name + "=" + value.text());
  }
  if (defaults && !has_path) out.emplace_back(std::string("PATH=") + default_path);
  if (defaults && !has_term) out.emplace_back(std::string("TERM=xterm"));
  const Property home = container["env_home"];
  if (!home.boolean_or(defaults) && !has_home)
    (home ? home : container["env_defaults"]).leave_out("a bundle's process always has HOME");
  return Value(std::move(out));
}

Value limit_value(const Property& limit) {
  const Value value = limit.value();
  if (value.as<std::string>() != nullptr) return large_value(UINT64_MAX, limit.place());
  return value;
}

void add_rlimits(const Property& rlimits, Value& process) {
  List out;
  for (const auto& [name, limit] : rlimits.members()) {
    const Property soft = limit["soft"], hard = limit["hard"];
    if (!soft && !hard) continue;
    Value entry(Table{});
    entry.set("type", Value(upper_word("RLIMIT_", name)));
    entry.set("soft", limit_value(soft ? soft : hard));
    entry.set("hard", limit_value(hard ? hard : soft));
    out.push_back(std::move(entry));
  }
  if (!out.empty()) process.set("rlimits", Value(std::move(out)));
}

void leave_out_callers_matters(const Property& container) {
  leave_out_if(container["id"], "it is given to `create` and `run`");
  leave_out_if(container["hook_timeout"], "a bundle does not say how long a plugin may take");
  if (const Property passed = container["env_pass"]; !passed.items().empty())
    passed.leave_out("a bundle takes no variables of its caller's");
  if (const Property kept = container["keep_fds"]; !kept.items().empty())
    kept.leave_out("it is --preserve-fds of `create` and `run`");
}

}  // namespace

void add_process(const Property& launch, Value& config) {
  const Property container = launch["container"];
  Value process(Table{});
  process.set("terminal", container["terminal"].value());
  if (const Property size = container["terminal_size"]) process.set("consoleSize", size.value());
  process.set("user", user_of(container));
  const Property command = container["command"];
  if (command.items().empty())
    mc::fail(container.place().text(), ": container.command: a bundle says what is run",
             mc::Hint{"add it to the launch file"});
  process.set("args", command.value());
  process.set("env", environment_of(container));
  process.set("cwd", container["cwd"].value());
  add_capabilities(launch["capabilities"], process);
  add_rlimits(launch["rlimits"], process);
  if (const Property promise = launch["no_new_privs"]["enabled"]; promise && promise.boolean())
    process.set("noNewPrivileges", Value(true));
  const Property lsm = launch["lsm"];
  copy_value(lsm["apparmor"], "apparmorProfile", process);
  copy_value(lsm["selinux"], "selinuxLabel", process);
  if (const Property optional = lsm["optional"]; optional && optional.boolean())
    optional.leave_out("a label that cannot be set is an error there");
  config.set("process", std::move(process));
  if (const Property label = lsm["mount_label"])
    table_of(config, "linux", label.place()).set("mountLabel", label.value());
  if (const Property scheduling = launch["scheduling"]) add_scheduling(scheduling, config);
  leave_out_callers_matters(container);
}

}  // namespace mini_container::oci
