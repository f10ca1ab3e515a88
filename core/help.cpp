// SPDX-License-Identifier: Apache-2.0
#include "core/help.hpp"

#include <algorithm>

#include "core/container_options.hpp"
#include "core/flags.hpp"
#include "core/option_text.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

constexpr std::size_t width = 80;
constexpr std::size_t column = 30;  // where the explanations start

/// Appends `text` from the current column on, broken at words, indented by `indent`.
void wrap(std::string& out, std::string_view text, std::size_t indent) {
  const std::size_t newline = out.rfind('\n');
  std::size_t at = out.size() - (newline == out.npos ? 0 : newline + 1);
  bool fresh = true;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text = space == text.npos ? std::string_view() : text.substr(space + 1);
    if (!fresh && at + 1 + word.size() > width) {
      out += '\n';
      out.append(indent, ' ');
      at = indent;
      fresh = true;
    }
    if (!fresh) {
      out += ' ';
      ++at;
    }
    out += word;
    at += word.size();
    fresh = false;
  }
  out += '\n';
}

/// "  -r, --rootfs PATH           Explanation".
void row(std::string& out, std::string left, const std::string& right) {
  if (left.size() + 2 > column) {
    out += left + '\n';
    left.clear();
  }
  left.resize(column, ' ');
  out += left;
  wrap(out, right, column);
}

std::string spelling(char letter, const std::vector<std::string>& names, const std::string& value) {
  std::string out = letter != 0 ? mc::concat("  -", letter, ", ") : "      ";
  for (const std::string& name : names) out += (&name == &names[0] ? "--" : ", --") + name;
  return value.empty() ? out : out + " " + value;
}

char printable(std::uint32_t letter) {
  return letter > ' ' && letter < 0x7F ? static_cast<char>(letter) : '\0';
}

std::string explanation(const mc_option& option) {
  std::string out = option.help;
  std::string more = range_text(option);
  if (option.type == MC_CHOICE && join(option.choices, "|").size() > 32)
    more = join(option.choices);
  if (option.default_text != nullptr && *option.default_text != '\0' &&
      !(option.type == MC_BOOL && std::string_view(option.default_text) == "false")) {
    if (!more.empty()) more += "; ";
    more += mc::concat("default ", option.default_text);
  }
  return more.empty() ? out : mc::concat(out, " (", more, ")");
}

void option_rows(std::string& out, const std::string& table, Options options) {
  for (const mc_option& option : options) {
    std::vector<std::string> names = long_names(option.long_flag);
    const bool on_by_default = option.type == MC_BOOL && option.default_text != nullptr &&
                               std::string_view(option.default_text) == "true";
    if (names.empty()) names.push_back(mc::concat(table, '.', option.key));
    if (on_by_default) names.front().insert(0, "no-");
    row(out,
        spelling(printable(option.short_flag), names,
                 option.type == MC_BOOL ? "" : value_name(option)),
        explanation(option));
  }
}

void plugin_rows(std::string& out, const Plugin& plugin) {
  out += '\n';
  wrap(out, mc::concat(plugin.name, ": ", plugin.data.summary), plugin.name.size() + 2);
  std::vector<std::string> names = long_names(plugin.data.long_flag);
  if (is_enabled_by_name(plugin)) names.insert(names.begin(), plugin.name);
  if (!names.empty())
    row(out, spelling(printable(plugin.data.short_flag), names, ""),
        plugin.options.empty() ? "Enables it" : "Enables it, as does every flag below");
  option_rows(out, plugin.name, plugin.options);
}

}  // namespace

std::span<const VerbText> verb_texts() {
  static constexpr VerbText verbs[] = {
      {"run", "[OPTION]... [--] [COMMAND [ARG]...]", "Runs a container; the verb may be left out"},
      {"exec", "[OPTION]... ID COMMAND [ARG]...", "Runs one more process in a running container"},
      {"list", "[OPTION]...", "Lists the containers"},
      {"kill", "[OPTION]... ID [SIGNAL]", "Sends a signal to a container"},
      {"delete", "[OPTION]... ID", "Removes what a container left"},
      {"create", "[OPTION]... ID", "Makes a container from a bundle; it waits for start"},
      {"start", "ID", "Lets a created container run its program"},
      {"state", "ID", "Prints the state of a container as JSON"},
      {"ps", "[OPTION]... ID [PS-OPTION]...",
       "Lists the processes of a container; with options of ps(1), what that says of them"},
      {"pause", "ID", "Stops all processes of a container where they are"},
      {"resume", "ID", "Lets a paused container go on"},
      {"update", "[OPTION]... ID", "Changes the limits of a container"},
      {"events", "[OPTION]... ID", "Prints what a container uses, and when it runs out of memory"},
      {"spec", "[OPTION]...", "Writes a config.json to start from"},
      {"features", "", "Prints what a bundle can ask for, as JSON"},
      {"validate", "FILE [OPTION]...", "Checks a launch completely without running it"},
      {"plan", "[--json] FILE [OPTION]...", "Prints what a launch would do"},
      {"plugin", "list [--json]|info [--json] NAME|check FILE [OPTION]...",
       "Shows the plugins and checks a new one"},
      {"convert", "[OPTION]... FILE", "Turns a bundle's config.json into a launch, and back"},
      {"schema", "", "Writes the JSON Schema of launch files"},
      {"manual", "1|3|5", "Writes a manual page"},
      {"completions", "bash|zsh|fish", "Writes a shell's completions"},
      {"help", "[VERB]", "Shows this text, or how a verb is called"},
  };
  return verbs;
}

std::string verb_help_text(std::string_view verb) {
  const auto texts = verb_texts();
  const auto found = std::ranges::find(texts, verb, &VerbText::name);
  if (found == texts.end()) return {};
  return mc::concat("Usage: mini_container ", verb, *found->arguments != '\0' ? " " : "",
                    found->arguments, "\n\n", found->summary,
                    ".\n\nSee mini_container --help and mini_container(1).\n");
}

std::string verb_help_text(std::string_view verb, std::span<const OptionText> options) {
  std::string out = verb == "run" ? "Usage: mini_container run [OPTION]... ID\n\nMakes a container "
                                    "from a bundle and runs it.\n\nSee mini_container --help.\n"
                                  : verb_help_text(verb);
  std::string rows = "Options:\n";
  for (const OptionText& option : options)
    row(rows,
        spelling(option.letter, {option.name},
                 option.value_name != nullptr ? option.value_name : ""),
        option.help);
  row(rows, spelling('h', {"help"}, ""), "Shows this text");
  return out.insert(out.rfind("See "), rows + '\n');
}

std::string help_text(std::span<const Plugin* const> plugins) {
  std::string out =
      "Usage: mini_container [OPTION]... [--] COMMAND [ARG]...\n"
      "       mini_container VERB [ARG]...\n"
      "\n"
      "Runs COMMAND in a container whose isolation is made by plugins. A flag of a\n"
      "plugin enables it. Every option is also a key of a launch file: --uts.hostname\n"
      "is hostname in [uts].\n"
      "\n"
      "Verbs:\n";
  for (const VerbText& verb : verb_texts()) row(out, mc::concat("  ", verb.name), verb.summary);
  out += "\nOptions:\n";
  for (const RunFlagSpec& flag : run_flags())
    row(out, spelling(flag.letter, {flag.name}, flag.value_name != nullptr ? flag.value_name : ""),
        flag.help);
  out += "\ncontainer: the command and what it is given\n";
  option_rows(out, "container", container_options());
  for (const Plugin* plugin : plugins) plugin_rows(out, *plugin);
  out += "\nSee mini_container(1) and mini_container.toml(5).\n";
  return out;
}

}  // namespace mini_container
