// SPDX-License-Identifier: Apache-2.0
// System calls by what they are for. "@NAME" stands for a group in the launch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace seccomp {

struct Group {
  std::string_view name;   // without the @
  std::string_view calls;  // separated by blanks
  bool by_default;         // whether the default profile allows it to everybody
};

/// All groups; each call that this plugin knows is in exactly one.
const std::vector<Group>& groups();
/// nullptr: there is no such group.
const Group* find_group(std::string_view name);
/// The words of a group's calls.
std::vector<std::string> words(std::string_view calls);
/// Every call of every group: for "did you mean".
std::vector<std::string> known_calls();

}  // namespace seccomp
