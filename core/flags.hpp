// SPDX-License-Identifier: Apache-2.0
// Every flag of `run`: the core's own, and those that the declared options make.
#pragma once

#include <forward_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/options.hpp"
#include "core/plugin.hpp"

namespace mini_container {

/// The core's own flags, which are no options of a table.
enum class RunFlag {
  config,
  set,
  detach,
  timings,
  trace,
  output,
  pid_file,
  help,
  verbose,
  state_dir,
  plugin_dir,
  log,
  log_level,
  log_format,
  debug,
  systemd_cgroup,
  cgroup_manager,
  settings,
  rootless,
  criu,
  version
};

struct RunFlagSpec {
  RunFlag id;
  const char* name;
  char letter;             // 0: none
  const char* value_name;  // nullptr: takes none
  const char* help;
};

std::span<const RunFlagSpec> run_flags();

/// One spelling on the command line and what it does.
struct Flag {
  enum class Does { core, enable, disable, option, negate };
  enum class Takes { nothing, value, perhaps };  // perhaps: only as --name=VALUE
  /// Where one spelling has several meanings, the lowest rank wins.
  enum class Rank { core, declared, implied };

  std::string_view name;  // without the dashes; one character: a letter
  Does does = Does::core;
  Takes takes = Takes::nothing;
  Rank rank = Rank::core;
  std::string_view table;             // whose option, or which plugin; the plugin's own text
  const mc_option* option = nullptr;  // of `option` and `negate`
  const RunFlagSpec* core = nullptr;
};

class Flags {
 public:
  /// The core's flags.
  Flags();
  /// Adds those of the core's [container] table.
  void add_container();
  /// Adds --NAME, --no-NAME, --NAME.KEY, --no-NAME.KEY for booleans, and the declared spellings.
  void add(const Plugin& plugin);

  [[nodiscard]] const std::vector<Flag>& all() const { return flags_; }
  /// The flag of this name, or nullptr. Throws mc::Error where two plugins declare it.
  [[nodiscard]] const Flag* find(std::string_view name) const;
  /// The nearest long name, with its dashes, or empty.
  [[nodiscard]] std::string near(std::string_view name) const;

 private:
  void add_options(std::string_view table, Options options);
  void add_spellings(const Flag& flag, std::string_view names, std::uint32_t letter,
                     std::string_view prefix = {});

  /// Keeps a name that stands nowhere as it is.
  std::string_view keep(std::string name);

  std::vector<Flag> flags_;
  std::forward_list<std::string> kept_;
};

/// "--hostname", "-d": the flag as it is typed.
std::string typed(std::string_view name);

/// Throws mc::Error where the plugin declares a flag that would never reach it: one of the core's,
/// one that cannot be typed, one that it declares twice. Those of other plugins are no matter: who
/// types a flag that two declare is told.
void check_declared_flags(const Plugin& plugin);

/// Whether --NAME enables the plugin: the command line may have another use for that word.
bool is_enabled_by_name(const Plugin& plugin);

/// The parts of "domain,domainname".
std::vector<std::string> long_names(const char* declared);

}  // namespace mini_container
