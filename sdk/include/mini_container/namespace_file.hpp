// SPDX-License-Identifier: Apache-2.0
// Namespaces that a launch names by path: /proc/PID/ns/uts, or a file that one is bound to.
#pragma once

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cstdint>
#include <string>

#include "mini_container/error.hpp"
#include "mini_container/fd.hpp"

namespace mc {

/// [agent] Opens the namespace at `path`, to be given to Host::join_namespace. `type` is the
/// CLONE_NEW* bit that it must have; `where` is the place in the launch that asks for it. Throws
/// where the file is missing, no namespace (ioctl_ns(2)), or of another type.
inline Fd open_namespace(const std::string& path, std::uint64_t type, const std::string& where) {
  // O_NONBLOCK: a FIFO of that name must not hold the launch up.
  Fd space(check(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), where,
                 ": open namespace '", path, "'",
                 Hint{"name a file like /proc/PID/ns/uts of a running process"}));
  const int found = ::ioctl(space.get(), NS_GET_NSTYPE);
  if (found < 0) fail(where, ": '", path, "' is not a namespace");
  if (static_cast<std::uint64_t>(found) != type)
    fail(where, ": '", path, "' is a namespace of another type");
  return space;
}

/// Whether `space` is the namespace that the calling process is in; `name` is its file under
/// /proc/self/ns. Changing what is in it would then change the caller's own system.
inline bool is_own_namespace(int space, const char* name) {
  struct stat theirs {};
  struct stat own {};
  const std::string path = concat("/proc/self/ns/", name);
  check(stat_of(space, &theirs), "stat a namespace");
  check(::stat(path.c_str(), &own), "stat '", path, "'");
  return theirs.st_dev == own.st_dev && theirs.st_ino == own.st_ino;
}

}  // namespace mc
