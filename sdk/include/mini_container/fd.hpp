// SPDX-License-Identifier: Apache-2.0
// An owned file descriptor.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "mini_container/error.hpp"

namespace mc {

/// A descriptor that closes itself. Move-only; -1 is "none". Open it with O_CLOEXEC.
class Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
  explicit operator bool() const noexcept { return valid(); }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

/// A copy of `fd`, close-on-exec.
inline Fd duplicate(int fd) {
  return Fd(check(::fcntl(fd, F_DUPFD_CLOEXEC, 3), "duplicate descriptor ", fd));
}

/// fstat(2). The C library's own passes an empty path that lies in pages which nothing else in a
/// launch touches: a page fault, and 64 KiB of memory.
inline int stat_of(int fd, struct stat* out) { return ::fstatat(fd, "", out, AT_EMPTY_PATH); }

/// Writes all of `text` in one write(2) to the file `name` in directory `directory` (AT_FDCWD for
/// an absolute path): what procfs and cgroupfs want. Throws with the file's name.
inline void write_file(int directory, const char* name, std::string_view text) {
  const Fd file(check(::openat(directory, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW), "open '", name,
                      "' for writing"));
  const auto written = check(::write(file.get(), text.data(), text.size()), "write '",
                             text.substr(0, 64), "' to '", name, "'");
  if (static_cast<std::size_t>(written) != text.size())
    fail("write to '", name, "': only ", written, " of ", text.size(), " bytes were taken");
}

/// The whole content of an open file from its current offset, at most `limit` bytes; a longer one
/// is an error.
inline std::string read_all(int fd, std::string_view name, std::size_t limit = 1 << 20) {
  std::string out;
  char part[4096];
  while (const auto got = check(::read(fd, part, sizeof part), "read '", name, "'")) {
    out.append(part, static_cast<std::size_t>(got));
    if (out.size() > limit) fail("'", name, "' is larger than ", limit, " bytes");
  }
  return out;
}

/// The whole content of the file at `path` under `directory`.
inline std::string read_file(int directory, const char* path, std::size_t limit = 1 << 20) {
  const Fd file(check(::openat(directory, path, O_RDONLY | O_CLOEXEC), "open '", path, "'"));
  return read_all(file.get(), path, limit);
}

}  // namespace mc
