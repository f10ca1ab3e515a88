// SPDX-License-Identifier: Apache-2.0
// Options in words: for messages, --help, the manual and `plugin info`.
#pragma once

#include <string>

#include "core/options.hpp"

namespace mini_container {

/// mc_option's rule: both bounds 0 is no bound; a maximum below the minimum is no maximum.
bool has_minimum(const mc_option& option);
bool has_maximum(const mc_option& option);

/// A bound in the unit that the option is written in: "64M", "250ms", "0o777".
std::string bound_text(const mc_option& option, std::int64_t bound);
/// "1 to 64 bytes", "4K or more", "at most 3 elements"; empty without bounds.
std::string range_text(const mc_option& option);
/// "string", "list of strings", "map of integers", "one of private, shared", ...
std::string type_text(const mc_option& option);
/// What stands for the value in a synopsis: "NAME", "SIZE", "private|shared", "KEY=VALUE,...".
std::string value_name(const mc_option& option);
/// "default", "private, shared": words joined by ", ".
std::string join(const char* const* words, const char* between = ", ");

}  // namespace mini_container
