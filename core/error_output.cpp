// SPDX-License-Identifier: Apache-2.0
#include "core/error_output.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

#include "mini_container/fd.hpp"

namespace mini_container {

namespace {

constexpr int most_of_the_parents = 64;

struct Noted {
  bool known;
  int fd;
  dev_t device;
  ino_t inode;
  char path[256];  // of what has one: "/dev/pts/3"
};
Noted noted;

bool is_noted(const char* link) {
  struct stat found {};
  return ::stat(link, &found) == 0 && found.st_dev == noted.device && found.st_ino == noted.inode;
}

int reopen(const char* path) { return ::open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC); }

/// By the parent's own descriptor of it: for a file that has no path here, and for a pipe, of which
/// either end gives the one that is asked for: proc(5).
int open_through_parent() {
  char path[64] = "/proc/";
  char* const end = path + sizeof path - 1;
  char* at = std::to_chars(path + std::strlen(path), end, ::getppid()).ptr;
  std::memcpy(at, "/fd/", 4);
  at += 4;
  for (int fd = 0; fd < most_of_the_parents; ++fd) {
    *std::to_chars(at, end, fd).ptr = '\0';
    if (is_noted(path)) return reopen(path);
  }
  return -1;
}

}  // namespace

void note_error_output() {
  if (!noted.known) note_error_output_as(STDERR_FILENO);
}

void note_error_output_as(int fd) {
  struct stat info {};
  noted = {};
  if (mc::stat_of(fd, &info) != 0) return;
  noted = {.known = true, .fd = fd, .device = info.st_dev, .inode = info.st_ino, .path = ""};
  struct statfs system {};
  if (::fstatfs(fd, &system) != 0 || system.f_type == PIPEFS_MAGIC || system.f_type == SOCKFS_MAGIC)
    return;
  const auto link = mc::concat("/proc/self/fd/", fd);
  const auto length = ::readlink(link.c_str(), noted.path, sizeof noted.path);
  const bool whole = length > 0 && static_cast<std::size_t>(length) < sizeof noted.path;
  noted.path[whole ? length : 0] = '\0';
}

void restore_error_output() {
  if (!noted.known) return;
  if (noted.fd == STDERR_FILENO) {
    if (::fcntl(STDERR_FILENO, F_GETFD) >= 0) return;
  } else {
    struct stat info {};
    if (mc::stat_of(noted.fd, &info) == 0 && info.st_dev == noted.device &&
        info.st_ino == noted.inode && ::dup2(noted.fd, STDERR_FILENO) >= 0)
      return;
    ::close(STDERR_FILENO);
  }
  int fd = open_through_parent();
  if (fd < 0 && is_noted(noted.path)) fd = reopen(noted.path);
  if (fd < 0) return;
  if (fd == STDERR_FILENO) {
    ::fcntl(fd, F_SETFD, 0);
    return;
  }
  ::dup3(fd, STDERR_FILENO, 0);
  ::close(fd);
}

}  // namespace mini_container
