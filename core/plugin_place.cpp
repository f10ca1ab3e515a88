// SPDX-License-Identifier: Apache-2.0
#include "core/plugin_place.hpp"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>

#include "core/user_namespace.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

namespace {

bool others_may_write(const struct stat& info) { return (info.st_mode & (S_IWGRP | S_IWOTH)) != 0; }

// In the user namespace that an engine of an ordinary user makes, what belongs to root shows as the
// overflow id, and so does what belongs to any stranger: user_namespaces(7).
bool may_be_roots(uid_t owner) {
  const std::string overflow = mc::read_file(AT_FDCWD, "/proc/sys/kernel/overflowuid");
  return overflow == mc::concat(owner, '\n') && !in_initial_user_namespace();
}

// What came with this very binary is as trusted as the binary, which runs already.
bool came_with_the_binary(const struct stat& info, const std::string& path) {
  if (!may_be_roots(info.st_uid)) return false;
  struct stat own {};
  mc::check(::stat("/proc/self/exe", &own), "look at '/proc/self/exe'");
  if (own.st_uid != info.st_uid || others_may_write(own)) return false;
  return std::ranges::any_of(own_plugin_directories(), [&](const std::string& directory) {
    if (path != directory && path.substr(0, path.rfind('/')) != directory) return false;
    // Who may write to what it lies in may have put it there.
    struct stat above {};
    const std::string parent = directory.substr(0, directory.rfind('/') + 1);
    mc::check(::stat(parent.c_str(), &above), "look at '", parent, "'");
    return !others_may_write(above);
  });
}

constexpr int most_links = 40;  // path_resolution(7)

/// Goes to a directory as the kernel does, and looks at what it comes through.
class WayTo {
 public:
  explicit WayTo(const std::string& directory) : directory_(directory) { add(directory); }

  void check() {
    for (int links = 0; !names_.empty();) {
      const std::string name = std::move(names_.front());
      names_.pop_front();
      if (name.empty() || name == ".") continue;
      if (name == "..") {
        here_.resize(here_.empty() ? 0 : here_.rfind('/'));
        continue;
      }
      const bool shared = check_here();
      here_ += '/' + name;
      char target[PATH_MAX];
      const auto length = ::readlink(here_.c_str(), target, sizeof target);
      if (length < 0 && errno == EINVAL) continue;  // no link
      mc::check(length, "read the link '", here_, "'");
      // In a sticky directory its owner alone can put another link in its place.
      if (shared) check_owner(look_at(here_));
      if (++links > most_links) mc::fail_with(ELOOP, "follow '", directory_, "'");
      here_.resize(*target == '/' ? 0 : here_.rfind('/'));
      add(std::string_view(target, static_cast<std::size_t>(length)));
    }
  }

 private:
  void add(const std::filesystem::path& path) {
    const auto below = path.relative_path();
    names_.insert(names_.begin(), below.begin(), below.end());
  }

  // Of a link: the link itself.
  [[nodiscard]] static struct stat look_at(const std::string& path) {
    struct stat info {};
    mc::check(::lstat(path.c_str(), &info), "look at '", path, "'");
    return info;
  }

  void check_owner(const struct stat& info) const {
    if (info.st_uid != 0 && info.st_uid != ::geteuid() && !may_be_roots(info.st_uid))
      refuse(mc::concat("belongs to uid ", info.st_uid), "chown that");
  }

  // What others may write to, but not rename or remove, is shared: unlink(2), EPERM.
  bool check_here() const {
    const auto info = look_at(here_.empty() ? "/" : here_);
    check_owner(info);
    if (!others_may_write(info)) return false;
    if ((info.st_mode & S_ISVTX) == 0)
      refuse("may be written to by others than its owner", "chmod go-w that, or make it sticky");
    return true;
  }

  [[noreturn]] void refuse(const std::string& why, const char* way_out) const {
    mc::fail(
        "refuse the plugin directory '", directory_, "': '", here_.empty() ? "/" : here_,
        "', which leads to it, ", why,
        mc::Hint{mc::concat("plugins are trusted code, and others could exchange it; ", way_out)});
  }

  const std::string& directory_;
  std::string here_;  // without links; empty: the root
  std::deque<std::string> names_;
};

}  // namespace

void check_owner_and_mode(const struct stat& info, const char* what, const std::string& path,
                          const std::string& shown) {
  if (info.st_uid != 0 && info.st_uid != ::geteuid() && !came_with_the_binary(info, path))
    mc::fail("refuse the plugin ", what, " '", shown, "': it belongs to uid ", info.st_uid,
             mc::Hint{"plugins are trusted code: it must belong to root or to the user who runs "
                      "this; chown it"});
  if (others_may_write(info))
    mc::fail("refuse the plugin ", what, " '", shown, "': others than its owner may write to it",
             mc::Hint{"plugins are trusted code; chmod go-w"});
}

std::string absolute_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&::free)> found(::realpath(path.c_str(), nullptr), &::free);
  if (!found) mc::fail_with(errno, "look at plugin '", path, "'");
  return found.get();
}

std::vector<std::string> own_plugin_directories() {
  std::vector<std::string> out;
  char self[PATH_MAX];
  const auto length = ::readlink("/proc/self/exe", self, sizeof self - 1);
  if (length <= 0) return out;
  std::string directory(self, static_cast<std::size_t>(length));
  directory.resize(directory.rfind('/'));
  auto beside = directory + "/plugins.d";
  if (::access(beside.c_str(), F_OK) == 0) out.push_back(std::move(beside));
  // The kernel's own path of the binary has no links in it, so ".." can be taken off as text.
  std::string_view below = MINI_CONTAINER_PLUGINS_FROM_BINARY;
  for (; below.starts_with("../"); below.remove_prefix(3))
    directory.resize(std::min(directory.rfind('/'), directory.size()));
  out.push_back(mc::concat(directory, '/', below));
  return out;
}

bool check_plugin_directory(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    mc::fail_with(errno, "look at plugin directory '", path, "'");
  }
  if (!S_ISDIR(info.st_mode)) return false;
  check_owner_and_mode(info, "directory", path, path);
  return true;
}

void check_way_to(const std::string& directory) { WayTo(directory).check(); }

}  // namespace mini_container
