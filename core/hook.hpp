// SPDX-License-Identifier: Apache-2.0
// The hooks, in the order in which they run.
#pragma once

#include <array>

#include "mini_container/abi.h"

namespace mini_container {

enum class Hook : unsigned {
  create,
  plan,
  pre_clone,
  post_clone,
  before_pivot,
  pivot,
  after_pivot,
  join,
  seal,
  post_exec,
  post_exit,
  cleanup,
};

struct HookInfo {
  const char* name;
  const char* process;         // "agent" or "child"
  mc_hook mc_plugin::*member;  // nullptr for create, which is no mc_hook
};

inline constexpr std::array<HookInfo, 12> hook_table = {{
    {"create", "agent", nullptr},
    {"plan", "agent", &mc_plugin::plan},
    {"pre_clone", "agent", &mc_plugin::pre_clone},
    {"post_clone", "agent", &mc_plugin::post_clone},
    {"before_pivot", "child", &mc_plugin::before_pivot},
    {"pivot", "child", &mc_plugin::pivot},
    {"after_pivot", "child", &mc_plugin::after_pivot},
    {"join", "child", &mc_plugin::join},
    {"seal", "child", &mc_plugin::seal},
    {"post_exec", "agent", &mc_plugin::post_exec},
    {"post_exit", "agent", &mc_plugin::post_exit},
    {"cleanup", "agent", &mc_plugin::cleanup},
}};

constexpr const HookInfo& info(Hook hook) { return hook_table[static_cast<unsigned>(hook)]; }

/// What a plugin offers, a bit each: its hooks, and mc_plugin.extension.
using Offers = std::int64_t;
constexpr Offers offer_of(Hook hook) { return Offers{1} << static_cast<unsigned>(hook); }
inline constexpr Offers extension_offer = Offers{1} << 32;
inline constexpr Offers any_offer = -1;

inline Offers offers_of(const mc_plugin& plugin) {
  Offers out = plugin.extension != nullptr ? extension_offer : 0;
  for (unsigned hook = 0; hook < hook_table.size(); ++hook)
    if (hook_table[hook].member != nullptr && plugin.*hook_table[hook].member != nullptr)
      out |= offer_of(static_cast<Hook>(hook));
  return out;
}

}  // namespace mini_container
