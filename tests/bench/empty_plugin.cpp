// SPDX-License-Identifier: Apache-2.0
// A plugin with one hook that does nothing: what a further plugin costs.
#include "mini_container/plugin.hpp"

namespace {

class Empty {
 public:
  explicit Empty(const mc::Host&) {}
  void after_pivot(mc::Host&, const mc::Call&) {}
};

constexpr mc_option options[] = {mc::option(
    {.type = MC_STRING, .key = "text", .help = "Is not used", .default_text = "nothing"})};

}  // namespace

MC_PLUGIN(Empty, {.name = EMPTY_NAME,
                  .summary = "Does nothing",
                  .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_KEEPS_ROOT | MC_PLUGIN_SHARES_MEMORY,
                  .options = options})
