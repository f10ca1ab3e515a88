// SPDX-License-Identifier: Apache-2.0
#include "core/global_options.hpp"

#include <algorithm>

#include "mini_container/error.hpp"

namespace mini_container {

namespace {

void check_word(const char* flag, std::string_view value, const char* hint,
                std::initializer_list<std::string_view> words) {
  if (std::ranges::find(words, value) == words.end())
    mc::fail(flag, ": '", value, "' is not known", mc::Hint{hint});
}

bool is_global(RunFlag flag) { return flag >= RunFlag::verbose && flag != RunFlag::help; }

}  // namespace

void set_global(RunFlag flag, const std::string& value, GlobalOptions& global) {
  switch (flag) {
    case RunFlag::state_dir:
      global.state_dir = value;
      break;
    case RunFlag::plugin_dir:
      global.plugin_dirs.push_back(value);
      break;
    case RunFlag::verbose:
      global.verbose = true;
      break;
    case RunFlag::log:
      global.log_file = value;
      break;
    case RunFlag::log_level:
      // Beside ours, those that engines know.
      check_word("--log-level", value, "debug, info, warn or error",
                 {"debug", "info", "warn", "error", "trace", "warning", "fatal", "panic"});
      global.log_level = value;
      break;
    case RunFlag::log_format:
      check_word("--log-format", value, "text or json", {"text", "json"});
      global.log_format = value;
      break;
    case RunFlag::debug:
      global.log_level = "debug";
      break;
    case RunFlag::systemd_cgroup:
      global.systemd_cgroup = true;
      break;
    case RunFlag::cgroup_manager:
      check_word("--cgroup-manager", value, "cgroupfs, systemd or disabled",
                 {"cgroupfs", "systemd", "disabled"});
      global.cgroup_manager = value;
      break;
    case RunFlag::settings:
      global.settings = value;
      break;
    case RunFlag::version:
      global.version = true;
      break;
    default:
      break;
  }
}

std::size_t parse_global(const std::vector<std::string>& arguments, GlobalOptions& global) {
  std::size_t at = 0;
  while (at < arguments.size()) {
    const std::string& argument = arguments[at];
    if (!argument.starts_with('-')) break;
    const std::size_t equals = argument.find('=');
    const auto found = std::ranges::find_if(run_flags(), [&](const RunFlagSpec& spec) {
      return is_global(spec.id) && (argument.substr(0, equals) == typed(spec.name) ||
                                    (spec.letter != 0 && argument == typed({&spec.letter, 1})));
    });
    if (found == run_flags().end()) break;
    if (found->value_name == nullptr) {
      // Go's flags may be written --flag=true.
      const std::string word = equals != argument.npos ? argument.substr(equals + 1) : "true";
      if (word != "true" && word != "false")
        mc::fail("--", found->name, ": '", word, "' is neither true nor false");
      if (word == "true") set_global(found->id, "", global);
    } else if (equals != argument.npos) {
      set_global(found->id, argument.substr(equals + 1), global);
    } else {
      if (++at == arguments.size()) mc::fail("--", found->name, ": needs a value");
      set_global(found->id, arguments[at], global);
    }
    ++at;
  }
  return at;
}

}  // namespace mini_container
