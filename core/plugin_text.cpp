// SPDX-License-Identifier: Apache-2.0
#include "core/plugin_text.hpp"

#include "core/flags.hpp"
#include "core/hook.hpp"
#include "core/namespaces.hpp"
#include "core/option_text.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

bool has_hook(const Plugin& plugin, const HookInfo& hook) {
  return hook.member != nullptr ? plugin.data.*hook.member != nullptr
                                : plugin.data.create != nullptr;
}

std::string words(const std::vector<std::string>& all) {
  std::string out;
  for (const auto& each : all) mc::detail::append(out, out.empty() ? each : ", " + each);
  return out;
}

std::vector<std::string> hooks_in(const Plugin& plugin, std::string_view process) {
  std::vector<std::string> out;
  for (const auto& hook : hook_table)
    if (hook.process == process && has_hook(plugin, hook)) out.emplace_back(hook.name);
  return out;
}

void line(std::string& out, const char* title, const std::string& text) {
  if (text.empty()) return;
  std::string head = title;
  head.resize(13, ' ');
  out += head + text + '\n';
}

std::string flags_text(const mc_option& option) {
  std::string out;
  if (option.short_flag > ' ' && option.short_flag < 127)
    out = mc::concat('-', static_cast<char>(option.short_flag));
  for (const auto& name : long_names(option.long_flag)) out += (out.empty() ? "--" : ", --") + name;
  return out;
}

void option_lines(std::string& out, const mc_option& option, std::size_t depth) {
  const std::string indent(2 + 2 * depth, ' ');
  std::string facts = type_text(option);
  if (const auto range = range_text(option); !range.empty()) facts += ", " + range;
  if ((option.flags & MC_OPTION_REQUIRED) != 0) facts += ", required";
  if (option.default_text != nullptr) facts += mc::concat(", default '", option.default_text, "'");
  if (const auto flags = flags_text(option); !flags.empty()) facts += ", flag " + flags;
  if (option.since != 0) facts += mc::concat(", since ", option.since);
  out += mc::concat(indent, option.key, " (", facts, ")\n", indent, "    ", option.help, '\n');
  for (const auto& field : fields_of(option)) option_lines(out, field, depth + 1);
}

Value text_value(const char* text) { return text != nullptr ? Value(std::string(text)) : Value(); }

Value list_value(const std::vector<std::string>& all) {
  List out;
  for (const auto& each : all) out.emplace_back(each);
  return Value(std::move(out));
}

std::vector<std::string> words_of(const char* const* all) {
  std::vector<std::string> out;
  for (; all != nullptr && *all != nullptr; ++all) out.emplace_back(*all);
  return out;
}

Value option_value(const mc_option& option) {
  Value out(Table{});
  out.set("key", Value(std::string(option.key)));
  out.set("type", Value(type_text(option)));
  out.set("help", text_value(option.help));
  out.set("required", Value((option.flags & MC_OPTION_REQUIRED) != 0));
  if (option.default_text != nullptr) out.set("default", text_value(option.default_text));
  if (has_minimum(option)) out.set("minimum", Value(option.minimum));
  if (has_maximum(option)) out.set("maximum", Value(option.maximum));
  if (option.choices != nullptr) out.set("choices", list_value(words_of(option.choices)));
  if (const auto names = long_names(option.long_flag); !names.empty())
    out.set("long_flags", list_value(names));
  if (option.short_flag != 0)
    out.set("short_flag", Value(std::string(1, static_cast<char>(option.short_flag))));
  if (option.since != 0) out.set("since", Value(std::int64_t{option.since}));
  if (!fields_of(option).empty()) {
    List fields;
    for (const auto& field : fields_of(option)) fields.push_back(option_value(field));
    out.set("fields", Value(std::move(fields)));
  }
  return out;
}

std::vector<std::string> namespaces_of(const Plugin& plugin) {
  std::vector<std::string> out;
  for (const auto& kind : namespace_kinds)
    if ((plugin.data.namespaces & kind.flag) != 0) out.emplace_back(kind.name);
  return out;
}

}  // namespace

std::vector<std::string> hook_names(const Plugin& plugin) {
  std::vector<std::string> out;
  for (const auto& hook : hook_table)
    if (has_hook(plugin, hook)) out.emplace_back(hook.name);
  return out;
}

std::string plugin_text(const Plugin& plugin) {
  std::string out =
      mc::concat(plugin.name, ' ', plugin.data.version, ": ", plugin.data.summary, "\n\n");
  line(out, "from", plugin.path);
  line(out, "ABI", mc::concat("1.", plugin.data.abi_minor));
  line(out, "namespaces", words(namespaces_of(plugin)));
  line(out, "in agent", words(hooks_in(plugin, "agent")));
  line(out, "in child", words(hooks_in(plugin, "child")));
  line(out, "needs", words(plugin.needs));
  line(out, "after", words(plugin.after));
  line(out, "before", words(plugin.before));
  if (plugin.data.deadline_ms == UINT32_MAX)
    line(out, "deadline", "none");
  else if (plugin.data.deadline_ms != 0)
    line(out, "deadline", mc::concat(plugin.data.deadline_ms, " ms for each hook"));
  line(out, "memory",
       (plugin.data.flags & MC_PLUGIN_SHARES_MEMORY) != 0
           ? "its hooks in the child may run in the agent's"
           : "its hooks in the child get a copy of the agent's");
  line(out, "host state", (plugin.data.flags & MC_PLUGIN_STATELESS) != 0 ? "none" : "a directory");
  out += plugin.options.empty() ? "\nNo options.\n" : "\nOptions:\n";
  for (const auto& option : plugin.options) option_lines(out, option, 0);
  return out;
}

Value plugin_summary_value(const Plugin& plugin) {
  Value out(Table{});
  out.set("name", Value(plugin.name));
  out.set("version", text_value(plugin.data.version));
  out.set("summary", text_value(plugin.data.summary));
  out.set("path", Value(plugin.path));
  return out;
}

Value plugin_value(const Plugin& plugin) {
  Value out = plugin_summary_value(plugin);
  out.set("abi", Value(mc::concat("1.", plugin.data.abi_minor)));
  out.set("namespaces", list_value(namespaces_of(plugin)));
  List hooks;
  for (const auto& hook : hook_table) {
    if (!has_hook(plugin, hook)) continue;
    Value entry(Table{});
    entry.set("name", text_value(hook.name));
    entry.set("process", text_value(hook.process));
    hooks.push_back(std::move(entry));
  }
  out.set("hooks", Value(std::move(hooks)));
  out.set("needs", list_value(plugin.needs));
  out.set("after", list_value(plugin.after));
  out.set("before", list_value(plugin.before));
  out.set("shares_memory", Value((plugin.data.flags & MC_PLUGIN_SHARES_MEMORY) != 0));
  out.set("stateless", Value((plugin.data.flags & MC_PLUGIN_STATELESS) != 0));
  List options;
  for (const auto& option : plugin.options) options.push_back(option_value(option));
  out.set("options", Value(std::move(options)));
  return out;
}

}  // namespace mini_container
