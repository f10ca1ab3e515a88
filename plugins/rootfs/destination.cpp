// SPDX-License-Identifier: Apache-2.0
#include "destination.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>

#include "mini_container/in_root.hpp"

namespace rootfs {

namespace {

constexpr const char* cannot_make =
    "create it in the root, or give the container a layer of its own with rootfs.overlay = true";

bool is_missing(int error) { return error == ENOENT || error == ENOTDIR; }

const char* kind_text(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return "a directory";
    case S_IFLNK:
      return "a symbolic link";
    case S_IFREG:
      return "a file";
    case S_IFIFO:
      return "a FIFO";
    case S_IFSOCK:
      return "a socket";
    default:
      return "a device";
  }
}

void check_kind(int fd, const char* path, Kind kind, bool follow) {
  struct stat found {};
  mc::check(mc::stat_of(fd, &found), "stat '", path, "' in the root");
  const bool is_link = S_ISLNK(found.st_mode);
  if (is_link && !follow)
    mc::fail("'", path, "' in the root is a symbolic link, which is not followed",
             mc::Hint{"put a directory in its place"});
  if (S_ISDIR(found.st_mode) == (kind == Kind::directory) && !is_link) return;
  mc::fail("'", path, "' in the root is ", kind_text(found.st_mode), ", not ",
           kind == Kind::directory ? "a directory" : "a file",
           mc::Hint{"what is mounted and what it is mounted on must be of one kind"});
}

}  // namespace

std::pair<std::string_view, std::string_view> split_path(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {"/", {}};
  std::string_view name = path.substr(slash + 1);
  if (name == "." || name == "..") return {path, {}};
  return {slash == 0 ? "/" : path.substr(0, slash), name};
}

void Destinations::remember(std::string_view path, mc::Fd mount, bool empty) {
  made_.push_back({std::string(path), std::move(mount), empty});
}

void Destinations::forget(std::string_view path) {
  std::erase_if(made_, [&](const Made& made) {
    return made.path.starts_with(path) &&
           (made.path.size() == path.size() || made.path[path.size()] == '/');
  });
}

Spot Destinations::fresh_parent(std::string_view path) const {
  const auto [directory, name] = split_path(path);
  // The last one made at a path is the one on top.
  for (auto made = made_.rbegin(); made != made_.rend(); ++made)
    if (made->path == directory)
      return made->empty && !name.empty() ? Spot(made->mount.get(), std::string(name)) : Spot();
  return {};
}

mc::Fd Destinations::find(const char* path, bool follow) const {
  const int flags = O_PATH | (follow ? 0 : O_NOFOLLOW);
  for (auto made = made_.rbegin(); made != made_.rend(); ++made) {
    const std::size_t above = made->path.size();
    if (std::strncmp(made->path.c_str(), path, above) != 0 || path[above] != '/') continue;
    const int fd = mc::try_open_in_root(made->mount.get(), path + above + 1, flags, 0,
                                        RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (fd >= 0) return mc::Fd(fd);
    // A link may lead out of it: that is for the whole root to say.
    if (fd == -ELOOP || fd == -EXDEV) break;
    errno = -fd;
    if (!is_missing(-fd)) mc::fail_with(-fd, "open '", path, "' in the root");
    return {};
  }
  const int fd = mc::try_open_in_root(root_, path, flags);
  if (fd >= 0) return mc::Fd(fd);
  errno = -fd;
  if (!is_missing(-fd)) mc::fail_with(-fd, "open '", path, "' in the root");
  return {};
}

Spot Destinations::existing(const char* path, mode_t& mode) const {
  struct stat info {};
  const auto [directory, name] = split_path(path);
  for (auto made = made_.rbegin(); made != made_.rend(); ++made) {
    if (made->path != directory || name.empty()) continue;
    Spot spot(made->mount.get(), std::string(name));
    if (::fstatat(spot.directory(), spot.name(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (!is_missing(errno)) mc::fail_with(errno, "stat '", path, "' in the root");
      return {};
    }
    if (S_ISLNK(info.st_mode)) break;
    mode = info.st_mode;
    return spot;
  }
  mc::Fd found = find(path, true);
  if (!found) return {};
  mc::check(mc::stat_of(found.get(), &info), "stat '", path, "' in the root");
  mode = info.st_mode;
  return Spot(std::move(found));
}

mc::Fd Destinations::make_directories(std::string_view path) {
  mc::Fd parent = mc::open_in_root(root_, "/", O_PATH | O_DIRECTORY);
  for (std::size_t end = 0; end < path.size();) {
    const std::size_t begin = end + 1;
    end = path.find('/', begin);
    if (end == std::string_view::npos) end = path.size();
    const std::string name(path.substr(begin, end - begin));
    const std::string prefix(path.substr(0, end));
    if (name.empty()) continue;
    int next = mc::try_open_in_root(root_, prefix.c_str(), O_PATH | O_DIRECTORY);
    if (next == -ENOENT) {
      if (::mkdirat(parent.get(), name.c_str(), 0755) != 0 && errno != EEXIST)
        mc::fail_with(errno, "create the directory '", prefix, "' in the root",
                      mc::Hint{cannot_make});
      next = mc::try_open_in_root(root_, prefix.c_str(), O_PATH | O_DIRECTORY);
    }
    if (next < 0) mc::fail_with(-next, "open '", prefix, "' in the root");
    parent.reset(next);
  }
  return parent;
}

Spot Destinations::parent(const char* path) {
  if (Spot fresh = fresh_parent(path); fresh.valid()) return fresh;
  const auto [directory, name] = split_path(path);
  if (name.empty()) mc::fail("'", path, "' does not name anything that could be made");
  const int fd = mc::try_open_in_root(root_, std::string(directory).c_str(), O_PATH | O_DIRECTORY);
  if (fd >= 0) return {mc::Fd(fd), std::string(name)};
  if (fd != -ENOENT) mc::fail_with(-fd, "open '", directory, "' in the root");
  return {make_directories(directory), std::string(name)};
}

Spot Destinations::mount_point(const char* path, Kind kind, bool follow) {
  mc::Fd found = find(path, follow);
  if (!found) {
    if (errno != ENOENT) mc::fail_with(errno, "open '", path, "' in the root");
    const Spot place = parent(path);
    const int made = kind == Kind::directory
                         ? ::mkdirat(place.directory(), place.name(), 0755)
                         : ::mknodat(place.directory(), place.name(), S_IFREG | 0644, 0);
    if (made != 0 && errno != EEXIST)
      mc::fail_with(errno, "create the mount point '", path, "' in the root",
                    mc::Hint{cannot_make});
    // What a ".." goes back from has been made only now.
    found = find(path, follow);
    if (!found && made != 0)
      mc::fail("'", path, "' in the root is a symbolic link to nothing",
               mc::Hint{"create what it points to"});
    if (!found) mc::fail_with(errno, "open '", path, "' in the root");
  }
  check_kind(found.get(), path, kind, follow);
  return Spot(std::move(found));
}

}  // namespace rootfs
