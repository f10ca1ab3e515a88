// SPDX-License-Identifier: Apache-2.0
#include "directory.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <memory>

#include "mini_container/in_root.hpp"

namespace cgroup {

namespace {

constexpr unsigned long long beneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;

void check_magic(int directory, const Hierarchy& hierarchy, std::string_view path) {
  struct statfs found {};
  mc::check(::fstatfs(directory, &found), "statfs '", path, "'");
  if (found.f_type != hierarchy.magic)
    mc::fail("'", path, "' is not on a cgroup file system",
             mc::Hint{"nothing was written to it; look at /proc/self/mountinfo"});
}

std::string shown(const Hierarchy& hierarchy, std::string_view path) {
  return mc::concat(hierarchy.mount_point, path);
}

// What lies on the mount point's own mount (RESOLVE_NO_XDEV) needs no look of its own.
mc::Fd try_open_as(const Hierarchy& hierarchy, std::string_view path, int flags) {
  const mc::Fd root = open_mount_point(hierarchy);
  const auto start = std::min(path.find_first_not_of('/'), path.size());
  const std::string below(start < path.size() ? path.substr(start) : ".");
  const int fd = mc::try_open_in_root(root.get(), below.c_str(), flags, 0, beneath);
  if (fd == -ENOENT) return mc::Fd();
  if (fd == -ELOOP || fd == -EXDEV)
    mc::fail_with(-fd, "open cgroup '", shown(hierarchy, path), "'",
                  mc::Hint{"the path leaves the hierarchy by a symbolic link or a mount"});
  if (fd < 0) mc::fail_with(-fd, "open cgroup '", shown(hierarchy, path), "'");
  return mc::Fd(fd);
}

mc::Fd open_as(const Hierarchy& hierarchy, std::string_view path, int flags) {
  mc::Fd out = try_open_as(hierarchy, path, flags);
  if (!out) mc::fail_with(ENOENT, "open cgroup '", shown(hierarchy, path), "'");
  return out;
}

// Nothing can enter a v1 cpuset without CPUs and nodes.
void inherit_cpuset(int parent, int directory) {
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    const std::string own = mc::read_file(directory, file);
    if (own.find_first_not_of(" \n") != std::string::npos) continue;
    mc::write_file(directory, file, mc::read_file(parent, file));
  }
}

}  // namespace

void check_path(std::string_view path, std::string_view where) {
  if (path.find_first_not_of('/') == path.npos || path.size() > 4000)
    mc::fail(where, ": '", path, "' names no cgroup below the root of the hierarchy",
             mc::Hint{"give a path such as /mini_container/web"});
  for_each_part(path, '/', [&](std::string_view part) {
    if (part == "..")
      mc::fail(where, ": the cgroup path '", path, "' leaves its parent",
               mc::Hint{"leave out '..'"});
    // The kernel refuses newlines in names, and cgroup.* beside its own files confuses all tools.
    if (part == "." || part.size() > 255 || part.starts_with("cgroup.") ||
        std::any_of(part.begin(), part.end(),
                    [](char letter) { return static_cast<unsigned char>(letter) < ' '; }))
      mc::fail(where, ": '", part, "' cannot be the name of a cgroup");
  });
}

mc::Fd open_mount_point(const Hierarchy& hierarchy) {
  mc::Fd directory(mc::check(
      ::open(hierarchy.mount_point.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW),
      "open the cgroup mount '", hierarchy.mount_point, "'"));
  check_magic(directory.get(), hierarchy, hierarchy.mount_point);
  return directory;
}

mc::Fd try_open(const Hierarchy& hierarchy, std::string_view path) {
  return try_open_as(hierarchy, path, O_PATH | O_DIRECTORY);
}

mc::Fd open(const Hierarchy& hierarchy, std::string_view path) {
  return open_as(hierarchy, path, O_PATH | O_DIRECTORY);
}

mc::Fd open_readable(const Hierarchy& hierarchy, std::string_view path) {
  return open_as(hierarchy, path, O_RDONLY | O_DIRECTORY);
}

mc::Fd open_entry(const Hierarchy& hierarchy, std::string_view path, const char* file) {
  return open_as(hierarchy, mc::concat(path, '/', file), O_WRONLY);
}

std::vector<std::string> ancestors(std::string_view path) {
  std::vector<std::string> out;
  std::string so_far;
  for (const auto part : split(path, '/')) {
    so_far += '/';
    so_far += part;
    out.push_back(so_far);
  }
  return out;
}

std::vector<std::string> missing(const Hierarchy& hierarchy, std::string_view path) {
  auto all = ancestors(path);
  // Mostly all but the last are there.
  std::size_t present = all.size();
  while (present > 0 && !try_open(hierarchy, all[present - 1])) --present;
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(present));
  return all;
}

mc::Fd create(const Hierarchy& hierarchy, std::string_view path) {
  const auto parts = split(path, '/');
  // Another container may take an empty directory away between two of our steps.
  for (int attempt = 0; attempt < 8; ++attempt) {
    mc::Fd parent = open_mount_point(hierarchy);
    std::size_t done = 0;
    for (; done < parts.size(); ++done) {
      const std::string name(parts[done]);
      if (::mkdirat(parent.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
        if (errno == ENOENT || errno == ENODEV) break;
        mc::fail_with(errno, "make cgroup '", shown(hierarchy, path), "'",
                      mc::Hint{errno == EACCES || errno == EPERM || errno == EROFS
                                   ? "it must be delegated to this user, or the launch made by "
                                     "root; or do without: leave out [cgroup], or "
                                     "--cgroup-manager disabled for a bundle"
                                   : ""});
      }
      const int fd =
          mc::try_open_in_root(parent.get(), name.c_str(), O_PATH | O_DIRECTORY, 0, beneath);
      if (fd == -ENOENT) break;
      if (fd < 0) mc::fail_with(-fd, "open cgroup '", shown(hierarchy, path), "'");
      mc::Fd child(fd);
      if (!hierarchy.unified && hierarchy.has("cpuset")) inherit_cpuset(parent.get(), fd);
      parent = std::move(child);
    }
    if (done == parts.size()) return parent;
  }
  mc::fail("make cgroup '", shown(hierarchy, path), "': it is taken away again and again");
}

void enable(const Hierarchy& hierarchy, std::string_view path,
            const std::vector<std::string>& controllers) {
  if (controllers.empty()) return;
  mc::Fd directory = open_mount_point(hierarchy);
  const auto parts = split(path, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string enabled = mc::read_file(directory.get(), "cgroup.subtree_control");
    std::replace(enabled.begin(), enabled.end(), '\n', ' ');
    const auto there = split(enabled, ' ');
    std::string request;
    for (const std::string& controller : controllers)
      if (std::find(there.begin(), there.end(), controller) == there.end())
        request += mc::concat(request.empty() ? "+" : " +", controller);
    if (!request.empty()) {
      try {
        mc::write_file(directory.get(), "cgroup.subtree_control", request);
      } catch (const mc::Error& error) {
        std::string above = "/";
        for (std::size_t k = 0; k < i; ++k) above += mc::concat(k > 0 ? "/" : "", parts[k]);
        mc::fail_with(error.error_number(), "give the children of cgroup '",
                      shown(hierarchy, above), "' the controllers ", request,
                      mc::Hint{error.error_number() == EBUSY
                                   ? "it holds processes itself; name a path below one that "
                                     "does not: cgroups(7), 'no internal processes'"
                                   : "have it delegated with these controllers"});
      }
    }
    const std::string name(parts[i]);
    const int next =
        mc::try_open_in_root(directory.get(), name.c_str(), O_PATH | O_DIRECTORY, 0, beneath);
    if (next < 0) return;  // not made yet
    directory.reset(next);
  }
}

bool is_frozen(const Hierarchy& hierarchy, int directory) {
  if (!hierarchy.unified) return mc::read_file(directory, "freezer.state").starts_with("FROZEN");
  return mc::read_file(directory, "cgroup.events").find("frozen 1") != std::string::npos;
}

std::vector<std::string> children(int directory) {
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  mc::check(fd, "list a cgroup");
  const std::unique_ptr<DIR, int (*)(DIR*)> list(::fdopendir(fd), &::closedir);
  std::vector<std::string> out;
  if (!list) return out;
  while (const dirent* entry = ::readdir(list.get()))
    if (entry->d_type == DT_DIR && std::string_view(entry->d_name) != "." &&
        std::string_view(entry->d_name) != "..")
      out.emplace_back(entry->d_name);
  return out;
}

}  // namespace cgroup
