// SPDX-License-Identifier: Apache-2.0
// What a filter is to do, before it is compiled: the same whether it was written in TOML, came
// from an OCI configuration, or is the default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seccomp {

enum class Action { allow, error, kill_process, kill_thread, trap, trace, log, notify };

enum class Compare {
  not_equal,
  less,
  less_or_equal,
  equal,
  greater_or_equal,
  greater,
  masked_equal
};

/// One argument of a system call. For masked_equal `value` is the mask and `value_two` what
/// remains under it.
struct Argument {
  unsigned index = 0;
  Compare compare = Compare::equal;
  std::uint64_t value = 0;
  std::uint64_t value_two = 0;
};

/// Where every argument matches, the calls of these names get the action.
struct Rule {
  std::vector<std::string> names;
  Action action = Action::allow;
  std::uint32_t data = 0;  // the errno for `error`, the message for `trace`
  std::vector<Argument> arguments;
  std::string place;            // for messages
  bool ignore_unknown = false;  // pass over names of calls that this machine does not know

  /// The first condition on an argument that an earlier one is on as well: the library takes one
  /// for each. Or the end.
  [[nodiscard]] std::vector<Argument>::const_iterator second_condition() const;
};

struct Profile {
  Action default_action = Action::error;
  std::uint32_t default_data = 0;
  std::vector<std::string> architectures;  // SCMP_ARCH_ names; none: the machine's own
  std::uint32_t flags = 0;                 // SECCOMP_FILTER_FLAG_ of seccomp(2)
  std::string listener_path;
  std::string listener_metadata;
  std::vector<Rule> rules;

  /// Takes the call out of every rule that there is.
  void forget(std::string_view name);
  /// What the filter does with a call: its unconditional rule, else the default; nothing where
  /// it depends on the arguments.
  [[nodiscard]] std::optional<Action> action_of(std::string_view name) const;
  [[nodiscard]] bool notifies() const;
};

/// "errno", "SCMP_ACT_ERRNO", ...
std::optional<Action> action_named(std::string_view name);
/// "eq", "SCMP_CMP_EQ", ...
std::optional<Compare> compare_named(std::string_view name);
/// "log", "SECCOMP_FILTER_FLAG_LOG", ...
std::optional<std::uint32_t> flag_named(std::string_view name);

}  // namespace seccomp
