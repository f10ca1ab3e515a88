// SPDX-License-Identifier: Apache-2.0
#include "core/command_line.hpp"

#include <unistd.h>

#include <algorithm>
#include <climits>

#include "core/flag_scanner.hpp"
#include "core/flags.hpp"
#include "core/toml_reader.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

std::string working_directory() {
  char here[PATH_MAX];
  if (::getcwd(here, sizeof here) == nullptr)
    mc::fail_with(errno, "getcwd, for the launch file's directory",
                  mc::Hint{"change to a directory that is there, or give an absolute path"});
  return here;
}

/// Of a launch without a file. One that has been removed is missed by relative paths alone, which
/// are refused where they are resolved.
std::string working_directory_if_there() {
  char here[PATH_MAX];
  return ::getcwd(here, sizeof here) != nullptr ? here : "/";
}

std::string directory_of_file(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  const std::string directory = slash == file.npos ? "" : file.substr(0, slash + 1);
  if (directory.starts_with('/')) return directory;
  return directory.empty() ? working_directory() : working_directory() + "/" + directory;
}

/// What the flags say, gathered before it is laid over the launch file.
class Gathering {
 public:
  explicit Gathering(GlobalOptions& global_) : global(global_) {}

  /// False: nothing that follows matters.
  bool meet(const Flag& flag, const char* value) {
    const std::string text = value != nullptr ? value : "";
    const Place place{intern(typed(flag.name))};
    switch (flag.does) {
      case Flag::Does::core:
        return core(flag.core->id, text, place);
      case Flag::Does::enable:
        table(flag.table, place);
        break;
      case Flag::Does::disable:
        request.disabled.push_back({std::string(flag.table), place});
        break;
      case Flag::Does::negate:
        table(flag.table, place).set(flag.option->key, Value(false, place));
        break;
      case Flag::Does::option:
        give(table(flag.table, place), flag, value != nullptr ? text : "true", place);
        break;
    }
    return true;
  }

  GlobalOptions& global;
  RunRequest request;
  std::string config;
  Value given{Table{}};
  std::vector<std::pair<std::string, Place>> sets;

 private:
  bool core(RunFlag flag, const std::string& text, Place place) {
    switch (flag) {
      case RunFlag::config:
        // As of a variable that is not set: without its file a launch would isolate nothing.
        if (text.empty())
          mc::fail("--config: the name of the launch file is empty",
                   mc::Hint{"leave the flag out, or name a file"});
        if (!config.empty())
          mc::fail("--config is given twice", mc::Hint{"let one file extend the other"});
        config = text;
        break;
      case RunFlag::set:
        sets.emplace_back(text, place);
        break;
      case RunFlag::detach:
        request.detach = true;
        break;
      case RunFlag::timings:
        request.timings = true;
        break;
      case RunFlag::trace:
        request.trace_file = text;
        break;
      case RunFlag::output:
        request.log_output = text;
        break;
      case RunFlag::pid_file:
        request.pid_file = text;
        break;
      case RunFlag::help:
        request.help = true;
        return false;
      default:
        set_global(flag, text, global);
    }
    return true;
  }

  Value& table(std::string_view name, Place place) {
    Value* found = given.find(name);
    return found != nullptr ? *found : given.set(name, Value(Table{}, place));
  }

  static void give(Value& table, const Flag& flag, const std::string& text, Place place) {
    const mc_option& option = *flag.option;
    Value* before = table.find(option.key);
    if (option.type == MC_MAP) {
      // One entry a flag: a comma belongs to the value.
      Value& map = before != nullptr ? *before : table.set(option.key, Value(Table{}, place));
      const std::size_t equals = text.find('=');
      if (equals == text.npos || equals == 0)
        mc::fail(
            place.source, ": '", text, "' is not KEY=VALUE",
            mc::Hint{mc::concat("write ", place.source, " ",
                                option.value_name != nullptr ? option.value_name : "KEY=VALUE")});
      mc_option element = option;
      element.type = option.element;
      map.set(text.substr(0, equals), parse_option_text(element, text.substr(equals + 1), place));
      return;
    }
    Value value = parse_option_text(option, text, place);
    if (before == nullptr || option.type != MC_LIST) {
      table.set(option.key, std::move(value));
      return;
    }
    for (Value& item : *value.as<List>()) before->as<List>()->push_back(std::move(item));
  }
};

/// --set TABLE.KEY=VALUE, with as many keys as the tree is deep.
void set_value(Value& tree, const std::string& text, Place place) {
  const std::size_t equals = text.find('=');
  const std::string path = text.substr(0, equals);
  if (equals == text.npos || path.find('.') == path.npos)
    mc::fail("--set '", text, "' is not TABLE.KEY=VALUE");
  Value* table = &tree;
  std::size_t start = 0;
  for (int depth = 0;; ++depth) {
    const std::size_t dot = path.find('.', start);
    const std::string key = path.substr(start, dot == path.npos ? path.npos : dot - start);
    if (key.empty() || depth > 16) mc::fail("--set '", text, "' is not TABLE.KEY=VALUE");
    if (dot == path.npos) {
      const Place whole{intern(mc::concat(place.source, " ", path))};
      table->set(key, read_toml_value(std::string_view(text).substr(equals + 1), whole));
      return;
    }
    Value* next = table->find(key);
    if (next == nullptr) next = &table->set(key, Value(Table{}, place));
    if (next->as<Table>() == nullptr)
      mc::fail("--set '", text, "': ", path.substr(0, dot), " is no table but a ",
               next->type_name());
    table = next;
    start = dot + 1;
  }
}

RunRequest finish(Gathering&& gathered, const std::vector<std::string>& command) {
  RunRequest request = std::move(gathered.request);
  request.tree = Value(Table{}, Place{"the command line"});
  if (request.help) return request;
  if (!gathered.config.empty()) {
    request.tree = read_launch_file(gathered.config);
    request.directory = directory_of_file(gathered.config);
  } else {
    request.directory = working_directory_if_there();
  }
  overlay(request.tree, std::move(gathered.given));
  for (const DisabledPlugin& each : request.disabled)
    std::erase_if(*request.tree.as<Table>(), [&](const Member& m) { return m.first == each.name; });
  for (const auto& [text, place] : gathered.sets) set_value(request.tree, text, place);
  if (!command.empty()) {
    const Place place{"the command line"};
    List arguments;
    for (const std::string& argument : command) arguments.emplace_back(argument, place);
    Value* container = request.tree.find("container");
    if (container == nullptr) container = &request.tree.set("container", Value(Table{}, place));
    if (container->as<Table>() != nullptr)  // else the check refuses it
      container->set("command", Value(std::move(arguments), place));
  }
  return request;
}

}  // namespace

RunRequest parse_run(const std::vector<std::string>& arguments, GlobalOptions& global,
                     const PluginLookup& plugins) {
  Flags flags;
  std::vector<std::string> known;
  bool with_container = false;  // most launches from a file need no more than the core's own
  bool all = false;
  std::string broken;  // a plugin that could not be read while we looked through all of them
  const auto learn = [&](const std::string& name) {
    if (name.empty() || std::ranges::find(known, name) != known.end()) return false;
    const Plugin* plugin = plugins.find(name);
    if (plugin == nullptr) return false;
    known.push_back(name);
    flags.add(*plugin);
    return true;
  };
  const GlobalOptions before = global;
  for (;;) {
    global = before;
    Gathering gathered(global);
    FlagScanner scanner(arguments, flags);
    while (const Flag* flag = scanner.next())
      if (!gathered.meet(*flag, scanner.value())) break;
    const std::string& unknown = scanner.unknown();
    for (const std::string& path : global.plugin_dirs) plugins.add_directory(path);
    if (unknown.empty()) return finish(std::move(gathered), scanner.rest());
    if (!with_container) {
      with_container = true;
      flags.add_container();
      continue;
    }
    // --NAME and --NAME.KEY ask for one plugin; anything else may be any plugin's.
    std::string name = unknown.substr(0, unknown.find('.'));
    if (name.starts_with("no-")) name.erase(0, 3);
    if (name.size() > 1 && learn(name)) continue;
    if (!all) {
      all = true;
      for (const std::string& each : plugins.names()) try {
          learn(each);
        } catch (const mc::Error& error) {
          broken = error.attempt();
        }
      continue;
    }
    if (unknown.find('.') != unknown.npos && name != "container" && plugins.find(name) == nullptr)
      plugins.refuse_missing(name, typed(unknown));
    const std::string near = flags.near(unknown);
    mc::fail(typed(unknown), ": unknown flag", broken.empty() ? "" : "; not readable: ", broken,
             mc::Hint{near.empty() ? "see mini_container --help"
                                   : mc::concat("did you mean '", near, "'?")});
  }
}

}  // namespace mini_container
