// SPDX-License-Identifier: Apache-2.0
#include "core/resources.hpp"

#include <cstddef>

#include "core/instance.hpp"
#include "core/log.hpp"

namespace mini_container {

namespace {

// Calls a function that both sides know; names the plugin in what it reports.
template <class Function, class... Arguments>
void call(const Plugin& plugin, const mc_resources& functions, Function mc_resources::*member,
          const char* what, Arguments... arguments) {
  const auto* base = reinterpret_cast<const char*>(&functions);
  const auto* end = reinterpret_cast<const char*>(&(functions.*member)) + sizeof(Function);
  if (static_cast<std::size_t>(end - base) > functions.size || functions.*member == nullptr)
    mc::fail("plugin '", plugin.name, "' cannot ", what);
  mc_error error{};
  if ((functions.*member)(arguments..., &error) != 0)
    throw mc::Error(error.error_number, mc::concat(plugin.name, ": ", error.text), error.hint);
}

}  // namespace

const mc_resources* resources_of(const Plugin& plugin) {
  if (plugin.data.extension == nullptr) return nullptr;
  return static_cast<const mc_resources*>(plugin.data.extension(MC_EXTENSION_RESOURCES));
}

std::optional<Resources> Resources::of(const Container& container, Catalog& catalog) {
  if (!container.record()) return std::nullopt;
  return of(container, launch_of(*container.record(), catalog, extension_offer));
}

std::optional<Resources> Resources::of(const Container& container, const Launch& launch) {
  for (const EnabledPlugin& enabled : launch.plugins) {
    const mc_resources* functions = resources_of(*enabled.plugin);
    if (functions == nullptr) continue;
    return Resources(*enabled.plugin, *functions,
                     container.state().plugin_directory(enabled.plugin->name));
  }
  return std::nullopt;
}

Resources Resources::need(const Container& container, Catalog& catalog, const char* attempt) {
  auto found = of(container, catalog);
  if (!found)
    mc::fail("cannot ", attempt, " container '", container.id(), "': it has no cgroup",
             mc::Hint{"launch it with the plugin cgroup"});
  return std::move(*found);
}

void Resources::pause() const {
  call(*plugin_, *functions_, &mc_resources::pause, "pause a container", state_.get());
}

void Resources::resume() const {
  call(*plugin_, *functions_, &mc_resources::resume, "resume a container", state_.get());
}

bool Resources::is_paused() const {
  std::int32_t paused = 0;
  call(*plugin_, *functions_, &mc_resources::paused, "tell whether a container is paused",
       state_.get(), &paused);
  return paused != 0;
}

void Resources::update(const Value& changes) const {
  const EnabledPlugin enabled{plugin_, check_table(plugin_->name, changes, plugin_->options)};
  HostServices services;
  services.log_level = log_threshold();
  services.log = [](const std::string& plugin, std::uint32_t level, const std::string& text) {
    log_line(level, plugin, text);
  };
  const Instance instance(enabled, services);
  call(*plugin_, *functions_, &mc_resources::update, "change limits", instance.host(),
       state_.get());
}

std::vector<pid_t> Resources::processes() const {
  std::vector<pid_t> out;
  const auto take = [](void* to, std::int32_t pid) {
    static_cast<std::vector<pid_t>*>(to)->push_back(pid);
  };
  using Take = void (*)(void*, std::int32_t);
  call(*plugin_, *functions_, &mc_resources::processes, "list processes", state_.get(),
       static_cast<Take>(take), static_cast<void*>(&out));
  return out;
}

void Resources::signal_all(int signal) const {
  call(*plugin_, *functions_, &mc_resources::signal_all, "signal all processes", state_.get(),
       signal);
}

std::string Resources::statistics() const {
  std::string out;
  const auto take = [](void* to, const char* json) { *static_cast<std::string*>(to) = json; };
  using Take = void (*)(void*, const char*);
  call(*plugin_, *functions_, &mc_resources::statistics, "give statistics", state_.get(),
       static_cast<Take>(take), static_cast<void*>(&out));
  return out;
}

std::uint64_t Resources::oom_kills() const {
  std::uint64_t out = 0;
  call(*plugin_, *functions_, &mc_resources::oom_kills, "count kills for want of memory",
       state_.get(), &out);
  return out;
}

}  // namespace mini_container
