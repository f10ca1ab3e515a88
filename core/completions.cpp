// SPDX-License-Identifier: Apache-2.0
#include "core/completions.hpp"

#include <algorithm>

#include "core/flags.hpp"
#include "core/help.hpp"
#include "core/option_text.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

/// A flag as a shell sees it: one spelling, and what its value may be.
struct Completion {
  std::string name;
  std::string help;
  bool takes_value = false;
  bool takes_path = false;
  std::string words;  // separated by blanks
};

bool is_path(const Flag& flag) {
  if (flag.core != nullptr && flag.core->value_name != nullptr) {
    const std::string_view value = flag.core->value_name;
    return value == "FILE" || value == "DIR";
  }
  return flag.option != nullptr &&
         (flag.option->type == MC_PATH ||
          (flag.option->type == MC_LIST && flag.option->element == MC_PATH));
}

std::vector<Completion> gather(std::span<const Plugin* const> plugins) {
  Flags flags;
  flags.add_container();
  for (const Plugin* plugin : plugins) flags.add(*plugin);
  std::vector<Completion> out;
  for (const Flag& flag : flags.all()) {
    const auto same = [&](const Completion& c) { return c.name == flag.name; };
    if (std::ranges::any_of(out, same)) continue;
    Completion completion;
    completion.name = flag.name;
    completion.takes_value = flag.takes == Flag::Takes::value;
    completion.takes_path = is_path(flag);
    if (flag.core != nullptr) {
      completion.help = flag.core->help;
    } else if (flag.option != nullptr) {
      completion.help = flag.option->help;
      if (flag.does == Flag::Does::option && flag.option->choices != nullptr)
        completion.words = join(flag.option->choices, " ");
    } else {
      completion.help =
          (flag.does == Flag::Does::disable ? "Leaves out " : "Enables ") + std::string(flag.table);
    }
    out.push_back(std::move(completion));
  }
  std::ranges::sort(out, {}, &Completion::name);
  return out;
}

/// What a verb takes, by their long names and letters.
std::vector<Completion> gather(const std::vector<OptionText>& options) {
  std::vector<Completion> out;
  const auto add = [&](const OptionText& option, std::string name) {
    const std::string_view value = option.value_name != nullptr ? option.value_name : "";
    out.push_back({.name = std::move(name),
                   .help = option.help,
                   .takes_value = !value.empty(),
                   .takes_path = value == "FILE" || value == "DIR" || value == "SOCKET"});
  };
  for (const OptionText& option : options) {
    add(option, option.name);
    if (option.letter != 0) add(option, std::string(1, option.letter));
  }
  out.push_back({.name = "help", .help = "Shows this text"});
  return out;
}

std::string dashed(const std::string& name) { return (name.size() == 1 ? "-" : "--") + name; }

/// In single quotes, for every shell.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string bash(const std::vector<Completion>& flags, const std::string& plugins,
                 const OptionsOfVerbs& options_of_verbs) {
  std::string verbs, names, paths, values, cases, own;
  for (const auto& [verb, options] : options_of_verbs) {
    std::string words;
    for (const Completion& option : gather(options)) words += dashed(option.name) + " ";
    own +=
        mc::concat("      ", verb, ") [[ $word == -* ]] || break\n        COMPREPLY=($(compgen -W ",
                   quoted(words), " -- \"$word\")); return ;;\n");
  }
  for (const VerbText& verb : verb_texts())
    verbs += std::string(verbs.empty() ? "" : " ") + verb.name;
  for (const Completion& flag : flags) {
    const std::string name = dashed(flag.name);
    names += (names.empty() ? "" : " ") + name;
    if (!flag.words.empty())
      cases += mc::concat("    ", name, ") COMPREPLY=($(compgen -W ", quoted(flag.words),
                          " -- \"$word\")); return ;;\n");
    else if (flag.takes_path)
      paths += (paths.empty() ? "" : "|") + name;
    else if (flag.takes_value)
      values += (values.empty() ? "" : "|") + name;
  }
  return mc::concat(
      "# bash completion for mini_container\n"
      "_mini_container() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} i more=\n"
      "  COMPREPLY=()\n"
      "  case $before in\n",
      cases, "    ", paths, ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n    ", values,
      ") return ;;\n"
      "  esac\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in\n"
      "      validate|plan) [[ $word == -* ]] && more=' --json' && break\n"
      "        COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
      "      completions) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\")); return ;;\n"
      "      manual) COMPREPLY=($(compgen -W '1 3 5' -- \"$word\")); return ;;\n"
      "      plugin) case $before in\n"
      "          plugin) COMPREPLY=($(compgen -W 'list info check' -- \"$word\")) ;;\n"
      "          info) COMPREPLY=($(compgen -W ",
      quoted(plugins),
      " -- \"$word\")) ;;\n"
      "          check) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
      "        esac\n"
      "        return ;;\n",
      own,
      "    esac\n"
      "  done\n"
      "  if [[ $word == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W ",
      quoted(names),
      "\"$more\" -- \"$word\"))\n"
      "  elif ((COMP_CWORD == 1)); then\n"
      "    COMPREPLY=($(compgen -W ",
      quoted(verbs),
      " -- \"$word\") $(compgen -c -- \"$word\"))\n"
      "  else\n"
      "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
      "  fi\n"
      "}\n"
      "complete -o filenames -F _mini_container mini_container\n");
}

/// Brackets and colons mean something in a zsh specification.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

/// The specification of each flag for zsh's _arguments, a line each.
std::string zsh_flags(const std::vector<Completion>& flags) {
  std::string out;
  for (const Completion& flag : flags) {
    std::string spec =
        mc::concat("*", dashed(flag.name), flag.takes_value && flag.name.size() > 1 ? "=" : "", "[",
                   zsh_text(flag.help), "]");
    if (!flag.words.empty() && flag.takes_value)
      spec += mc::concat(":value:(", flag.words, ")");
    else if (flag.takes_path && flag.takes_value)
      spec += ":file:_files";
    else if (flag.takes_value)
      spec += ":value:";
    out += "  " + quoted(spec) + " \\\n";
  }
  return out;
}

std::string zsh(const std::vector<Completion>& flags, const OptionsOfVerbs& options_of_verbs) {
  std::string out =
      "#compdef mini_container\n"
      "local -a verbs before\n"
      "before=(${${(@)words[2,CURRENT-1]}:#-*})\n"
      "case $before[1] in\n";
  for (const auto& [verb, options] : options_of_verbs)
    out += mc::concat(verb, ")\n  _arguments -S \\\n", zsh_flags(gather(options)),
                      "  '*:argument:_files'\n  return ;;\n");
  out +=
      "esac\n"
      "verbs=(\n";
  for (const VerbText& verb : verb_texts())
    out += "  " + quoted(mc::concat(verb.name, ":", zsh_text(verb.summary))) + "\n";
  out += mc::concat(")\n_arguments -S \\\n", zsh_flags(flags));
  out +=
      "  '1:verb or command:{ _describe verb verbs; _command_names -e }' \\\n"
      "  '*::argument:_normal'\n";
  return out;
}

/// "complete ..." for each flag, offered where `condition` holds.
std::string fish_flags(const std::vector<Completion>& flags, const std::string& condition) {
  std::string out;
  for (const Completion& flag : flags) {
    mc::detail::append(out, mc::concat("complete -c mini_container -n ", condition,
                                       flag.name.size() == 1 ? " -s " : " -l ", flag.name));
    if (flag.takes_value) out += flag.takes_path ? " -r -F" : " -x";
    if (!flag.words.empty() && flag.takes_value) out += " -a " + quoted(flag.words);
    out += " -d " + quoted(flag.help) + "\n";
  }
  return out;
}

std::string fish(const std::vector<Completion>& flags, const std::string& plugins,
                 const OptionsOfVerbs& options_of_verbs) {
  std::string with_options;
  for (const auto& [verb, options] : options_of_verbs)
    mc::detail::append(with_options, mc::concat(" ", verb));
  std::string out = mc::concat(
      "# fish completion for mini_container\n"
      "function __mini_container_launches\n"
      "    not __fish_seen_subcommand_from",
      with_options, "\nend\n");
  for (const VerbText& verb : verb_texts())
    out += mc::concat("complete -c mini_container -n __fish_use_subcommand -a ", verb.name, " -d ",
                      quoted(verb.summary), "\n");
  constexpr const char* after = "complete -c mini_container -x -n '__fish_seen_subcommand_from ";
  out +=
      mc::concat(after, "plugin' -a 'list info check'\n", after, "info' -a ", quoted(plugins), "\n",
                 after, "completions' -a 'bash zsh fish'\n", after, "manual' -a '1 3 5'\n");
  for (const auto& [verb, options] : options_of_verbs)
    out += fish_flags(gather(options), mc::concat("'__fish_seen_subcommand_from ", verb, "'"));
  out += fish_flags(flags, "__mini_container_launches");
  return out;
}

}  // namespace

std::string completions(std::string_view shell, std::span<const Plugin* const> plugins,
                        const OptionsOfVerbs& verbs) {
  const std::vector<Completion> flags = gather(plugins);
  std::string names;
  for (const Plugin* plugin : plugins)
    mc::detail::append(names, (names.empty() ? "" : " ") + plugin->name);
  if (shell == "bash") return bash(flags, names, verbs);
  if (shell == "zsh") return zsh(flags, verbs);
  if (shell == "fish") return fish(flags, names, verbs);
  mc::fail("there are no completions for the shell '", shell, "'",
           mc::Hint{"there are: bash, zsh, fish"});
}

}  // namespace mini_container
