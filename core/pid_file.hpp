// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

namespace mini_container {

/// Writes the number so that whoever watches for the file finds it whole; an empty path: nothing.
void write_pid_file(const std::string& path, pid_t pid);

}  // namespace mini_container
