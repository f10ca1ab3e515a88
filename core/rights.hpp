// SPDX-License-Identifier: Apache-2.0
// With whose rights this process acts, for a while.
#pragma once

#include <sys/types.h>

#include <vector>

#include "core/identity.hpp"

namespace mini_container {

/// All capabilities that are permitted become effective, or none; and none is inheritable. Throws
/// mc::Error.
void make_capabilities_effective(bool all);

/// [child] For as long as it lives no capability is effective, as for a program of the user's.
class NoCapabilities {
 public:
  NoCapabilities();
  ~NoCapabilities();
  NoCapabilities(const NoCapabilities&) = delete;
  NoCapabilities& operator=(const NoCapabilities&) = delete;
};

/// For as long as it lives, the kernel judges this process's access to files as a program of the
/// user's: setfsuid(2), with the groups. For root in the initial user namespace, single-threaded.
/// Throws mc::Error.
class RightsOf {
 public:
  explicit RightsOf(const Identity& identity);
  ~RightsOf();
  RightsOf(const RightsOf&) = delete;
  RightsOf& operator=(const RightsOf&) = delete;

 private:
  std::vector<gid_t> groups_;  // our own
};

}  // namespace mini_container
