// SPDX-License-Identifier: Apache-2.0
// What the runtime asks clone3(2), or clone(2), for, seen from outside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mini_container::test {

struct CloneCall {
  std::uint64_t flags = 0;
  std::string cgroup;  // the directory to be born in; empty: the caller's
};

/// Runs a program to its end, its output thrown away, and gives the calls of clone3, and those of
/// clone for a child in the caller's memory, that its own process made, as the kernel was about to
/// take them.
std::vector<CloneCall> clone_calls(const std::vector<std::string>& argv);

}  // namespace mini_container::test
