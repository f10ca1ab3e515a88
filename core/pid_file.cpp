// SPDX-License-Identifier: Apache-2.0
#include "core/pid_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "mini_container/fd.hpp"

namespace mini_container {

void write_pid_file(const std::string& path, pid_t pid) {
  if (path.empty()) return;
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode) && !S_ISLNK(found.st_mode))
    mc::fail("the pid file '", path, "' is there, and is not a regular file: it is not replaced");
  // In a directory that others write to, too, it is a file of our own that is written.
  const auto fresh = mc::concat(path, '.', ::getpid());
  ::unlink(fresh.c_str());
  const mc::Fd file(
      mc::check(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644),
                "make the pid file '", path, "'"));
  const auto text = std::to_string(pid);
  mc::check(::write(file.get(), text.data(), text.size()), "write the pid file '", path, "'");
  mc::check(::rename(fresh.c_str(), path.c_str()), "put the pid file '", path, "' into place");
}

}  // namespace mini_container
