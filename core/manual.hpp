// SPDX-License-Identifier: Apache-2.0
// `mini_container manual`: the manual pages, made from what the core and the plugins declare.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/help.hpp"
#include "core/plugin.hpp"

namespace mini_container {

/// The page of `section` as roff: "1" mini_container(1), "5" mini_container.toml(5), "3"
/// mini_container_plugin(3). Throws mc::Error for another section.
std::string manual_page(std::string_view section, std::span<const Plugin* const> plugins,
                        const OptionsOfVerbs& verbs = {});

/// The three pages.
std::string command_manual(std::span<const Plugin* const> plugins, const OptionsOfVerbs& verbs);
std::string launch_file_manual(std::span<const Plugin* const> plugins);
std::string plugin_manual();

}  // namespace mini_container
