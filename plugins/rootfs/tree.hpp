// SPDX-License-Identifier: Apache-2.0
// The tree that becomes the container's root: the host's directory or an overlay of it.
#pragma once

#include <cstdint>
#include <string>

#include "mini_container/plugin.hpp"

namespace rootfs {

/// The options that concern the root itself.
struct TreeOptions {
  std::string path;  // empty: the host's own tree
  bool readonly = false;
  bool overlay = false;
  std::string overlay_upper;  // empty: an ephemeral tmpfs
  std::string overlay_work;
  std::string overlay_size;       // of the tmpfs, as tmpfs(5) wants it; empty: its default
  std::uint64_t propagation = 0;  // MS_*, with MS_REC
  bool pivot = true;              // false: entered by chroot(2), on top of the host's root
  bool detached = false;          // entered by chroot(2), and attached nowhere
  std::uint64_t device = 0;       // of the directory that `plan` saw, to know it again
  std::uint64_t inode = 0;
};

/// [child] Before anybody mounts in the new namespace: what is mounted there does not reach the
/// host. With MS_SHARED it may, below the root; the place that the root is attached to is private
/// in any case, as pivot_root(2) demands.
void isolate_mounts(std::uint64_t propagation);

/// [child] The root, attached in the new mount namespace on top of the host's root directory:
/// there it hides nothing, since lookups start below it, and needs no directory of its own.
class Tree {
 public:
  /// `given`: the root's tree as the agent has opened it, or none. `with_scratch`: scratch() is
  /// asked for.
  Tree(const TreeOptions& options, bool in_user_namespace, bool with_scratch, mc::Fd given);

  [[nodiscard]] int root() const { return root_.get(); }
  [[nodiscard]] bool is_overlay() const { return options_.overlay; }
  [[nodiscard]] bool is_detached() const { return options_.detached; }
  /// A tmpfs that goes away with the host's tree.
  [[nodiscard]] int scratch() const { return scratch_.get(); }

  /// pivot_root(2) into it and away with the host's tree. Nothing is left of the tree after it.
  void enter();
  /// After enter(), a tree that is attached nowhere: it comes apart when this is closed, and what
  /// is in it can be used, but nothing more be mounted.
  mc::Fd release() { return std::move(root_); }

 private:
  void change_root();
  void pivot();
  void stack(int mount, const char* what);
  void make_scratch();
  [[nodiscard]] mc::Fd open_directory(mc::Fd given) const;
  mc::Fd make_overlay(mc::Fd lower, bool in_user_namespace);
  void check_identity(int directory) const;
  void check_inside() const;

  const TreeOptions& options_;
  mc::Fd host_;  // the host's root directory
  mc::Fd scratch_;
  mc::Fd root_;
  int stacked_ = 0;  // mounts on the host's root directory, all of this launch
};

}  // namespace rootfs
