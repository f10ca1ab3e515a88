// SPDX-License-Identifier: Apache-2.0
// What a container could leave behind on the (private) host.
#pragma once

#include <set>
#include <string>

namespace mini_container::test {

/// One line for each process, mount, network interface, entry of the runtime's state directory,
/// System V and POSIX IPC object, and the host's names.
std::set<std::string> host_state();

/// "- gone" and "+ new" lines; empty where nothing differs.
std::string difference(const std::set<std::string>& before, const std::set<std::string>& after);

/// Checks, when it goes out of scope, that the host is as it was; a second of grace for processes
/// that are about to end.
class HostUnchanged {
 public:
  HostUnchanged() : before_(host_state()) {}
  ~HostUnchanged();
  HostUnchanged(const HostUnchanged&) = delete;
  HostUnchanged& operator=(const HostUnchanged&) = delete;

 private:
  std::set<std::string> before_;
};

/// The lines for cgroups whose path holds `part`, in every hierarchy: other tests have theirs in
/// the same place.
std::set<std::string> cgroups_named(const std::string& part);

}  // namespace mini_container::test
