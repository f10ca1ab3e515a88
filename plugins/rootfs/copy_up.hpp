// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace rootfs {

/// Copies what is in the directory `path` of the root to the empty directory `target`: owners,
/// modes, times of files, links and special files, never following a link (tmpcopyup). Owner and
/// mode of `target` itself stay where its mount's `data` sets them: tmpfs(5), mode=, uid=, gid=.
void copy_directory(int root, const char* path, int target, std::string_view data);

}  // namespace rootfs
