// SPDX-License-Identifier: Apache-2.0
// Finding the command in the container, and refusing what must not be executed there.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/file_view.hpp"

namespace mini_container {

/// Tells the runtime's own binary from others.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
};

/// [agent] Of the running binary.
FileIdentity own_binary();

/// The path to execute for `name`: itself where it has a slash, else the first executable
/// file of that name in the directories of `search_path`. Magic links (/proc/PID/exe and its
/// like) and the runtime's own binary are refused, for the file and for the interpreters that it
/// names. `judge_rights`: what `files` may not execute is refused here, rather than by execve.
/// Throws Failure with exit code 127 (not found) or 126 (not executable).
std::string find_command(const std::string& name, const std::string& search_path,
                         const FileIdentity& own, bool judge_rights = false,
                         const FileView& files = present_files());

/// [child] What makes execve of `path` answer ENOEXEC, of the file or of what its #! leads to: "it
/// is made for aarch64, this is x86-64"; empty where nothing shows.
std::string find_misfit(std::string path, const FileView& files);

/// [child] Why execve of `path` failed: throws Failure, with the cause where it can be seen.
[[noreturn]] void refuse_execution(const std::string& path, int error_number,
                                   const FileView& files = present_files());

}  // namespace mini_container
