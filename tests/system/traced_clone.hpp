// SPDX-License-Identifier: Apache-2.0
// What the runtime asks clone3(2), or clone(2), for, seen from outside; and what happens between
// two of its system calls.
#pragma once

#include <cstdint>
#include <functional>
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

/// Runs a program, and what it makes, to its end, its output in the file `output`. When one of them
/// is about to openat(2) the path `name`, it rests until `act` has returned; once. Gives the exit
/// code, or -1; `act` may never have been called.
int run_acting_at_open(const std::vector<std::string>& argv, const std::string& output,
                       const std::string& name, const std::function<void()>& act);

}  // namespace mini_container::test
