// SPDX-License-Identifier: Apache-2.0
// The flags in front of the verb, which `run` takes behind it as well.
#pragma once

#include <string>
#include <vector>

#include "core/flags.hpp"

namespace mini_container {

/// What the flags in front of the verb say.
struct GlobalOptions {
  std::string state_dir;                 // --root DIR / --state-dir DIR; empty: the default
  std::vector<std::string> plugin_dirs;  // --plugin-dir DIR, before the default ones
  bool verbose = false;                  // -v, --verbose
  std::string log_level;                 // --log-level; empty: warn (info with -v)
  std::string log_file;                  // --log FILE; empty: standard error
  std::string log_format;                // --log-format text|json; empty: text
  bool systemd_cgroup = false;           // --systemd-cgroup
  std::string cgroup_manager;            // --cgroup-manager cgroupfs|systemd|disabled
  std::string settings;                  // --settings FILE; empty: /etc/mini_container/config.toml
  bool version = false;                  // --version
};

/// Takes over what one of them says; any other flag changes nothing. Throws mc::Error for a word
/// that it does not know.
void set_global(RunFlag flag, const std::string& value, GlobalOptions& global);

/// Parses the flags in front of the verb; gives the index of the first argument that is none of
/// them. Throws mc::Error for a flag without its value.
std::size_t parse_global(const std::vector<std::string>& arguments, GlobalOptions& global);

}  // namespace mini_container
