// SPDX-License-Identifier: Apache-2.0
// The command line of `run` and its kin: flags made from the options that the core and the plugins
// declare.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/global_options.hpp"
#include "core/launch.hpp"

namespace mini_container {

/// What `run` was asked for.
struct RunRequest {
  Value tree;  // a Table: "container" and one table for each plugin named; not yet checked
  std::vector<DisabledPlugin> disabled;
  std::string directory;  // of the launch file, or the working directory; absolute
  bool detach = false;
  bool timings = false;
  std::string trace_file;
  std::string log_output;  // --output FILE: where a detached container's output goes
  std::string pid_file;
  bool help = false;
};

/// How the parser asks for plugins: by name, and the names of all that are there.
struct PluginLookup {
  std::function<const Plugin*(const std::string&)> find;
  std::function<std::vector<std::string>()> names;
  std::function<void(const std::string&)> add_directory;  // for --plugin-dir
  // Throws: which there are, and from where.
  std::function<void(const std::string& name, const std::string& asked_at)> refuse_missing;
};

/// Parses what follows the verb `run` (or the whole line without a verb): flags, then the
/// command. Flags override the file; `--set` overrides both in its turn. Plugins are loaded from
/// `catalog` only as the flags make it necessary: --NAME and --NAME.KEY load NAME alone, any
/// other flag loads all. Throws mc::Error for an unknown flag, with the nearest one; `global` has
/// then what the flags before it say.
RunRequest parse_run(const std::vector<std::string>& arguments, GlobalOptions& global,
                     const PluginLookup& plugins);

inline RunRequest parse_run(const std::vector<std::string>& arguments, GlobalOptions& global,
                            Catalog& catalog) {
  return parse_run(arguments, global,
                   PluginLookup{[&](const std::string& name) { return catalog.find(name); },
                                [&] { return catalog.names(); },
                                [&](const std::string& path) { catalog.add_directory(path); },
                                [&](const std::string& name, const std::string& asked_at) {
                                  catalog.refuse_missing(name, asked_at);
                                }});
}

}  // namespace mini_container
