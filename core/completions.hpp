// SPDX-License-Identifier: Apache-2.0
// `mini_container completions`: what a shell needs to complete the command line.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/help.hpp"
#include "core/plugin.hpp"

namespace mini_container {

/// The completions for "bash", "zsh" or "fish". Throws mc::Error for another shell.
std::string completions(std::string_view shell, std::span<const Plugin* const> plugins,
                        const OptionsOfVerbs& verbs = {});

}  // namespace mini_container
