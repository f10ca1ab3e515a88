// SPDX-License-Identifier: Apache-2.0
#include "profile.hpp"

#include <linux/seccomp.h>

#include <algorithm>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace seccomp {

namespace {

template <class Value>
struct Name {
  std::string_view text;
  Value value;
};

constexpr Name<Action> actions[] = {
    {"allow", Action::allow},
    {"errno", Action::error},
    {"kill", Action::kill_thread},
    {"kill_thread", Action::kill_thread},
    {"kill_process", Action::kill_process},
    {"trap", Action::trap},
    {"trace", Action::trace},
    {"log", Action::log},
    {"notify", Action::notify},
};
constexpr Name<Compare> comparisons[] = {
    {"ne", Compare::not_equal},           {"lt", Compare::less},
    {"le", Compare::less_or_equal},       {"eq", Compare::equal},
    {"ge", Compare::greater_or_equal},    {"gt", Compare::greater},
    {"masked_eq", Compare::masked_equal},
};
constexpr Name<std::uint32_t> flags[] = {
    {"tsync", SECCOMP_FILTER_FLAG_TSYNC},
    {"log", SECCOMP_FILTER_FLAG_LOG},
    {"spec_allow", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"wait_killable_recv", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

/// Without `prefix`, in small letters.
std::string plain(std::string_view name, std::string_view prefix) {
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  std::string out(name);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

template <class Names>
auto find(const Names& names, const std::string& name) -> std::optional<decltype(names[0].value)> {
  for (const auto& each : names)
    if (each.text == name) return each.value;
  return std::nullopt;
}

}  // namespace

std::vector<Argument>::const_iterator Rule::second_condition() const {
  return std::find_if(arguments.begin(), arguments.end(), [this](const Argument& each) {
    return std::any_of(arguments.data(), &each,
                       [&each](const Argument& other) { return other.index == each.index; });
  });
}

void Profile::forget(std::string_view name) {
  for (Rule& rule : rules)
    rule.names.erase(std::remove(rule.names.begin(), rule.names.end(), name), rule.names.end());
}

std::optional<Action> Profile::action_of(std::string_view name) const {
  bool depends = false;
  for (const Rule& rule : rules) {
    if (std::find(rule.names.begin(), rule.names.end(), name) == rule.names.end()) continue;
    if (rule.arguments.empty()) return rule.action;
    depends = true;
  }
  if (depends) return std::nullopt;
  return default_action;
}

bool Profile::notifies() const {
  return default_action == Action::notify ||
         std::any_of(rules.begin(), rules.end(), [](const Rule& rule) {
           return rule.action == Action::notify && !rule.names.empty();
         });
}

std::optional<Action> action_named(std::string_view name) {
  return find(actions, plain(name, "SCMP_ACT_"));
}
std::optional<Compare> compare_named(std::string_view name) {
  return find(comparisons, plain(name, "SCMP_CMP_"));
}
std::optional<std::uint32_t> flag_named(std::string_view name) {
  return find(flags, plain(name, "SECCOMP_FILTER_FLAG_"));
}

}  // namespace seccomp
