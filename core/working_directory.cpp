// SPDX-License-Identifier: Apache-2.0
#include "core/working_directory.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mini_container/error.hpp"
#include "mini_container/in_root.hpp"

namespace mini_container {

void refuse_relative_directory(const std::string& path) {
  if (!path.starts_with('/'))
    mc::fail("container.cwd: '", path, "' is not an absolute path",
             mc::Hint{"it is looked up inside the container"});
}

void refuse_directory(const std::string& path, int error_number) {
  mc::fail_with(error_number, "container.cwd: enter '", path, "' in the container",
                mc::Hint{"create the directory in the root"});
}

void enter_working_directory(const Value& container) {
  const auto& path = *container.find("cwd")->as<std::string>();
  refuse_relative_directory(path);
  const int fd =
      mc::try_open_in_root(AT_FDCWD, path.c_str(), O_PATH | O_DIRECTORY, 0, RESOLVE_NO_MAGICLINKS);
  if (fd < 0) refuse_directory(path, -fd);
  const mc::Fd directory(fd);
  mc::check(::fchdir(fd), "container.cwd: enter '", path, "' in the container");
  // Outside of the root the kernel says "(unreachable)": getcwd(3).
  char now[PATH_MAX];
  if (::syscall(SYS_getcwd, now, sizeof now) < 0 || now[0] != '/')
    mc::fail("container.cwd: '", path, "' is outside of the container's root");
}

}  // namespace mini_container
