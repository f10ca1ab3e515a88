// SPDX-License-Identifier: Apache-2.0
// The verbs of the command line, one function each. Each takes what follows its name, and gives
// the exit code; a failure is thrown.
#pragma once

#include <string>
#include <vector>

#include "core/catalog.hpp"
#include "core/command_line.hpp"
#include "core/help.hpp"

namespace mini_container {

using Arguments = std::vector<std::string>;

/// Dispatches to the verb that the line names; `run` where it names none.
int run_command_line(const Arguments& arguments);

struct VerbContext {
  GlobalOptions& global;
  Catalog& catalog;
  Arguments before_verb = {};  // as they were given
  [[nodiscard]] std::string state_root() const;
};

/// Asks each verb for its help.
OptionsOfVerbs options_of_verbs(VerbContext& context);

/// Writes `text` to standard output and gives 0, a verb's exit code. Throws where it is not taken.
int print(const std::string& text);

/// What follows `run`, and the verbs that take the same: parse_run, whose flags change where the log
/// goes as well.
RunRequest parse_launch(VerbContext& context, const Arguments& arguments);

int run_verb(VerbContext& context, const Arguments& arguments);
int list_verb(VerbContext& context, const Arguments& arguments);
int kill_verb(VerbContext& context, const Arguments& arguments);
int exec_verb(VerbContext& context, const Arguments& arguments);
int delete_verb(VerbContext& context, const Arguments& arguments);
int plan_verb(VerbContext& context, const Arguments& arguments);
int plugin_verb(VerbContext& context, const Arguments& arguments);
int validate_verb(VerbContext& context, const Arguments& arguments);
int schema_verb(VerbContext& context, const Arguments& arguments);
int manual_verb(VerbContext& context, const Arguments& arguments);
int completions_verb(VerbContext& context, const Arguments& arguments);
int help_verb(VerbContext& context, const Arguments& arguments);
/// Not for people: `delete` again, where a plugin has broken it in its own memory.
int delete_apart_verb(VerbContext& context, const Arguments& arguments);
/// Not for people: what an agent becomes when a plugin has broken it.
int undo_launch_verb(VerbContext& context, const Arguments& arguments);

}  // namespace mini_container
