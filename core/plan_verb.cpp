// SPDX-License-Identifier: Apache-2.0
#include "core/agent.hpp"
#include "core/json.hpp"
#include "core/plan_view.hpp"
#include "core/verbs.hpp"

namespace mini_container {

int plan_verb(VerbContext& context, const Arguments& arguments) {
  bool as_json = false;
  bool of_command = false;
  Arguments words;
  for (const auto& argument : arguments) {
    of_command = of_command || argument == "--";
    if (argument == "--json" && !of_command) {
      as_json = true;
      continue;
    }
    // A bare file is what `plan` is mostly given; everything that `run` takes works as well.
    if (words.empty() && !argument.starts_with('-')) words.emplace_back("--config");
    words.push_back(argument);
  }
  const RunRequest request = parse_launch(context, words);
  if (request.help) return help_verb(context, {});
  const Launch launch =
      check_launch(request.tree, request.directory, context.catalog, request.disabled);
  RunOptions options;
  options.state_root = context.state_root();
  options.id = "plan";
  Agent agent(launch, std::move(options));
  agent.make_plan();
  const auto text = as_json ? write_json(plan_as_value(agent.pipeline()), JsonStyle::pretty)
                            : plan_as_text(agent.pipeline());
  return print(text);
}

}  // namespace mini_container
