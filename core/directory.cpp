// SPDX-License-Identifier: Apache-2.0
#include "core/directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "mini_container/fd.hpp"

namespace mini_container {

namespace {

struct Entry {
  std::string name;
  bool is_directory;
};

/// A directory while it is read; `fd` is taken over.
class Listing {
 public:
  Listing(mc::Fd fd, std::string_view shown) : stream_(::fdopendir(fd.get())) {
    if (!stream_) mc::fail_with(errno, "read the directory '", shown, "'");
    (void)fd.release();
  }
  [[nodiscard]] int fd() const { return ::dirfd(stream_.get()); }
  /// Without "." and "..".
  [[nodiscard]] std::vector<Entry> entries() const {
    std::vector<Entry> out;
    while (const dirent* entry = ::readdir(stream_.get()))
      if (std::string_view(entry->d_name) != "." && std::string_view(entry->d_name) != "..")
        out.push_back({entry->d_name, entry->d_type == DT_DIR});
    return out;
  }

 private:
  struct Close {
    void operator()(DIR* stream) const { ::closedir(stream); }
  };
  std::unique_ptr<DIR, Close> stream_;
};

}  // namespace

std::vector<std::string> names_in(int directory, std::string_view shown) {
  const Listing listing(
      mc::Fd(mc::check(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open '",
                       shown, "'")),
      shown);
  std::vector<std::string> names;
  for (Entry& entry : listing.entries()) names.push_back(std::move(entry.name));
  return names;
}

// A directory is tried as an empty one first, as most plugins' are by then.
void remove_tree(int parent, const char* name, bool is_directory) {
  if (::unlinkat(parent, name, is_directory ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT) return;
  // Some file systems do not tell in a listing what is a directory.
  if (!is_directory && (errno == EISDIR || errno == EPERM)) return remove_tree(parent, name, true);
  if (errno != ENOTEMPTY && errno != EEXIST) mc::fail_with(errno, "remove '", name, "'");
  const Listing listing(
      mc::Fd(mc::check(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                       "open '", name, "'")),
      name);
  for (const Entry& entry : listing.entries())
    remove_tree(listing.fd(), entry.name.c_str(), entry.is_directory);
  if (::unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
    mc::fail_with(errno, "remove the directory '", name, "'");
}

}  // namespace mini_container
