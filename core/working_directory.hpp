// SPDX-License-Identifier: Apache-2.0
// container.cwd: refused in the same words by the launch and by who looks ahead of it.
#pragma once

#include <string>

#include "core/value.hpp"

namespace mini_container {

/// Throws mc::Error for a path that is not absolute.
void refuse_relative_directory(const std::string& path);
/// Throws mc::Error: it could not be entered, for `error_number`.
[[noreturn]] void refuse_directory(const std::string& path, int error_number);
/// [child] Enters that of the checked [container] table, inside the root. Throws mc::Error.
void enter_working_directory(const Value& container);

}  // namespace mini_container
