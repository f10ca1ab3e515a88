// SPDX-License-Identifier: Apache-2.0
// The directories of a hierarchy: opened one component after the other, each checked to be a
// cgroup before anything is written to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hierarchy.hpp"
#include "mini_container/fd.hpp"

namespace cgroup {

/// Throws unless `path` is one or more names between slashes, without "." and "..", each at most
/// 255 bytes and none that a cgroup file has ("cgroup.procs"). `where` starts the message.
void check_path(std::string_view path, std::string_view where);

/// The directory at which the hierarchy is mounted (O_PATH). Throws where it is no cgroup file
/// system of that kind.
mc::Fd open_mount_point(const Hierarchy& hierarchy);

/// The cgroup at `path` below the mount point, or none where it is missing. Neither symbolic links
/// nor other mounts are crossed. Throws for every other failure.
mc::Fd try_open(const Hierarchy& hierarchy, std::string_view path);
/// The same, throwing where it is missing.
mc::Fd open(const Hierarchy& hierarchy, std::string_view path);
/// The same, for clone3's CLONE_INTO_CGROUP.
mc::Fd open_readable(const Hierarchy& hierarchy, std::string_view path);
/// A file of the cgroup, "tasks", for writing. Throws where one of both is missing.
mc::Fd open_entry(const Hierarchy& hierarchy, std::string_view path, const char* file);

/// "/a/b/c" -> "/a", "/a/b", "/a/b/c".
std::vector<std::string> ancestors(std::string_view path);

/// The first of ancestors(path) that is missing, and those below it: what create() would make.
std::vector<std::string> missing(const Hierarchy& hierarchy, std::string_view path);

/// Makes `path` and what is missing above it; gives the directory. A new v1 cpuset gets its
/// parent's CPUs and memory nodes, without which nothing can enter it: cpusets(7).
mc::Fd create(const Hierarchy& hierarchy, std::string_view path);

/// Lets the children of every directory above `path` have `controllers`, where they do not yet.
void enable(const Hierarchy& hierarchy, std::string_view path,
            const std::vector<std::string>& controllers);

/// Ends every process in `path` and below, and removes it and what is below. Bounded: throws
/// where it is still busy after some two seconds. A directory that is missing is no error.
void remove(const Hierarchy& hierarchy, std::string_view path);

/// The processes in the cgroup and below, as /proc of the caller numbers them.
std::vector<int> processes(int directory);

/// Sends `signal` to every process in the cgroup and below, each through a pidfd that was checked
/// to be of a process in it. Gives how many there were.
std::size_t signal_all(int directory, int signal);

/// Whether all in it are stopped; of a v1 hierarchy, the freezer's.
bool is_frozen(const Hierarchy& hierarchy, int directory);

/// Names of the cgroups directly in `directory`.
std::vector<std::string> children(int directory);

}  // namespace cgroup
