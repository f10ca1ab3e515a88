// SPDX-License-Identifier: Apache-2.0
// Where a plugin may lie: in what belongs to root or to the user, and nobody else can change.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

namespace mini_container {

/// `path` from the working directory, without links. Throws mc::Error where there is nothing.
std::string absolute_path(const std::string& path);

/// Where plugins came with this very binary: `plugins.d` beside it where that exists (a build
/// tree), and where `install` puts them.
std::vector<std::string> own_plugin_directories();

/// Refuses a directory that is not owned by root or by the user who runs this, or that others may
/// write to. Throws mc::Error naming it and the way out. Gives false where it does not exist.
bool check_plugin_directory(const std::string& path);

/// The same for every directory on the way to this one, which is absolute, and through the links on
/// it: who may write to one may put another in the place of what follows, but for sticky ones.
void check_way_to(const std::string& directory);

/// Of a file or a directory that was found by `path`; where a link led there, what is `shown` is
/// another.
void check_owner_and_mode(const struct stat& info, const char* what, const std::string& path,
                          const std::string& shown);

}  // namespace mini_container
