// SPDX-License-Identifier: Apache-2.0
// The files that a container will see, looked up in its plan: nothing is mounted or made.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "core/file_view.hpp"
#include "core/identity.hpp"
#include "core/plan.hpp"
#include "core/planned_node.hpp"

namespace mini_container {

class PlannedRoot : public FileView {
 public:
  /// The root is `directory` of the host, with what is mounted below it if `recursive`, and with
  /// `mounts` performed on it.
  using Mounts = std::vector<std::unique_ptr<PlannedMount>>;
  PlannedRoot(const std::string& directory, bool recursive, const Mounts& mounts);

  /// As FileView has it. Throws Unforeseeable where the plan does not tell, and where the caller
  /// has not the right to look.
  [[nodiscard]] int try_open(const char* path, int flags) const override;
  /// The same of what is known; with judge_as(), as for that user.
  [[nodiscard]] int try_execute(const char* path) const override;
  /// From now on what this user may not search or execute is refused.
  void judge_as(Identity user) { user_ = std::move(user); }
  /// Relative paths start there from now on; a negative errno if it is no directory. Where it
  /// throws Unforeseeable, they do so too.
  int try_enter(const char* path);

 private:
  struct Step {
    std::string name;
    NodePointer node;
  };
  using Way = std::vector<Step>;  // from the root on, which has no name

  /// Links resolved. 0, or a negative errno; `way` then leads as far as there was something. What
  /// is missing will be a directory in `make`, where that is given.
  int walk(std::string_view path, Way& way, MadeEntries* make) const;
  int find(std::string_view path, Way& way) const;
  NodePointer child(const Way& way, const std::string& name) const;

  [[nodiscard]] bool may_execute(const PlannedNode& node) const;
  [[nodiscard]] bool is_noexec(const Way& way) const;

  void perform(const PlannedMount& mount);
  bool walk_to_put(std::string_view path, Way& way, MadeEntries* make);
  void put(const PlannedMount& mount, NodePointer node);
  void put_directory(const PlannedMount& mount);
  void put_link(const PlannedMount& mount);
  void mask(const PlannedMount& mount);
  void cover(const Way& way, NodePointer node, bool noexec = false);
  void bind(const PlannedMount& mount);
  void put_filesystem(const PlannedMount& mount);

  NodePointer root_;
  std::map<std::string, NodePointer> mounts_;  // by the path where it is, links resolved
  MadeEntries made_;
  Way directory_;                 // where relative paths start
  std::string doubt_;             // why nothing can be said at all
  std::set<std::string> noexec_;  // of mounts_, what nothing is executed from
  bool remounts_ = false;         // which may change that
  std::optional<Identity> user_;
};

}  // namespace mini_container
