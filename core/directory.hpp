// SPDX-License-Identifier: Apache-2.0
// What is in a directory, by descriptor: read, and removed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mini_container {

/// The names in the directory open as `directory`, without "." and ".."; `shown` is its name for
/// messages. Throws mc::Error.
std::vector<std::string> names_in(int directory, std::string_view shown);

/// Removes `name` in `parent` with all that is below it; nothing where it is not there. Links are
/// not followed. `is_directory`: what it is taken for first. Throws mc::Error.
void remove_tree(int parent, const char* name, bool is_directory);

}  // namespace mini_container
