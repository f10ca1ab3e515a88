// SPDX-License-Identifier: Apache-2.0
// Paths inside a container's root are opened through a descriptor of that root, never joined.
#pragma once

#include <linux/openat2.h>
#include <sys/syscall.h>

#include <string>

#include "mini_container/fd.hpp"

namespace mc {

/// openat2(2) below `root` as if it were "/": `..` and absolute links stay inside, magic links
/// (/proc/PID/exe, /proc/PID/fd/N) are refused with ELOOP. Gives a negative errno on failure.
inline int try_open_in_root(int root, const char* path, int flags, unsigned mode = 0,
                            unsigned long long resolve = RESOLVE_IN_ROOT |
                                                         RESOLVE_NO_MAGICLINKS) noexcept {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = resolve;
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    // A rename elsewhere on the system during `..` resolution gives EAGAIN: openat2(2).
    if (errno != EAGAIN || attempt == 128) return -errno;
  }
}

/// The same, throwing: "open '/etc/passwd' in the root".
inline Fd open_in_root(int root, const std::string& path, int flags, unsigned mode = 0) {
  const int fd = try_open_in_root(root, path.c_str(), flags, mode);
  if (fd < 0) fail_with(-fd, "open '", path, "' in the root");
  return Fd(fd);
}

}  // namespace mc
