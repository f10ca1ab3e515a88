// SPDX-License-Identifier: Apache-2.0
// How container.cwd is refused: in the same words by the launch and by who looks ahead of it.
#pragma once

#include <string>

namespace mini_container {

/// Throws mc::Error for a path that is not absolute.
void refuse_relative_directory(const std::string& path);
/// Throws mc::Error: it could not be entered, for `error_number`.
[[noreturn]] void refuse_directory(const std::string& path, int error_number);

}  // namespace mini_container
