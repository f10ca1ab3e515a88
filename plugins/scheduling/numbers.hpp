// SPDX-License-Identifier: Apache-2.0
// Lists of CPUs and of memory nodes: "0-3,7".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace scheduling {

/// The bits of the numbers in `text`, as sched_setaffinity(2) and set_mempolicy(2) want them.
/// Throws, its text starting with `where`, for a malformed list, a range that runs backwards, or
/// a number above 8191.
std::vector<unsigned long> read_numbers(std::string_view text, const std::string& where);

}  // namespace scheduling
