// SPDX-License-Identifier: Apache-2.0
#include "core/container_options.hpp"

#include "mini_container/plugin.hpp"

namespace mini_container {

namespace {

constexpr mc_option characters(const char* key, const char* help) {
  return mc::option({.type = MC_INT,
                     .flags = MC_OPTION_REQUIRED,
                     .key = key,
                     .help = help,
                     .minimum = 0,
                     .maximum = 65535});
}

constexpr mc_option size_fields[] = {
    characters("height", "Lines"),
    characters("width", "Columns"),
};

constexpr mc_option declared[] = {
    mc::option({.type = MC_STRING,
                .key = "id",
                .help = "The container's id; made up where it is left out",
                .minimum = 1,
                .maximum = 255,
                .long_flag = "id"}),
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .key = "command",
                .help = "The program and its arguments, passed as they are; looked up in the "
                        "container's PATH"}),
    mc::option({.type = MC_MAP,
                .element = MC_STRING,
                .key = "env",
                .help = "Environment variables; PATH, HOME and TERM have defaults, and "
                        "env_pass takes over the caller's",
                .value_name = "NAME=VALUE",
                .long_flag = "env",
                .short_flag = 'e'}),
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .key = "env_pass",
                .help = "Names of variables taken over from the caller's environment"}),
    mc::option({.type = MC_BOOL,
                .key = "env_defaults",
                .help = "Whether PATH, HOME and TERM get a value where none is set",
                .default_text = "true"}),
    mc::option({.type = MC_BOOL,
                .key = "env_home",
                .help = "Whether HOME gets the value that the container's passwd file has where it "
                        "is not set; as env_defaults says where it is left out"}),
    mc::option({.type = MC_STRING,
                .key = "cwd",
                .help = "The working directory, an absolute path inside the root",
                .default_text = "/",
                .long_flag = "cwd"}),
    mc::option({.type = MC_STRING,
                .key = "user",
                .help = "USER[:GROUP], numbers, or names of the container's own passwd and group "
                        "files",
                .default_text = "0:0",
                .value_name = "USER[:GROUP]",
                .long_flag = "user",
                .short_flag = 'u'}),
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .key = "groups",
                .help = "Supplementary groups, numbers or names; \"user\" stands for those that "
                        "the container's group file gives the user"}),
    mc::option({.type = MC_INT,
                .key = "umask",
                .help = "The file mode creation mask",
                .default_text = "0o022",
                .minimum = 0,
                .maximum = 0777}),
    mc::option({.type = MC_BOOL,
                .key = "terminal",
                .help = "Gives the command a pseudoterminal of the container's own devpts",
                .default_text = "false",
                .long_flag = "terminal,tty",
                .short_flag = 't'}),
    mc::option({.type = MC_TABLE,
                .key = "terminal_size",
                .help = "The terminal's first size; the caller's own where it is left out",
                .fields = size_fields}),
    mc::option({.type = MC_LIST,
                .element = MC_INT,
                .key = "keep_fds",
                .help = "Descriptors of the caller that the command keeps, by number",
                .minimum = 0,
                .maximum = 1024}),
    mc::option({.type = MC_MAP,
                .element = MC_STRING,
                .key = "annotations",
                .help = "Notes for those who look at the container with `state`",
                .maximum = 4096}),
    mc::option({.type = MC_DURATION,
                .key = "hook_timeout",
                .help = "How long one hook of one plugin may take",
                .default_text = "10s",
                .minimum = 1000,
                .maximum = 86400000000}),
};

}  // namespace

Options container_options() { return declared; }

}  // namespace mini_container
