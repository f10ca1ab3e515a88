// SPDX-License-Identifier: Apache-2.0
#include "copy_up.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <memory>
#include <string>

#include "mini_container/in_root.hpp"

namespace rootfs {

namespace {

constexpr int deepest = 128;

void copy_tree(mc::Fd from, int to, int depth);

void copy_attributes(int fd, const struct stat& from, const std::string& name) {
  mc::check(::fchown(fd, from.st_uid, from.st_gid), "copy the owner of '", name, "'");
  mc::check(::fchmod(fd, from.st_mode & 07777), "copy the mode of '", name, "'");
  const timespec times[] = {from.st_atim, from.st_mtim};
  mc::check(::futimens(fd, times), "copy the times of '", name, "'");
}

void copy_file(int from, int to, const std::string& name) {
  // Another container of this root may have put a FIFO or a device in its place meanwhile.
  const mc::Fd source(mc::check(
      ::openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
      "open '", name, "' to copy it"));
  struct stat found {};
  mc::check(mc::stat_of(source.get(), &found), "stat '", name, "'");
  if (!S_ISREG(found.st_mode)) mc::fail("'", name, "' was replaced while it was copied");
  const mc::Fd target(
      mc::check(::openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), "copy '",
                name, "'"));
  while (mc::check(::sendfile(target.get(), source.get(), nullptr, 1 << 20), "copy '", name, "'") >
         0) {
  }
  copy_attributes(target.get(), found, name);
}

void copy_link(int from, int to, const std::string& name, const struct stat& found) {
  char text[4097];
  const auto length = mc::check(::readlinkat(from, name.c_str(), text, sizeof text - 1),
                                "read the link '", name, "'");
  text[length] = '\0';
  mc::check(::symlinkat(text, to, name.c_str()), "copy the link '", name, "'");
  mc::check(::fchownat(to, name.c_str(), found.st_uid, found.st_gid, AT_SYMLINK_NOFOLLOW),
            "copy the owner of '", name, "'");
}

void copy_entry(int from, int to, const std::string& name, int depth) {
  struct stat found {};
  mc::check(::fstatat(from, name.c_str(), &found, AT_SYMLINK_NOFOLLOW), "stat '", name, "'");
  if (S_ISREG(found.st_mode)) return copy_file(from, to, name);
  if (S_ISLNK(found.st_mode)) return copy_link(from, to, name, found);
  if (!S_ISDIR(found.st_mode)) {
    mc::check(::mknodat(to, name.c_str(), found.st_mode, found.st_rdev), "copy the node '", name,
              "'");
    mc::check(::fchownat(to, name.c_str(), found.st_uid, found.st_gid, AT_SYMLINK_NOFOLLOW),
              "copy the owner of '", name, "'");
    return;
  }
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  mc::check(::mkdirat(to, name.c_str(), 0700), "copy the directory '", name, "'");
  const mc::Fd target(mc::check(::openat(to, name.c_str(), flags), "open '", name, "'"));
  copy_tree(mc::Fd(mc::check(::openat(from, name.c_str(), flags), "open '", name, "'")),
            target.get(), depth + 1);
}

void copy_tree(mc::Fd from, int to, int depth) {
  if (depth > deepest) mc::fail("directories to copy are nested deeper than ", deepest);
  struct stat found {};
  mc::check(mc::stat_of(from.get(), &found), "stat a directory to copy");
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(from.get()), &::closedir);
  if (!directory) mc::fail_with(errno, "list a directory to copy");
  const int descriptor = from.release();  // the stream's now
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") copy_entry(descriptor, to, name, depth);
  }
  if (errno != 0) mc::fail_with(errno, "list a directory to copy");
  copy_attributes(to, found, ".");
}

constexpr auto keep = static_cast<uid_t>(-1);  // chown(2)

bool sets(std::string_view data, std::string_view option) {
  return data.starts_with(option) || data.find(mc::concat(',', option)) != std::string_view::npos;
}

}  // namespace

void copy_directory(int root, const char* path, int target, std::string_view data) {
  mc::Fd from = mc::open_in_root(root, path, O_RDONLY | O_DIRECTORY);
  // The mount may be a bare O_PATH descriptor; its attributes are changed through a real one.
  const mc::Fd to(
      mc::check(::openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open a new tmpfs"));
  struct stat asked {};
  mc::check(mc::stat_of(to.get(), &asked), "stat a new tmpfs");
  copy_tree(std::move(from), to.get(), 0);
  const bool uid = sets(data, "uid="), gid = sets(data, "gid=");
  if (uid || gid)
    mc::check(::fchown(to.get(), uid ? asked.st_uid : keep, gid ? asked.st_gid : keep),
              "set the owner of a new tmpfs");
  if (sets(data, "mode="))
    mc::check(::fchmod(to.get(), asked.st_mode & 07777), "set the mode of a new tmpfs");
}

}  // namespace rootfs
