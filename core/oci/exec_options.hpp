// SPDX-License-Identifier: Apache-2.0
// What `exec` changes of the container's own launch.
#pragma once

#include <string>
#include <vector>

#include "core/launch.hpp"

namespace mini_container::oci {

struct ExecRequest {
  std::string process_file;  // --process: an OCI process object; its tables replace the launch's
  std::string user, cwd, apparmor, label;
  std::vector<std::string> env, capabilities, groups;
  bool terminal = false;
  bool no_new_privs = false;
  int preserve_fds = 0;
  std::vector<std::string> command;
  const Value* scheduling = nullptr;  // what the bundle has for those that say nothing themselves
};

/// Lays the request over the launch of `exec_launch`. Throws mc::Error.
void change_launch(Launch& launch, const ExecRequest& request, Catalog& catalog);

}  // namespace mini_container::oci
