// SPDX-License-Identifier: Apache-2.0
// The calling process's own files in /proc, where /proc is the container's.
#pragma once

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "mini_container/in_root.hpp"

namespace mc {

/// Opens a file below /proc, such as "thread-self/attr/exec": proc(5). Written anywhere else, what
/// confines the process would change nothing. To be on procfs is not enough: a mount or a link
/// could lead to another of its files, which takes what is written and does nothing. So from the
/// filesystem's own root, and over no mount. [child] Throws mc::Error where something is in the
/// way.
inline Fd open_in_proc(const std::string& path, int flags) {
  constexpr ino_t proc_root = 1;  // PROC_ROOT_INO, include/linux/proc_ns.h
  const Fd proc(check(::open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                      "open '/proc'", Hint{"the container needs its /proc"}));
  struct statfs filesystem {};
  struct stat top {};
  check(::fstatfs(proc.get(), &filesystem), "statfs '/proc'");
  check(stat_of(proc.get(), &top), "stat '/proc'");
  if (filesystem.f_type != PROC_SUPER_MAGIC || top.st_ino != proc_root)
    fail("'/proc' is not the root of a procfs", Hint{"the container needs its /proc"});
  const int fd = try_open_in_root(proc.get(), path.c_str(), flags, 0,
                                  RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
  if (fd < 0)
    fail_with(-fd, "open '/proc/", path, "'",
              Hint{fd == -EXDEV ? "something is mounted over it" : ""});
  return Fd(fd);
}

}  // namespace mc
