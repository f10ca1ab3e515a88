// SPDX-License-Identifier: Apache-2.0
// Bundles for tests, on the private host, and what a container made from one must not leave.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/value.hpp"
#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

namespace mini_container::test {

/// A container id that no other test, in whatever process, has: cgroups are everybody's.
std::string fresh_id();

/// A bundle in a directory of its own, whose root is `root`. What
/// `mini_container spec` gives, with a writable root, no terminal, and `sleep 1000` to run.
class Bundle {
 public:
  explicit Bundle(std::string root = shared_root());

  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] Value& config() { return config_; }
  /// The property at a path such as "process.user.uid" or "mounts.0.type" becomes this JSON;
  /// what is missing on the way is made.
  Bundle& set(std::string_view path, std::string_view json);
  /// One more element of the list at `path`.
  Bundle& add(std::string_view path, std::string_view json);
  /// Writes config.json.
  Bundle& write();
  /// Writes this text as config.json.
  void write(std::string_view text) const;

 private:
  std::string directory_;
  std::string root_;
  Value config_;
};

/// The value at a path as Bundle::set takes it; nullptr where there is none.
Value* find_value(Value& top, std::string_view path);

/// Runs the runtime so that a container that it starts may keep its output.
Result run_and_leave(std::vector<std::string> arguments);

/// Whether MINI_CONTAINER_THOROUGH asks for every case instead of some.
bool thorough();

/// Checks, when it goes out of scope, that the host is as it was and that no cgroup and no log of
/// this id is left.
class NothingLeft {
 public:
  explicit NothingLeft(std::string id) : id_(std::move(id)) {}
  ~NothingLeft();
  NothingLeft(const NothingLeft&) = delete;
  NothingLeft& operator=(const NothingLeft&) = delete;

 private:
  std::string id_;
  HostUnchanged host_;
};

}  // namespace mini_container::test
