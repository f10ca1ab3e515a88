// SPDX-License-Identifier: Apache-2.0
// The names of capabilities(7), and sets of them as bit masks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mini_container/plugin.hpp"

namespace capabilities {

/// Bit N is capability number N.
using Set = std::uint64_t;

constexpr Set bit(unsigned capability) { return Set{1} << capability; }

/// Every capability that this table knows.
Set all_known();

/// "CAP_NET_ADMIN", "net_admin" and "Net_Admin" are the same.
std::optional<unsigned> number_of(std::string_view name);

/// "CAP_NET_ADMIN,CAP_SYS_TIME"; "none" for an empty set; a number where there is no name.
std::string names_of(Set set);

/// A list of the launch. "all" stands for `all`. Throws for an unknown name, with the nearest;
/// or, where `unknown` is given, appends it there and goes on.
Set read_set(const mc::Node& list, Set all, std::string* unknown = nullptr);

}  // namespace capabilities
