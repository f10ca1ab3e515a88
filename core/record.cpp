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

constexpr std::int64_t format = 2;

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

void append_plugin(std::string& line, const Plugin& plugin, const Value& config) {
  JsonObject out(line);
  out.add_text("path", plugin.path);
  out.add("config", config);
  out.end();
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

void write_record(const ContainerState& state, const Launch& launch, const RunOptions& options,
                  std::span<const Offers> offers) {
  std::string text;
  text.reserve(8192);  // few are longer; what is not written to takes no memory
  JsonObject record(text);
  record.add("version", Value(format));
  record.add_text("id", options.id);
  record.add("created", Value(now_ns()));
  record.add_text("directory", launch.directory);
  record.add("detached", Value(options.detached));
  record.add_text("agent", ProcessMark::of(::getpid(), state.may_outlive_boot()).text());
  record.add("container", launch.container);
  record.start("plugins");
  text += '[';
  for (std::size_t i = 0; i < launch.plugins.size(); ++i) {
    if (i != 0) text += ',';
    JsonObject plugin(text);
    plugin.add_text("name", launch.plugins[i].plugin->name);
    plugin.add("offers", Value(offers[i]));
    plugin.end();
  }
  text += ']';
  if (!options.annotations.empty()) record.add("annotations", options.annotations);
  record.end();
  text += '\n';
  for (const auto& enabled : launch.plugins) {
    append_plugin(text, *enabled.plugin, enabled.config);
    text += '\n';
  }
  // Whole or not at all: a kill can end a write in the middle, and others may read already.
  state.write(state_file::record, text);
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
    RecordedPlugin recorded{.name = name, .offers = any_offer, .text = {}};
    append_plugin(recorded.text, plugin, check_table(name, Value(Table{}), plugin.options));
    out.plugins.push_back(std::move(recorded));
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
