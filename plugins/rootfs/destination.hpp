// SPDX-License-Identifier: Apache-2.0
// Where the plan's entries go: every destination is found, and made where it is missing, through
// descriptors of the root.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mini_container/fd.hpp"

namespace rootfs {

/// A place in the root: `name` in the directory `directory`, or `directory` itself (it may be a
/// file then) where `name` is empty.
class Spot {
 public:
  Spot() = default;
  Spot(int directory, std::string name) : directory_(directory), name_(std::move(name)) {}
  explicit Spot(mc::Fd self) : directory_(self.get()), own_(std::move(self)) {}
  Spot(mc::Fd directory, std::string name)
      : directory_(directory.get()), name_(std::move(name)), own_(std::move(directory)) {}

  [[nodiscard]] int directory() const { return directory_; }
  [[nodiscard]] const char* name() const { return name_.c_str(); }
  [[nodiscard]] bool valid() const { return directory_ >= 0; }

 private:
  int directory_ = -1;
  std::string name_;
  mc::Fd own_;
};

/// What a mount is to be put on.
enum class Kind { directory, file };

class Destinations {
 public:
  /// `root` is borrowed.
  explicit Destinations(int root) : root_(root) {}

  /// A filesystem that this launch has made and put on `path`: what lies below is found from its
  /// descriptor. `empty`: it holds nothing but what we make in it.
  void remember(std::string_view path, mc::Fd mount, bool empty);

  /// Something else is mounted on `path` now: what was made there or below is out of reach.
  void forget(std::string_view path);

  /// What is at `path`; an invalid Fd and errno where there is nothing (ENOENT, ENOTDIR).
  /// Throws for any other failure.
  mc::Fd find(const char* path, bool follow) const;

  /// The same, links followed, for a mount on it, and what it is: its type in `mode`. What is right
  /// below a filesystem that this launch has made is not opened: nobody else exchanges a name there,
  /// or, where it is a server's, whoever does gains nothing, for what then uses the name follows no
  /// link.
  Spot existing(const char* path, mode_t& mode) const;

  /// A mount point of this kind at `path`, made where it is missing. Throws where something of
  /// another kind is there, and, unless `follow`, for a symbolic link.
  Spot mount_point(const char* path, Kind kind, bool follow);

  /// The directory that `path` is to be made in, made where it is missing, and the name in it.
  Spot parent(const char* path);

  /// The same, if that directory is a filesystem that was made empty for this launch.
  [[nodiscard]] Spot fresh_parent(std::string_view path) const;

  [[nodiscard]] int root() const { return root_; }

 private:
  struct Made {
    std::string path;
    mc::Fd mount;
    bool empty;
  };

  mc::Fd make_directories(std::string_view path);

  int root_;
  std::vector<Made> made_;
};

/// "/a/b/" is "/a" and "b". The name is empty for "/" and for a path that ends in a dot or two.
std::pair<std::string_view, std::string_view> split_path(std::string_view path);

}  // namespace rootfs
