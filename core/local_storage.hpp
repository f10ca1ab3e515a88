// SPDX-License-Identifier: Apache-2.0
// What a process may touch without waiting for another machine or a daemon.
#pragma once

#include <string>

namespace mini_container {

/// Whether what lies at `path` is on a filesystem that answers by itself, unlike one of FUSE or of
/// the network, which can keep whoever asks waiting without an end. Neither waits for it: false
/// where only it could tell, and where the kernel cannot (statmount(2) is of Linux 6.8).
bool is_on_local_storage(const std::string& path);

}  // namespace mini_container
