// SPDX-License-Identifier: Apache-2.0
#include "core/environment.hpp"

#include <algorithm>
#include <cstdlib>

namespace mini_container {

Environment::Environment(const Pipeline& pipeline) {
  for (const auto& variable : pipeline.plan.environment()) set(variable.name, variable.value);
  const Value& container = pipeline.launch.container;
  if (const auto* passed = container.find("env_pass"))
    for (const auto& name : *passed->as<List>()) {
      const auto& text = *name.as<std::string>();
      if (const char* value = ::getenv(text.c_str())) set(text, value);
    }
  if (const auto* own = container.find("env"))
    for (const auto& [name, value] : *own->as<Table>()) set(name, *value.as<std::string>());
  const auto* defaults = container.find("env_defaults");
  const bool has_defaults = defaults == nullptr || *defaults->as<bool>();
  const auto* home = container.find("env_home");
  home_ = home != nullptr ? *home->as<bool>() : has_defaults;
  if (!has_defaults) return;
  if (find("PATH") == nullptr) set("PATH", default_path);
  if (find("TERM") == nullptr) {
    const char* term = ::getenv("TERM");
    set("TERM", term != nullptr ? term : "xterm");
  }
}

void Environment::set(std::string_view name, std::string_view value) {
  std::string variable(name);
  variable += '=';
  const auto same = std::ranges::find_if(
      variables_, [&](const std::string& each) { return each.starts_with(variable); });
  variable += value;
  if (same != variables_.end())
    *same = std::move(variable);
  else
    variables_.push_back(std::move(variable));
}

const char* Environment::find(std::string_view name) const {
  for (const auto& variable : variables_)
    if (variable.size() > name.size() && variable.starts_with(name) && variable[name.size()] == '=')
      return variable.c_str() + name.size() + 1;
  return nullptr;
}

std::vector<char*> Environment::pointers() {
  std::vector<char*> out;
  out.reserve(variables_.size() + 1);
  for (auto& variable : variables_) out.push_back(variable.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace mini_container
