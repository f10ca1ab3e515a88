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

}  // namespace mini_container
