// SPDX-License-Identifier: Apache-2.0
// Compiled filters on disk, so that a start neither loads libseccomp nor compiles.
#pragma once

#include <optional>
#include <string>

#include "compiler.hpp"
#include "mini_container/fd.hpp"

namespace seccomp {

/// What a start needs of a profile.
struct Compiled {
  Program program;
  std::uint32_t flags = 0;
  bool notifies = false;
  std::string listener_path;
  std::string listener_metadata;
};

/// The directory is /var/cache/mini_container/seccomp for root, $XDG_CACHE_HOME (or ~/.cache) for
/// others. It is used only where it belongs to the user who runs this, with mode 0700, and so must
/// each file. A file holds the whole description that it was compiled from: a hash only names it.
class FilterCache {
 public:
  explicit FilterCache(std::string description);

  /// What was kept for this description; nothing where there is none that can be trusted.
  [[nodiscard]] std::optional<Compiled> load() const;
  /// [agent] Keeps it. Throws where the directory cannot be used.
  void store(const Compiled& compiled) const;

 private:
  std::string description_;
  std::string name_;
};

}  // namespace seccomp
