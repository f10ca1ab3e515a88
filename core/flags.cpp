// SPDX-License-Identifier: Apache-2.0
#include "core/flags.hpp"

#include <algorithm>

#include "core/container_options.hpp"
#include "core/nearest.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

// No plugin may declare one of these. One that is added later refuses none that was built before,
// which is promised to load: mc_plugin.abi_minor tells.
constexpr RunFlagSpec declared[] = {
    {RunFlag::config, "config", 0, "FILE",
     "Reads the launch from this TOML file; flags win over it"},
    {RunFlag::set, "set", 0, "TABLE.KEY=VALUE",
     "Sets one value, written as in TOML; wins over all"},
    {RunFlag::detach, "detach", 0, nullptr, "Leaves the container running and prints its id"},
    {RunFlag::output, "output", 0, "FILE", "Where the output of a detached container goes"},
    {RunFlag::pid_file, "pid-file", 0, "FILE", "Writes the container's process id to this file"},
    {RunFlag::timings, "timings", 0, nullptr,
     "Shows afterwards what each hook of each plugin cost"},
    {RunFlag::trace, "trace", 0, "FILE", "Writes the timings as a Chrome trace"},
    {RunFlag::verbose, "verbose", 'v', nullptr, "Says on standard error what is done"},
    {RunFlag::log, "log", 0, "FILE", "Where log lines go; standard error where it is not given"},
    {RunFlag::log_level, "log-level", 0, "LEVEL", "debug, info, warn or error"},
    {RunFlag::log_format, "log-format", 0, "FORMAT", "text or json"},
    {RunFlag::state_dir, "state-dir", 0, "DIR", "Where running containers are recorded"},
    {RunFlag::state_dir, "root", 0, "DIR", "The same as --state-dir"},
    {RunFlag::plugin_dir, "plugin-dir", 0, "DIR", "Searched for plugins before the other places"},
    {RunFlag::debug, "debug", 0, nullptr, "The same as --log-level debug"},
    {RunFlag::systemd_cgroup, "systemd-cgroup", 0, nullptr,
     "For bundles: has systemd make the cgroups"},
    {RunFlag::cgroup_manager, "cgroup-manager", 0, "NAME",
     "For bundles: cgroupfs, systemd or disabled"},
    {RunFlag::settings, "settings", 0, "FILE",
     "For bundles: the administrator's configuration, in place of "
     "/etc/mini_container/config.toml"},
    {RunFlag::rootless, "rootless", 0, "WHEN", "Accepted for container engines; found out anyway"},
    {RunFlag::criu, "criu", 0, "FILE", "Accepted for container engines; there is no checkpoint"},
    {RunFlag::version, "version", 'V', nullptr, "Shows the version, and the specification's"},
    {RunFlag::help, "help", 'h', nullptr, "Shows the flags, grouped by plugin"},
};

std::string_view text_or_empty(const char* text) { return text != nullptr ? text : ""; }

/// Of "domain,domainname".
template <class Visit>
void each_name(std::string_view names, Visit&& visit) {
  while (!names.empty()) {
    const std::size_t comma = names.find(',');
    visit(names.substr(0, comma));
    names = comma == names.npos ? std::string_view() : names.substr(comma + 1);
  }
}

bool is_letter(std::uint32_t letter) {
  return letter > ' ' && letter < 0x7F && letter != '-' && letter != ':' && letter != '?';
}

bool is_long_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return name.size() > 1 && is_plain(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_plain(c) || c == '-' || c == '_'; });
}

// `plan --json`, and `run --bundle`: they are looked for before a launch's own flags are.
constexpr std::string_view taken_before[] = {"json", "bundle"};
constexpr std::uint32_t letter_taken_before = 'b';

bool is_cores(std::string_view name) {
  if (std::ranges::find(taken_before, name) != std::end(taken_before)) return true;
  if (std::ranges::find(run_flags(), name, &RunFlagSpec::name) != run_flags().end()) return true;
  return std::ranges::any_of(container_options(), [&](const mc_option& option) {
    bool same = false;
    each_name(text_or_empty(option.long_flag), [&](std::string_view each) {
      same = same || each == name ||
             (option.type == MC_BOOL && name.starts_with("no-") && name.substr(3) == each);
    });
    return same;
  });
}

bool is_cores(std::uint32_t letter) {
  const auto is_same = [&](const auto& each) { return each == letter; };
  return letter == letter_taken_before ||
         std::ranges::any_of(
             run_flags(), is_same,
             [](const RunFlagSpec& spec) { return static_cast<unsigned char>(spec.letter); }) ||
         std::ranges::any_of(container_options(), is_same, &mc_option::short_flag);
}

/// Refuses what a plugin declares and would never be given.
class DeclaredFlags {
 public:
  explicit DeclaredFlags(const Plugin& plugin) : plugin_(plugin) {}

  void check(const char* names, std::uint32_t letter) {
    each_name(text_or_empty(names), [&](std::string_view name) {
      if (!is_long_name(name))
        refuse(mc::concat("'--", name, "'"), "is none that can be given",
               "it has two or more of A-Z, a-z, 0-9, - and _, and no - in front");
      check_owner(name, is_cores(name));
    });
    if (letter == 0) return;
    const auto character = static_cast<char>(letter);
    if (!is_letter(letter))
      refuse(mc::concat("of code ", letter), "is none that can be given",
             "a letter is one visible character of ASCII, and not -, : or ?");
    check_owner({&character, 1}, is_cores(letter));
  }

 private:
  void check_owner(std::string_view name, bool of_core) {
    if (of_core) refuse(typed(name), "is the core's own", "give it another name");
    if (std::ranges::find(known_, name) != known_.end())
      refuse(typed(name), "is declared twice", "give one of the two another name");
    known_.emplace_back(name);
  }

  [[noreturn]] void refuse(const std::string& flag, const char* why, const char* way_out) const {
    mc::fail("plugin '", plugin_.path, "': its flag ", flag, " ", why,
             mc::Hint{mc::concat(way_out, "; --", plugin_.name, ".KEY is there without one")});
  }

  const Plugin& plugin_;
  std::vector<std::string> known_;
};

}  // namespace

std::span<const RunFlagSpec> run_flags() { return declared; }

std::vector<std::string> long_names(const char* declared) {
  std::vector<std::string> out;
  each_name(text_or_empty(declared), [&](std::string_view name) { out.emplace_back(name); });
  return out;
}

void check_declared_flags(const Plugin& plugin) {
  DeclaredFlags flags(plugin);
  flags.check(plugin.data.long_flag, plugin.data.short_flag);
  for (const mc_option& option : plugin.options) flags.check(option.long_flag, option.short_flag);
}

Flags::Flags() {
  flags_.reserve(run_flags().size() + 8);  // one for each letter
  for (const RunFlagSpec& spec : run_flags()) {
    Flag flag;
    flag.takes = spec.value_name != nullptr ? Flag::Takes::value : Flag::Takes::nothing;
    flag.core = &spec;
    add_spellings(flag, spec.name, static_cast<unsigned char>(spec.letter));
  }
}

void Flags::add_container() { add_options("container", container_options()); }

void Flags::add(const Plugin& plugin) {
  Flag flag;
  flag.does = Flag::Does::enable;
  flag.table = plugin.name;
  flag.rank = Flag::Rank::declared;
  add_spellings(flag, text_or_empty(plugin.data.long_flag), plugin.data.short_flag);
  flag.rank = Flag::Rank::implied;
  add_spellings(flag, plugin.name, 0);
  flag.does = Flag::Does::disable;
  add_spellings(flag, plugin.name, 0, "no-");
  add_options(plugin.name, plugin.options);
}

void Flags::add_options(std::string_view table, Options options) {
  // The container's own flags are the core's.
  const auto declared = table == "container" ? Flag::Rank::core : Flag::Rank::declared;
  for (const mc_option& option : options) {
    const bool boolean = option.type == MC_BOOL;
    Flag flag;
    flag.does = Flag::Does::option;
    flag.takes = boolean ? Flag::Takes::perhaps : Flag::Takes::value;
    flag.table = table;
    flag.option = &option;
    flag.rank = declared;
    add_spellings(flag, text_or_empty(option.long_flag), option.short_flag);
    flag.rank = Flag::Rank::implied;
    const std::string_view name = keep(mc::concat(table, '.', option.key));
    add_spellings(flag, name, 0);
    if (!boolean) continue;
    flag.does = Flag::Does::negate;
    flag.takes = Flag::Takes::nothing;
    add_spellings(flag, name, 0, "no-");
    flag.rank = declared;
    add_spellings(flag, text_or_empty(option.long_flag), 0, "no-");
  }
}

void Flags::add_spellings(const Flag& flag, std::string_view names, std::uint32_t letter,
                          std::string_view prefix) {
  each_name(names, [&](std::string_view name) {
    flags_.emplace_back(flag).name = prefix.empty() ? name : keep(mc::concat(prefix, name));
  });
  if (is_letter(letter)) {
    Flag& added = flags_.emplace_back(flag);
    added.name = keep(std::string(1, static_cast<char>(letter)));
    // A letter has no place for "=VALUE".
    if (flag.takes == Flag::Takes::perhaps) added.takes = Flag::Takes::nothing;
  }
}

std::string_view Flags::keep(std::string name) { return kept_.emplace_front(std::move(name)); }

const Flag* Flags::find(std::string_view name) const {
  const Flag* best = nullptr;
  const Flag* rival = nullptr;
  for (const Flag& flag : flags_) {
    if (flag.name != name) continue;
    if (best == nullptr || flag.rank < best->rank) {
      best = &flag;
      rival = nullptr;
    } else if (flag.rank == best->rank) {
      rival = &flag;
    }
  }
  if (rival != nullptr)
    mc::fail(typed(name), ": both '", best->table, "' and '", rival->table, "' declare this flag",
             mc::Hint{"use the long form, --PLUGIN.KEY"});
  return best;
}

std::string Flags::near(std::string_view name) const {
  std::vector<std::string> names;
  for (const Flag& flag : flags_)
    if (flag.name.size() > 1) names.emplace_back(flag.name);
  const std::string found = nearest(name, names);
  return found.empty() ? found : "--" + found;
}

std::string typed(std::string_view name) { return mc::concat(name.size() == 1 ? "-" : "--", name); }

bool is_enabled_by_name(const Plugin& plugin) {
  if (is_cores(plugin.name)) return false;
  Flags flags;
  flags.add(plugin);
  return std::ranges::none_of(flags.all(), [&](const Flag& flag) {
    return flag.name == plugin.name && flag.does != Flag::Does::enable;
  });
}

}  // namespace mini_container
