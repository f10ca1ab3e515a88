// SPDX-License-Identifier: Apache-2.0
// A checked launch: the [container] table, and the plugins in their order with their tables.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/catalog.hpp"
#include "core/value.hpp"

namespace mini_container {

struct EnabledPlugin {
  const Plugin* plugin = nullptr;
  Value config;  // checked, defaults applied
};

struct Launch {
  Value container;  // checked
  std::vector<EnabledPlugin> plugins;
  std::string directory;  // relative paths start here; absolute
};

/// A plugin that the command line leaves out.
struct DisabledPlugin {
  std::string name;
  Place place;  // the flag
};

/// Loads the plugins that `tree` (a Table: "container" and one table for each plugin) names, and
/// those they need, none of which may be `disabled`; checks every table; puts the plugins in order.
/// Throws mc::Error for the first fault, nothing touched.
Launch check_launch(Value tree, const std::string& directory, Catalog& catalog,
                    std::span<const DisabledPlugin> disabled = {});

/// How long one hook of this plugin may take: its own word, or container.hook_timeout. 0: for ever.
std::uint64_t hook_deadline_ns(const Launch& launch, const Plugin& plugin);

}  // namespace mini_container
