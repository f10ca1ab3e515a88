// SPDX-License-Identifier: Apache-2.0
// What a container must never reach through /proc/PID/exe: the runtime's own binary, which a
// process of root's could then overwrite (CVE-2019-5736).
#pragma once

#include <linux/prctl.h>

#include <string>
#include <vector>

#include "core/command.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

/// The running program as the kernel sees it, to be let go of by a child of the process.
class OwnImage {
 public:
  /// [agent] Notes what lies where in this process and its children. `by_path`: the child will
  /// have a new mount namespace and still the host's tree, in which the binary's path leads to it
  /// through another mount. Else a mount is cloned for that, where the process may: in a namespace
  /// that is joined, what lies at a path is the say of whoever is there. `own` is the binary.
  OwnImage(bool by_path, const FileIdentity& own);

  /// [child] Single-threaded, before it leaves the host's tree. Maps the program anew, at the same
  /// addresses: through another mount, or, where there is none, from a copy in memory; and makes
  /// /proc/self/exe an empty, sealed file. Whatever path execve is led to then, it is not the
  /// runtime's binary. Throws mc::Error (a kernel without CONFIG_CHECKPOINT_RESTORE). prctl(2),
  /// PR_SET_MM_MAP; needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the own user namespace.
  void let_go() const;

 private:
  FileIdentity own_;
  prctl_mm_map map_{};
  std::string path_;  // empty: view_ it is
  // Whoever closes it last waits for the kernel to take the mount away: the agent, when it ends,
  // not the child, before its execve.
  mc::Fd mount_;
  mc::Fd view_;
};

/// [child] Descriptors that execve closes are still open while it looks for the program: whoever is
/// inside could lead it by /proc/self/fd/N to the runtime's binary, or to any other of the host's.
/// The directories and programs among them, the caller's own as well, but for those in `stay`. To
/// be asked for before the seal hooks, since a filter may stand in the way after them.
std::vector<int> find_ways_out(const std::vector<int>& stay);
/// After the seal hooks, which may use what a plugin has opened. One that is closed by now is no
/// error. Throws mc::Error where a filter stands in the way.
void close_ways_out(const std::vector<int>& ways_out);

}  // namespace mini_container
