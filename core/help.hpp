// SPDX-License-Identifier: Apache-2.0
// `mini_container --help`.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin.hpp"

namespace mini_container {

/// What the program can be asked to do beside `run`.
struct VerbText {
  const char* name;
  const char* arguments;
  const char* summary;
};
std::span<const VerbText> verb_texts();

/// How `verb` is called; empty where it is not among verb_texts.
std::string verb_help_text(std::string_view verb);
struct OptionText {
  const char* name;
  char letter;             // 0: none
  const char* value_name;  // nullptr: takes none
  const char* help;
};
/// What each verb takes that has options of its own: for the manual and the completions.
using OptionsOfVerbs = std::map<std::string_view, std::vector<OptionText>>;
/// What a verb takes, for `VERB --help`.
std::string verb_help_text(std::string_view verb, std::span<const OptionText> options);

/// The flags of `run` on 80 columns, grouped by plugin.
std::string help_text(std::span<const Plugin* const> plugins);

}  // namespace mini_container
