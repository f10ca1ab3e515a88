// SPDX-License-Identifier: Apache-2.0
// [seccomp], [hooks] and [devices].
#include "core/json.hpp"
#include "core/oci/config_of.hpp"

namespace mini_container::oci {

namespace {

constexpr std::int64_t second = 1'000'000;  // microseconds, as durations are kept

Value argument_value(const Property& number) {
  return large_value(static_cast<std::uint64_t>(number.integer()), number.place());
}

Value rule_of(const Property& rule) {
  Value out(Table{});
  List names;
  for (const Property& name : rule["names"].items())
    if (name.text().starts_with('@'))
      name.leave_out("a bundle has no groups of system calls");
    else
      names.push_back(name.text_value());
  out.set("names", Value(std::move(names)));
  const std::string action = upper_word("SCMP_ACT_", rule["action"].text());
  out.set("action", Value(action));
  // The message of a trace, too.
  const Property number = rule["errno"];
  if (!is_default(number.place())) out.set("errnoRet", number.value());
  List arguments;
  for (const Property& argument : rule["args"].items()) {
    Value entry(Table{});
    entry.set("index", argument["index"].value());
    entry.set("value", argument_value(argument["value"]));
    if (const auto two = argument["value_two"]; two.integer() != 0)
      entry.set("valueTwo", argument_value(two));
    entry.set("op", Value(upper_word("SCMP_CMP_", argument["op"].text())));
    arguments.push_back(std::move(entry));
  }
  if (!arguments.empty()) out.set("args", Value(std::move(arguments)));
  return out;
}

Value program_of(const Property& hook) {
  Value out(Table{});
  out.set("path", hook["path"].value());
  if (hook["args"]) out.set("args", hook["args"].value());
  if (hook["env"] && !hook["env"].items().empty()) out.set("env", hook["env"].value());
  const Property timeout = hook["timeout"];
  const Value value = timeout.value();
  if (const auto* time = value.as<std::int64_t>()) {
    if (*time % second != 0)
      timeout.leave_out("a bundle has whole seconds; the next one is written");
    out.set("timeout", Value((*time + second - 1) / second));
  }
  return out;
}

}  // namespace

void add_seccomp(const Property& seccomp, Value& config) {
  const Property base = seccomp["base"], profile = seccomp["profile"];
  if (profile || base.text() != "none")
    return void((profile ? profile : seccomp)
                    .leave_out("a bundle lists every rule, and these are the plugin's; set base = "
                               "\"none\" and list them"));
  Value out(Table{});
  const Property action = seccomp["default_action"];
  out.set("defaultAction",
          Value(action ? upper_word("SCMP_ACT_", action.text()) : std::string("SCMP_ACT_ERRNO")));
  copy_value(seccomp["default_errno"], "defaultErrnoRet", out);
  if (const Property names = seccomp["architectures"])
    out.set("architectures", upper_words("SCMP_ARCH_", names));
  if (const Property flags = seccomp["flags"])
    out.set("flags", upper_words("SECCOMP_FILTER_FLAG_", flags));
  copy_value(seccomp["listener_path"], "listenerPath", out);
  copy_value(seccomp["listener_metadata"], "listenerMetadata", out);
  List rules;
  for (const Property& rule : seccomp["syscalls"].items()) rules.push_back(rule_of(rule));
  if (!rules.empty()) out.set("syscalls", Value(std::move(rules)));
  for (const char* key : {"allow", "deny"})
    leave_out_if(seccomp[key], "a bundle has rules alone; write it as seccomp.syscalls");
  // There, names that are not known are always passed over.
  static_cast<void>(seccomp["ignore_unknown"].boolean());
  leave_out_if(seccomp["cache"], "a bundle does not say what is kept");
  table_of(config, "linux", seccomp.place()).set("seccomp", std::move(out));
}

void add_hooks(const Property& hooks, Value& config) {
  Value out(Table{});
  for (const auto& [from, to] :
       {std::pair{"prestart", "prestart"}, std::pair{"create_runtime", "createRuntime"},
        std::pair{"create_container", "createContainer"},
        std::pair{"start_container", "startContainer"}, std::pair{"poststart", "poststart"},
        std::pair{"poststop", "poststop"}}) {
    List programs;
    for (const Property& hook : hooks[from].items()) programs.push_back(program_of(hook));
    if (!programs.empty()) out.set(to, Value(std::move(programs)));
  }
  if (!out.as<Table>()->empty()) config.set("hooks", std::move(out));
}

void add_devices(const Property& devices, Value& config) {
  List out;
  for (const Property& node : devices["nodes"].items()) {
    if (node["source"] || !node["type"]) {
      node.leave_out("a bundle names a device by its type and numbers");
      continue;
    }
    Value entry(Table{});
    for (const char* key : {"path", "type", "major", "minor"}) copy_value(node[key], key, entry);
    copy_value(node["mode"], "fileMode", entry);
    for (const char* id : {"uid", "gid"})
      if (const Property owner = node[id]; !is_default(owner.place())) entry.set(id, owner.value());
    out.push_back(std::move(entry));
  }
  if (!out.empty())
    table_of(config, "linux", devices.place()).set("devices", Value(std::move(out)));
  leave_out_if(devices["add"], "a bundle names a device by its type and numbers");
}

}  // namespace mini_container::oci
