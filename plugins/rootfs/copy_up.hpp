// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rootfs {

/// Copies what is in the directory `path` of the root to the empty directory `target`: owners,
/// modes, times of files, links and special files, never following a link (tmpcopyup).
void copy_directory(int root, const char* path, int target);

}  // namespace rootfs
