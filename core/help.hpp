// SPDX-License-Identifier: Apache-2.0
// `mini_container --help`.
#pragma once

#include <span>
#include <string>

#include "core/plugin.hpp"

namespace mini_container {

/// What the program can be asked to do beside `run`.
struct VerbText {
  const char* name;
  const char* arguments;
  const char* summary;
};
std::span<const VerbText> verb_texts();

/// The flags of `run` on 80 columns, grouped by plugin.
std::string help_text(std::span<const Plugin* const> plugins);

}  // namespace mini_container
