// SPDX-License-Identifier: Apache-2.0
// The container's state as JSON, which a hook reads from its standard input.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace hooks {

struct State {
  std::string id;
  const char* status = "creating";  // creating, created, running, stopped
  int pid = -1;                     // -1: left out
  std::string bundle;
  std::vector<std::pair<std::string, std::string>> annotations;
};

/// As "State" of the OCI runtime specification describes it.
std::string state_text(const State& state);

}  // namespace hooks
