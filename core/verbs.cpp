// SPDX-License-Identifier: Apache-2.0
#include "core/verbs.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ranges>

#include "core/failure.hpp"
#include "core/log.hpp"
#include "core/nearest.hpp"
#include "core/oci/verbs.hpp"
#include "core/state.hpp"
#include "core/verb_options.hpp"

namespace mini_container {

namespace {

struct Verb {
  std::string_view name;
  int (*run)(VerbContext&, const Arguments&);
  bool for_engines = false;  // fails with exit code 1, as other OCI runtimes do
  bool has_options = false;  // answers --help itself
};

constexpr std::array verbs = {
    Verb{"run", run_verb},
    Verb{"list", list_verb, false, true},
    Verb{"kill", kill_verb, false, true},
    Verb{"exec", exec_verb, false, true},
    Verb{"delete", delete_verb, false, true},
    Verb{"plan", plan_verb},
    Verb{"plugin", plugin_verb},
    Verb{"validate", validate_verb},
    Verb{"schema", schema_verb},
    Verb{"manual", manual_verb},
    Verb{"completions", completions_verb},
    Verb{"help", help_verb},
    Verb{"delete-apart", delete_apart_verb},
    Verb{"undo-launch", undo_launch_verb},
    Verb{"create", oci::create_verb, true, true},
    Verb{"start", oci::start_verb, true, true},
    Verb{"state", oci::state_verb, true, true},
    Verb{"ps", oci::ps_verb, true, true},
    Verb{"pause", oci::pause_verb, true, true},
    Verb{"resume", oci::resume_verb, true, true},
    Verb{"update", oci::update_verb, true, true},
    Verb{"events", oci::events_verb, true, true},
    Verb{"spec", oci::spec_verb, true, true},
    Verb{"features", oci::features_verb, true, true},
    Verb{"convert", oci::convert_verb, false, true},
    Verb{"checkpoint", oci::unsupported_verb, true},
    Verb{"restore", oci::unsupported_verb, true},
};

constexpr Verb run_bundle{"run", oci::run_bundle_verb, true};

void open_log(const GlobalOptions& global) {
  LogOptions log;
  log.file = global.log_file;
  log.json = global.log_format == "json";
  if (global.log_level == "debug" || global.log_level == "trace")
    log.level = MC_LOG_DEBUG;
  else if (global.log_level == "info" || (global.log_level.empty() && global.verbose))
    log.level = MC_LOG_INFO;
  else if (global.log_level == "error" || global.log_level == "fatal" ||
           global.log_level == "panic")
    log.level = MC_LOG_WARN + 1;  // a failure is said at any level
  set_log(log);
}

// What the flags are refused for goes where those before it say.
template <class Parse>
auto with_log_of(const GlobalOptions& global, Parse&& parse) {
  try {
    auto parsed = parse();
    open_log(global);
    return parsed;
  } catch (...) {
    open_log(global);
    throw;
  }
}

int run_for_engine(const Verb& verb, VerbContext& context, const Arguments& arguments) {
  try {
    return verb.run(context, arguments);
  } catch (const mc::Error& error) {
    log_failure(describe(error));
  } catch (const std::exception& error) {
    log_failure(error.what());
  }
  return exit_for_engines;
}

// A mistyped verb is taken for a command, which is nowhere then. "": none is near.
std::string verb_meant_by(const std::string& word) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs) names.emplace_back(verb.name);
  return nearest(word, names);
}

}  // namespace

RunRequest parse_launch(VerbContext& context, const Arguments& arguments) {
  return with_log_of(context.global,
                     [&] { return parse_run(arguments, context.global, context.catalog); });
}

std::string VerbContext::state_root() const {
  return global.state_dir.empty() ? default_state_root() : global.state_dir;
}

int run_command_line(const Arguments& arguments) {
  GlobalOptions global;
  const std::size_t first = with_log_of(global, [&] { return parse_global(arguments, global); });
  if (global.version) {
    oci::print_version();
    return 0;
  }
  Catalog catalog;
  for (const auto& directory : std::ranges::reverse_view(global.plugin_dirs))
    catalog.add_directory(directory);
  VerbContext context{
      global, catalog, {arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(first)}};
  if (first < arguments.size()) {
    const auto* verb = std::ranges::find(verbs, arguments[first], &Verb::name);
    if (verb != verbs.end()) {
      Arguments rest(arguments.begin() + static_cast<std::ptrdiff_t>(first) + 1, arguments.end());
      if (verb->run == help_verb && rest.size() == 1)
        if (const auto* asked = std::ranges::find(verbs, rest.front(), &Verb::name);
            asked != verbs.end() && asked->has_options) {
          verb = asked;
          rest = {"--help"};
        }
      const bool asks_for_help =
          !rest.empty() && (rest.front() == "--help" || rest.front() == "-h");
      // Of `checkpoint --help` the exit code is what callers look at.
      if (asks_for_help && !verb->has_options && !verb->for_engines && verb->run != run_verb)
        return help_verb(context, {std::string(verb->name)});
      const bool bundle = verb->name == "run" && oci::is_bundle_run(rest);
      const Verb& chosen = bundle ? run_bundle : *verb;
      try {
        return chosen.for_engines ? run_for_engine(chosen, context, rest)
                                  : chosen.run(context, rest);
      } catch (const HelpAsked& asked) {
        return print(verb_help_text(asked.verb, asked.options));
      }
    }
  }
  const Arguments launch(arguments.begin() + static_cast<std::ptrdiff_t>(first), arguments.end());
  try {
    return run_verb(context, launch);
  } catch (const Failure& failure) {
    const bool is_nowhere = failure.exit_code() == exit_not_found && !launch.empty();
    const auto meant = is_nowhere ? verb_meant_by(launch.front()) : "";
    if (meant.empty()) throw;
    throw Failure({}, mc::Error(0, failure.what(), "the nearest verb is " + meant),
                  failure.exit_code());
  }
}

OptionsOfVerbs options_of_verbs(VerbContext& context) {
  OptionsOfVerbs out;
  for (const Verb& verb : verbs) {
    if (!verb.has_options) continue;
    try {
      verb.run(context, {"--help"});
    } catch (HelpAsked& asked) {
      out[verb.name] = std::move(asked.options);
    }
  }
  return out;
}

int print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    mc::fail_with(errno, "write to standard output");
  return 0;
}

}  // namespace mini_container
