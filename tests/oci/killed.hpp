// SPDX-License-Identifier: Apache-2.0
// A runtime that is killed, as by `kill -9`, at a point that can be named.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace mini_container::test {

/// Runs a program and kills it when it is about to make its `point`th system call, which is not
/// made then. What it has started goes on. Gives `point`, or, where it ended before, how many
/// system calls it made.
int run_killed_at(const std::vector<std::string>& argv, int point);

/// The same `delay` after its start. Whether it was still there.
bool run_killed_after(const std::vector<std::string>& argv, std::chrono::microseconds delay);

}  // namespace mini_container::test
