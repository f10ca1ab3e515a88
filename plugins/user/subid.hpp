// SPDX-License-Identifier: Apache-2.0
// Which ids of the host a user may hand out: subuid(5), subgid(5).
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "id_map.hpp"

namespace user {

/// A range of a user in /etc/subuid or /etc/subgid; `container` is not used.
using SubidRanges = std::vector<Range>;

/// The ranges of the user `uid`, called `login`, in a file's `text`. Lines are NAME:FIRST:COUNT,
/// the name a login or a number; malformed lines and comments are passed over, as the helpers do.
SubidRanges parse_subid(std::string_view text, uid_t uid, std::string_view login);

/// The same from the file at `path`; empty where it is missing.
SubidRanges read_subid(const char* path, uid_t uid);

/// Whether [first, first + size) lies within the ranges, also across ranges that touch.
bool covers(const SubidRanges& ranges, std::uint64_t first, std::uint64_t size);

}  // namespace user
