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

constexpr std::uint64_t format = 2;

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

// The first line is of the container, one more of each plugin.
std::string_view next_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  if (end == rest.npos)
    mc::fail("the container's record is cut short", mc::Hint{"remove it with delete --force"});
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

std::string plugin_line(const Plugin& plugin, const Value& config) {
  JsonObject out;
  out.add("path", text_value(plugin.path));
  out.add("config", config);
  return out.take();
}

std::pair<std::string, Value> read_plugin(const RecordedPlugin& plugin) {
  try {
    Value read = parse_json(plugin.text, "record.jsonl", {64U << 20U, 128});
    auto path = take<std::string>(read, "path");
    return {std::move(path), Value(take<Table>(read, "config"))};
  } catch (mc::Error& error) {
    throw DamagedRecord(std::move(error));
  }
}

}  // namespace

void write_record(const ContainerState& state, const Launch& launch, const RunOptions& options) {
  JsonObject record;
  record.add("version", number_value(format));
  record.add("id", text_value(options.id));
  record.add("created", Value(now_ns()));
  record.add("directory", text_value(launch.directory));
  record.add("detached", Value(options.detached));
  record.add("agent", text_value(ProcessMark::of(::getpid()).text()));
  record.add("container", launch.container);
  std::string plugins;
  std::string lines;
  for (const auto& enabled : launch.plugins) {
    JsonObject plugin;
    plugin.add("name", text_value(enabled.plugin->name));
    plugin.add("offers", Value(offers_of(enabled.plugin->data)));
    plugins += plugins.empty() ? '[' : ',';
    plugins += plugin.take();
    lines += plugin_line(*enabled.plugin, enabled.config) + '\n';
  }
  record.add_json("plugins", plugins.empty() ? "[]" : plugins + ']');
  if (!options.annotations.empty()) record.add("annotations", options.annotations);
  // Whole or not at all: a kill can end a write in the middle, and others may read already.
  state.write(state_file::record, record.take() + '\n' + lines);
}

std::optional<ContainerRecord> read_record(const ContainerState& state) {
  const auto text = state.read(state_file::record);
  if (!text || text->empty()) return std::nullopt;
  std::string_view rest = *text;
  Value record = parse_json(next_line(rest), "record.jsonl", {64U << 20U, 128});
  if (take<std::int64_t>(record, "version") != format)
    mc::fail("the container's record is of another version",
             mc::Hint{"remove it with delete --force"});
  ContainerRecord out;
  out.id = take<std::string>(record, "id");
  out.created_ns = take<std::int64_t>(record, "created");
  out.directory = take<std::string>(record, "directory");
  out.detached = take<bool>(record, "detached");
  out.agent = ProcessMark::parse(take<std::string>(record, "agent")).value_or(ProcessMark{});
  out.container = Value(take<Table>(record, "container"));
  if (auto* annotations = record.find("annotations")) out.annotations = std::move(*annotations);
  for (Value& plugin : take<List>(record, "plugins"))
    out.plugins.push_back({take<std::string>(plugin, "name"), take<std::int64_t>(plugin, "offers"),
                           std::string(next_line(rest))});
  return out;
}

Value table_of(const RecordedPlugin& plugin) { return read_plugin(plugin).second; }

ContainerRecord salvage_record(const ContainerState& state, Catalog& catalog) {
  ContainerRecord out;
  out.id = state.id();
  out.container = check_table("container", Value(Table{}), container_options());
  for (const std::string& name : state.plugin_names()) {
    const Plugin& plugin = catalog.get(name, "the state of '" + state.id() + "'");
    out.plugins.push_back(
        {name, any_offer, plugin_line(plugin, check_table(name, Value(Table{}), plugin.options))});
  }
  return out;
}

Launch launch_of(const ContainerRecord& record, Catalog& catalog, Offers wanted) {
  Launch launch;
  launch.directory = record.directory;
  launch.container = record.container;
  for (const auto& recorded : record.plugins) {
    if ((recorded.offers & wanted) == 0) continue;
    auto [path, config] = read_plugin(recorded);
    const Plugin& plugin = path.starts_with('/')
                               ? catalog.load_file(path)
                               : catalog.get(recorded.name, "the record of '" + record.id + "'");
    launch.plugins.push_back({&plugin, std::move(config)});
  }
  return launch;
}

}  // namespace mini_container
