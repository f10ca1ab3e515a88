// SPDX-License-Identifier: Apache-2.0
// The verbs that say what there is: help, schema, manual, completions, and validate.
#include <unistd.h>

#include <algorithm>

#include "core/agent.hpp"
#include "core/completions.hpp"
#include "core/help.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/look_ahead.hpp"
#include "core/manual.hpp"
#include "core/schema.hpp"
#include "core/verbs.hpp"

namespace mini_container {

namespace {

/// Every plugin that is there. One that cannot be read is named in a warning and left out.
std::vector<const Plugin*> all_plugins(VerbContext& context) {
  std::vector<const Plugin*> out;
  for (const std::string& name : context.catalog.names()) try {
      if (const Plugin* plugin = context.catalog.find(name)) out.push_back(plugin);
    } catch (const mc::Error& error) {
      log_line(MC_LOG_WARN, name, error.attempt());
    }
  return out;
}

void take_no_arguments(const char* verb, const Arguments& arguments) {
  if (!arguments.empty())
    mc::fail(verb, ": takes no argument, and '", arguments.front(), "' is one");
}

const std::string& take_one(const char* verb, const char* what, const Arguments& arguments) {
  if (arguments.size() != 1)
    mc::fail(verb, ": takes one argument",
             mc::Hint{mc::concat("mini_container ", verb, " ", what)});
  return arguments.front();
}

}  // namespace

int help_verb(VerbContext& context, const Arguments& arguments) {
  if (arguments.empty()) return print(help_text(all_plugins(context)));
  const auto text = verb_help_text(take_one("help", "[VERB]", arguments));
  if (text.empty())
    mc::fail("help: there is no verb '", arguments.front(), "'",
             mc::Hint{"see mini_container --help"});
  return print(text);
}

int schema_verb(VerbContext& context, const Arguments& arguments) {
  take_no_arguments("schema", arguments);
  return print(write_json(launch_schema(all_plugins(context)), JsonStyle::pretty));
}

int manual_verb(VerbContext& context, const Arguments& arguments) {
  const auto& section = take_one("manual", "1|3|5", arguments);
  return print(manual_page(section, all_plugins(context), options_of_verbs(context)));
}

int completions_verb(VerbContext& context, const Arguments& arguments) {
  const auto& shell = take_one("completions", "bash|zsh|fish", arguments);
  return print(completions(shell, all_plugins(context), options_of_verbs(context)));
}

int validate_verb(VerbContext& context, const Arguments& arguments) {
  if (arguments.empty())
    mc::fail("validate: needs a launch file", mc::Hint{"mini_container validate FILE"});
  Arguments line = arguments;
  if (!line.front().starts_with('-')) line.insert(line.begin(), "--config");
  const RunRequest request = parse_launch(context, line);
  if (request.help) return help_verb(context, {});
  const Launch launch =
      check_launch(request.tree, request.directory, context.catalog, request.disabled);
  RunOptions options;
  options.state_root = context.state_root();
  const Value* id = launch.container.find("id");
  options.id = id != nullptr ? *id->as<std::string>() : "validate";
  check_id(options.id);
  options.detached = request.detach;
  Agent agent(launch, options);
  agent.make_plan();
  std::string names;
  for (const EnabledPlugin& enabled : launch.plugins)
    names += (names.empty() ? "" : ", ") + enabled.plugin->name;
  auto said = mc::concat("valid; plugins: ", names.empty() ? "none" : names, "\n");
  for (const auto& unseen : look_ahead(agent.pipeline()))
    said += mc::concat("not looked for: ", unseen, "\n");
  return print(said);
}

}  // namespace mini_container
