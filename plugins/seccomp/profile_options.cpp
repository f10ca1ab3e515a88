// SPDX-License-Identifier: Apache-2.0
#include "profile_options.hpp"

#include <cerrno>

#include "default_profile.hpp"
#include "groups.hpp"
#include "mini_container/nearest.hpp"
#include "profile_json.hpp"

namespace seccomp {

namespace {

const Group& group_named(const std::string& name, const mc::Node& item) {
  const Group* group = find_group(std::string_view(name).substr(1));
  if (group != nullptr) return *group;
  std::vector<std::string> names;
  for (const Group& each : groups()) names.push_back(mc::concat("@", each.name));
  mc::fail(item.where(), ": unknown group '", name.substr(0, 64), "'",
           mc::Hint{mc::did_you_mean(name, names, "the plugin's page lists the groups")});
}

/// `rule` for the calls of a list, groups opened, in place of what the base says of them. A group
/// has calls of other machines as well; a name that is written out must be known.
void add_rule(std::vector<Rule>& out, const Rule& rule, const mc::Node& list, bool ignore_unknown) {
  Rule written = rule;
  Rule grouped = rule;
  written.ignore_unknown = ignore_unknown;
  grouped.ignore_unknown = true;
  for (const mc::Node item : list) {
    std::string name = item.text();
    if (!name.starts_with('@')) {
      written.names.push_back(std::move(name));
      continue;
    }
    for (std::string& word : words(group_named(name, item).calls))
      grouped.names.push_back(std::move(word));
  }
  if (!written.names.empty()) out.push_back(std::move(written));
  if (!grouped.names.empty()) out.push_back(std::move(grouped));
}

std::vector<Rule> read_rules(const mc::Node& list, bool ignore_unknown) {
  std::vector<Rule> rules;
  for (const mc::Node entry : list) {
    Rule rule{.names = {},
              .action = *action_named(entry.text("action")),
              .data = static_cast<std::uint32_t>(entry.integer("errno")),
              .arguments = {},
              .place = entry.where()};
    for (const mc::Node each : entry["args"])
      rule.arguments.push_back({static_cast<unsigned>(each.integer("index")),
                                *compare_named(each.text("op")),
                                static_cast<std::uint64_t>(each.integer("value")),
                                static_cast<std::uint64_t>(each.integer("value_two"))});
    if (const auto second = rule.second_condition(); second != rule.arguments.end())
      mc::fail(entry.where(), ": a second condition on the argument ", second->index,
               ", and a filter can ask for one",
               mc::Hint{"several rules for one call are alternatives"});
    add_rule(rules, rule, entry["names"], ignore_unknown);
  }
  return rules;
}

void overlay(Profile& profile, std::vector<Rule> rules) {
  if (!profile.rules.empty())
    for (const Rule& rule : rules)
      for (const std::string& name : rule.names) profile.forget(name);
  for (Rule& rule : rules) profile.rules.push_back(std::move(rule));
}

void overlay_list(Profile& profile, const mc::Node& list, Action action, std::uint32_t data,
                  bool ignore_unknown) {
  std::vector<Rule> rules;
  add_rule(rules,
           {.names = {}, .action = action, .data = data, .arguments = {}, .place = list.where()},
           list, ignore_unknown);
  overlay(profile, std::move(rules));
}

// The library would only say that its argument is invalid.
void check_errno(std::string_view where, Action action, std::uint32_t data) {
  constexpr std::uint32_t most = 4094;  // MAX_ERRNO of the kernel, less one
  if (action == Action::error && data > most)
    mc::fail(where, ": the errno ", data, " is above ", most,
             mc::Hint{"errno(3) lists them; the action trace takes numbers up to 65535"});
}

void write(std::string& out, const mc::Node& node) {
  const std::size_t length = node.size();
  if (length == 0) {
    if (node.is_word())
      out += mc::concat(node.text().size(), ":", node.text());
    else
      out += mc::concat(node.integer(), node.boolean() ? "t" : "");
    return;
  }
  out += '(';
  for (std::size_t i = 0; i < length; ++i) {
    out += node.key_at(i);
    out += ' ';
    write(out, node.at(i));
    out += '\n';
  }
  out += ')';
}

}  // namespace

Profile make_profile(const mc::Node& config, const Surroundings& around) {
  Profile profile;
  if (config.has("profile"))
    profile = read_json_profile(around.profile_text, config.text("profile"), around.capabilities,
                                around.kernel);
  else if (config.text("base") == "default")
    profile = default_profile(around.capabilities);
  else
    profile.default_data = EPERM;
  if (config.has("default_action")) {
    profile.default_action = *action_named(config.text("default_action"));
    profile.default_data = EPERM;
  }
  if (config.has("default_errno"))
    profile.default_data = static_cast<std::uint32_t>(config.integer("default_errno"));
  const bool ignore_unknown = config.boolean("ignore_unknown");
  if (config.has("architectures")) profile.architectures = config.texts("architectures");
  // One profile for machines of all kinds: other runtimes have the machine's own in every filter.
  if (!profile.architectures.empty() && (ignore_unknown || config.has("profile")))
    profile.architectures.emplace_back("native");
  for (const mc::Node flag : config["flags"]) profile.flags |= *flag_named(flag.text());
  if (config.has("listener_path")) profile.listener_path = config.text("listener_path");
  if (config.has("listener_metadata")) profile.listener_metadata = config.text("listener_metadata");
  if (config.has("deny"))
    overlay_list(profile, config["deny"], Action::error, EPERM, ignore_unknown);
  if (config.has("allow")) overlay_list(profile, config["allow"], Action::allow, 0, ignore_unknown);
  if (config.has("syscalls")) overlay(profile, read_rules(config["syscalls"], ignore_unknown));
  check_errno(mc::concat(config.where(), ": default_errno"), profile.default_action,
              profile.default_data);
  for (const Rule& rule : profile.rules) check_errno(rule.place, rule.action, rule.data);
  return profile;
}

std::string describe(const mc::Node& config, const Surroundings& around) {
  std::string out = mc::concat(around.capabilities, " ", around.kernel, "\n");
  for (std::size_t i = 0; i < config.size(); ++i) {
    out += config.key_at(i);
    out += ' ';
    write(out, config.at(i));
    out += '\n';
  }
  out += around.profile_text;
  return out;
}

}  // namespace seccomp
