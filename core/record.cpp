// SPDX-License-Identifier: Apache-2.0
#include "core/record.hpp"

#include <time.h>
#include <unistd.h>

#include "core/container_options.hpp"
#include "core/json.hpp"
#include "core/options.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

Value text_value(std::string text) { return Value(std::move(text)); }
Value number_value(std::uint64_t number) { return Value(static_cast<std::int64_t>(number)); }

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000L + now.tv_nsec;
}

// Taken out of the record.
template <class Type>
Type take(Value& record, std::string_view key) {
  Value* member = record.find(key);
  auto* value = member != nullptr ? member->as<Type>() : nullptr;
  if (value == nullptr)
    mc::fail("the container's record lacks '", key, "'",
             mc::Hint{"it was written by another version; remove it with delete --force"});
  return std::move(*value);
}

}  // namespace

void write_record(const ContainerState& state, const Launch& launch, const RunOptions& options) {
  JsonObject record;
  record.add("version", number_value(1));
  record.add("id", text_value(options.id));
  record.add("created", Value(now_ns()));
  record.add("directory", text_value(launch.directory));
  record.add("detached", Value(options.detached));
  record.add("agent", text_value(ProcessMark::of(::getpid()).text()));
  record.add("container", launch.container);
  std::string plugins;
  for (const auto& enabled : launch.plugins) {
    JsonObject plugin;
    plugin.add("name", text_value(enabled.plugin->name));
    plugin.add("path", text_value(enabled.plugin->path));
    plugin.add("offers", Value(offers_of(enabled.plugin->data)));
    plugin.add("config", enabled.config);
    plugins += plugins.empty() ? '[' : ',';
    plugins += plugin.take();
  }
  record.add_json("plugins", plugins.empty() ? "[]" : plugins + ']');
  if (!options.annotations.empty()) record.add("annotations", options.annotations);
  // Whole or not at all: a kill can end a write in the middle, and others may read already.
  state.write(state_file::record, record.take());
}

std::optional<ContainerRecord> read_record(const ContainerState& state) {
  const auto text = state.read(state_file::record);
  if (!text || text->empty()) return std::nullopt;
  Value record = parse_json(*text, "record.json", {64U << 20U, 128});
  ContainerRecord out;
  out.id = take<std::string>(record, "id");
  out.created_ns = take<std::int64_t>(record, "created");
  out.directory = take<std::string>(record, "directory");
  out.detached = take<bool>(record, "detached");
  out.agent = ProcessMark::parse(take<std::string>(record, "agent")).value_or(ProcessMark{});
  out.container = Value(take<Table>(record, "container"));
  if (auto* annotations = record.find("annotations")) out.annotations = std::move(*annotations);
  for (Value& plugin : take<List>(record, "plugins")) {
    Value* config = plugin.find("config");
    out.plugins.emplace_back(take<std::string>(plugin, "name"),
                             config != nullptr ? std::move(*config) : Value(Table{}));
    out.plugin_paths.push_back(take<std::string>(plugin, "path"));
    out.plugin_offers.push_back(take<std::int64_t>(plugin, "offers"));
  }
  return out;
}

ContainerRecord salvage_record(const ContainerState& state, Catalog& catalog) {
  ContainerRecord out;
  out.id = state.id();
  out.container = check_table("container", Value(Table{}), container_options());
  for (const std::string& name : state.plugin_names()) {
    const Plugin& plugin = catalog.get(name, "the state of '" + state.id() + "'");
    out.plugins.emplace_back(name, check_table(name, Value(Table{}), plugin.options));
    out.plugin_paths.push_back(plugin.path);
    out.plugin_offers.push_back(any_offer);
  }
  return out;
}

Launch launch_of(const ContainerRecord& record, Catalog& catalog, Offers wanted) {
  Launch launch;
  launch.directory = record.directory;
  launch.container = record.container;
  for (std::size_t i = 0; i < record.plugins.size(); ++i) {
    if ((record.plugin_offers[i] & wanted) == 0) continue;
    const auto& [name, config] = record.plugins[i];
    const bool from_file = record.plugin_paths[i].starts_with('/');
    const Plugin& plugin = from_file ? catalog.load_file(record.plugin_paths[i])
                                     : catalog.get(name, "the record of '" + record.id + "'");
    launch.plugins.push_back({&plugin, config});
  }
  return launch;
}

}  // namespace mini_container
