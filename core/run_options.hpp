// SPDX-License-Identifier: Apache-2.0
// How a launch is carried out, beside what is launched.
#pragma once

#include <string>
#include <vector>

#include "core/value.hpp"

namespace mini_container {

/// When the child goes on from `created` to its program, if a bundle's lifecycle is kept.
enum class Start {
  at_once,       // it is never `created`
  when_created,  // by its agent
  by_verb,       // by a later process, `start`
};

struct RunOptions {
  std::string state_root;
  std::string id;
  bool detached = false;  // the container outlives the caller; no PDEATHSIG
  Start start = Start::at_once;
  bool outlives_agent = false;  // exec --detach: the agent goes once the program runs
  bool in_paused = false;       // exec --ignore-paused: the child may be frozen for long
  bool timings = false;
  bool verbose = false;        // the "[Agent]" and "[Container]" lines
  std::string console_socket;  // where a terminal's master goes; empty: the agent keeps it
  std::string pid_file;
  std::vector<std::string> plugin_dirs;  // --plugin-dir, for who undoes a launch
  std::string sub_cgroup;                // exec: a cgroup below the container's: extensions.h
  Value annotations;                     // kept in the record for other verbs; may be empty
};

}  // namespace mini_container
