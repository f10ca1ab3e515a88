// SPDX-License-Identifier: Apache-2.0
// What stands at one path of a root that is only planned.
#pragma once

#include <sys/stat.h>

#include <exception>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "mini_container/fd.hpp"

namespace mini_container {

/// The plan does not say what is there: it shows when the container runs.
class Unforeseeable : public std::exception {
 public:
  explicit Unforeseeable(std::string what) : what_(std::move(what)) {}
  [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::string what_;
};

struct PlannedNode {
  enum class Kind {
    present,    // there already: `file` is open on it, O_PATH
    directory,  // will be made, and holds what the plan puts there
    link,       // will be made: to `target`
    unknown,    // will be mounted, and nothing is known of what it holds
  };

  Kind kind = Kind::unknown;
  mc::Fd file;
  mode_t mode = 0;         // of `present`, with the type
  bool recursive = false;  // of `present`: what is mounted below it is there too
  std::string target;
  std::string why;           // of `unknown`: what it is
  bool from_kernel = false;  // of `unknown`: it has no links that lead out of it
  /// Tells one directory from another: device and inode, or 0 and a number.
  std::pair<std::uint64_t, std::uint64_t> identity;

  [[nodiscard]] bool is_directory() const {
    return kind == Kind::directory || (kind == Kind::present && S_ISDIR(mode));
  }
  [[nodiscard]] bool is_link() const {
    return kind == Kind::link || (kind == Kind::present && S_ISLNK(mode));
  }
};

using NodePointer = std::shared_ptr<const PlannedNode>;

/// `file` is open on it.
NodePointer present_node(mc::Fd file, bool recursive);
NodePointer directory_node();
NodePointer link_node(std::string target);
NodePointer unknown_node(std::string why, bool from_kernel);
/// A file of this content and mode, with nothing of it on the host.
NodePointer content_node(const std::string& name, std::string_view content, mode_t mode);

/// Where a link leads.
std::string link_target(const PlannedNode& link);

/// What will be made in directories, by the directory rather than its path: a directory that is
/// bound to two places has it in both.
class MadeEntries {
 public:
  void add(const PlannedNode& directory, const std::string& name, NodePointer made);
  /// What will be in `directory` by this name; none: nothing. Throws Unforeseeable.
  [[nodiscard]] NodePointer find(const PlannedNode& directory, const std::string& name) const;

 private:
  std::map<std::tuple<std::uint64_t, std::uint64_t, std::string>, NodePointer> made_;
};

}  // namespace mini_container
