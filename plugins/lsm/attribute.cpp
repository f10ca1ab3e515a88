// SPDX-License-Identifier: Apache-2.0
#include "attribute.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "mini_container/in_root.hpp"

namespace lsm {

namespace {

constexpr ino_t proc_root = 1;  // PROC_ROOT_INO, include/linux/proc_ns.h

}  // namespace

// Written anywhere else a label would change nothing, and the command would run unconfined. To be
// on procfs is not enough: a mount or a link could lead to another of its files, which takes what
// is written and does nothing. So from the filesystem's own root, and over no mount.
mc::Fd open_attribute(const char* name) {
  const mc::Fd proc(mc::check(::open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                              "open '/proc'", mc::Hint{"the container needs its /proc"}));
  struct statfs filesystem {};
  struct stat top {};
  mc::check(::fstatfs(proc.get(), &filesystem), "statfs '/proc'");
  mc::check(mc::stat_of(proc.get(), &top), "stat '/proc'");
  if (filesystem.f_type != PROC_SUPER_MAGIC || top.st_ino != proc_root)
    mc::fail("'/proc' is not the root of a procfs", mc::Hint{"the container needs its /proc"});
  const auto path = mc::concat("thread-self/attr/", name);
  const int fd = mc::try_open_in_root(proc.get(), path.c_str(), O_WRONLY, 0,
                                      RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
  if (fd < 0)
    mc::fail_with(-fd, "open '/proc/", path, "'",
                  mc::Hint{fd == -EXDEV ? "something is mounted over it" : ""});
  return mc::Fd(fd);
}

}  // namespace lsm
