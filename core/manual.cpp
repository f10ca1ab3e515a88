// SPDX-License-Identifier: Apache-2.0
#include "core/manual.hpp"

#include <algorithm>

#include "core/container_options.hpp"
#include "core/flags.hpp"
#include "core/help.hpp"
#include "core/option_text.hpp"
#include "core/roff.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

std::string sentence(const char* text) {
  std::string out = text != nullptr ? Roff::literal(text) : "";
  if (!out.empty() && out.back() != '.') out += '.';
  return out;
}

std::string bold(std::string_view text) { return mc::concat("*", Roff::literal(text), "*"); }
std::string italic(std::string_view text) { return mc::concat("_", Roff::literal(text), "_"); }

/// "Help. Default: 64M. 4K to 1G."
std::string about(const mc_option& option) {
  std::string out = sentence(option.help);
  const std::string range = range_text(option);
  if (!range.empty()) out += mc::concat(" Range: ", Roff::literal(range), ".");
  if (option.default_text != nullptr && *option.default_text != '\0')
    out += mc::concat(" Default: ", bold(option.default_text), ".");
  if ((option.flags & MC_OPTION_REQUIRED) != 0) out += " It must be given.";
  return out;
}

/// "-r PATH, --rootfs PATH, --rootfs.path PATH".
std::string spellings(const std::string& table, const mc_option& option) {
  const bool boolean = option.type == MC_BOOL;
  const std::string value = boolean ? "" : value_name(option);
  std::string out;
  const auto add = [&](const std::string& flag) {
    out += (out.empty() ? "" : ", ") + bold(flag);
    if (!value.empty()) out += " " + italic(value);
  };
  if (option.short_flag != 0) add(mc::concat('-', static_cast<char>(option.short_flag)));
  for (const std::string& name : long_names(option.long_flag)) add("--" + name);
  add(mc::concat("--", table, '.', option.key));
  if (boolean) add(mc::concat("--no-", table, '.', option.key));
  return out;
}

void flag_items(Roff& page, const std::string& table, Options options) {
  for (const mc_option& option : options) page.item(spellings(table, option), about(option));
}

void key_items(Roff& page, Options options) {
  for (const mc_option& option : options) {
    page.item(mc::concat(bold(option.key), " (", Roff::literal(type_text(option)), ")"),
              about(option));
    if (fields_of(option).empty()) continue;
    page.in();
    key_items(page, fields_of(option));
    page.out();
  }
}

/// "-b, --bundle DIR": of flags that no plugin declares.
std::string spelling(char letter, const char* name, const char* value) {
  std::string out = letter != 0 ? bold(mc::concat('-', letter)) + ", " : "";
  out += bold(mc::concat("--", name));
  return value != nullptr ? mc::concat(out, " ", italic(value)) : out;
}

void verb_items(Roff& page, const std::vector<OptionText>& options) {
  if (options.empty()) return;
  page.in();
  for (const OptionText& option : options)
    page.item(spelling(option.letter, option.name, option.value_name), sentence(option.help));
  page.out();
}

}  // namespace

std::string command_manual(std::span<const Plugin* const> plugins, const OptionsOfVerbs& verbs) {
  Roff page("MINI_CONTAINER", "1", "User Commands");
  page.section("NAME").paragraph("mini_container - run a command in a container made of plugins");
  page.section("SYNOPSIS");
  page.paragraph("*mini_container* [_OPTION_]... [*--*] _COMMAND_ [_ARG_]...");
  for (const VerbText& verb : verb_texts())
    page.paragraph(
        mc::concat("*mini_container* ", bold(verb.name), " ", Roff::literal(verb.arguments)));
  page.section("DESCRIPTION");
  page.paragraph(
      "Runs a command in a container. Every isolation domain is a plugin: a flag of a plugin, or "
      "its table in the launch file, enables it. A launch that says nothing isolates nothing.");
  page.paragraph(
      "Flags and a launch file mix; flags win over the file, and *--set* wins over both. The "
      "options end at the first argument that is none, or at *--*; what follows is the command, "
      "passed as it is. Lists may be given as A,B or by repeating the flag; a flag of a map gives "
      "one entry. Long flags may not be abbreviated.");
  page.section("VERBS");
  for (const VerbText& verb : verb_texts()) {
    page.item(mc::concat(bold(verb.name), " ", Roff::literal(verb.arguments)),
              sentence(verb.summary));
    if (const auto options = verbs.find(verb.name); options != verbs.end())
      verb_items(page, options->second);
  }
  page.section("OPTIONS");
  for (const RunFlagSpec& flag : run_flags())
    page.item(spelling(flag.letter, flag.name, flag.value_name), sentence(flag.help));
  page.subsection("The command and what it is given");
  flag_items(page, "container", container_options());
  for (const Plugin* plugin : plugins) {
    page.subsection(
        mc::concat(Roff::literal(plugin->name), " - ", Roff::literal(plugin->data.summary)));
    std::string enable;
    if (plugin->data.short_flag != 0)
      enable = bold(mc::concat('-', static_cast<char>(plugin->data.short_flag))) + ", ";
    for (const std::string& name : long_names(plugin->data.long_flag))
      enable += bold("--" + name) + ", ";
    enable += is_enabled_by_name(*plugin) ? bold("--" + plugin->name) + ", " : "";
    page.item(enable + bold("--no-" + plugin->name),
              mc::concat(
                  enable.empty() ? "Leaves the plugin out" : "Enables the plugin, or leaves it out",
                  " although the launch file names it."));
    flag_items(page, plugin->name, plugin->options);
  }
  page.section("EXIT STATUS");
  page.paragraph("The command's own, and:");
  page.item("*125*", "The runtime failed; the last line on standard error says why.");
  page.item("*126*", "The command cannot be executed.");
  page.item("*127*", "The command was not found in the container.");
  page.item("*128+N*", "The command was ended by signal N.");
  page.section("FILES");
  page.item(
      italic(MINI_CONTAINER_PLUGINS_FROM_BINARY),
      "From the program's directory: the plugins. *--plugin-dir* and the environment's "
      "*MINI_CONTAINER_PLUGIN_DIR* each name a directory that is searched before, and that has "
      "to be there. A plugin is loaded only from a directory and a file that belong to root or "
      "to the user and that nobody else may write; nor may others exchange a directory on the "
      "way to one that is so named.");
  page.item("_/run/mini_container_",
            "Where root's containers are recorded; _$XDG_RUNTIME_DIR/mini_container_ for others.");
  page.section("EXAMPLES");
  page.example(
      "mini_container -r root -p --hostname box -- /bin/sh\n"
      "mini_container run --config launch.toml --set uts.hostname=box -- /bin/sh -c 'id'");
  page.section("SEE ALSO");
  page.paragraph("*mini_container.toml*(5), *mini_container_plugin*(3), *namespaces*(7)");
  return page.text();
}

std::string launch_file_manual(std::span<const Plugin* const> plugins) {
  Roff page("MINI_CONTAINER.TOML", "5", "File Formats");
  page.section("NAME").paragraph("mini_container.toml - launch files of mini_container");
  page.section("DESCRIPTION");
  page.paragraph(
      "A launch file is TOML. The table *[container]* says what is run; every other table enables "
      "the plugin of its name, and holds its options. Each option is also a flag of "
      "*mini_container*(1): *hostname* in *[uts]* is *--uts.hostname*.");
  page.paragraph(
      "The file is read strictly: an unknown table or key, a value of the wrong type or out of its "
      "range, and a key that is there twice are refused with line and column, and nothing is "
      "touched. It has at most 1 MiB and 64 levels. *mini_container validate* _FILE_ checks it, "
      "and whether the root will have the command, the working directory and the user; "
      "*mini_container plan* _FILE_ shows what it would do, and *mini_container schema* writes a "
      "JSON Schema for editors.");
  page.subsection("Types");
  page.item("*path*", "Of the host; a relative one starts at the directory of the file.");
  page.item("*size*", "Bytes: a number, or text with K, M, G, T: 4096, \"64M\".");
  page.item("*duration*", "Text with us, ms, s, m, h, d: \"250ms\"; a bare number is seconds.");
  page.subsection("extends");
  page.paragraph(
      "*extends* = \"base.toml\", or a list of files, at the top: they are read first, relative to "
      "this one, and later ones are laid over earlier ones, table by table and key by key. Lists "
      "are replaced as a whole.");
  page.section("[container]");
  page.paragraph("The command and what it is given.");
  key_items(page, container_options());
  for (const Plugin* plugin : plugins) {
    page.section(mc::concat("[", Roff::literal(plugin->name), "]"));
    page.paragraph(sentence(plugin->data.summary));
    key_items(page, plugin->options);
  }
  page.section("EXAMPLE");
  page.example(
      "extends = \"base.toml\"\n\n[container]\ncommand = [\"/bin/sh\"]\n\n[rootfs]\n"
      "path = \"rootfs\"\n\n[pid]\n\n[uts]\nhostname = \"box\"\n\n[ipc]");
  page.section("SEE ALSO").paragraph("*mini_container*(1), *mini_container_plugin*(3)");
  return page.text();
}

std::string manual_page(std::string_view section, std::span<const Plugin* const> plugins,
                        const OptionsOfVerbs& verbs) {
  if (section == "1") return command_manual(plugins, verbs);
  if (section == "5") return launch_file_manual(plugins);
  if (section == "3") return plugin_manual();
  mc::fail("there is no manual page in section '", section, "'", mc::Hint{"there are: 1, 3, 5"});
}

}  // namespace mini_container
