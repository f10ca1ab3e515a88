// SPDX-License-Identifier: Apache-2.0
// mini_container_plugin(3): for those who write plugins. abi.h is the reference; this is the map.
#include "core/manual.hpp"
#include "core/roff.hpp"

namespace mini_container {

std::string plugin_manual() {
  Roff page("MINI_CONTAINER_PLUGIN", "3", "Library Functions");
  page.section("NAME").paragraph("mini_container_plugin - write a plugin of mini_container");
  page.section("SYNOPSIS");
  page.example(
      "#include <mini_container/plugin.hpp>   /* C++20 */\n"
      "#include <mini_container/abi.h>        /* C, and what other languages bind */");
  page.section("DESCRIPTION");
  page.paragraph(
      "A plugin is a shared object _NAME_.so that exports one constant-initialised data symbol, "
      "*mc_plugin_v1* of type *mc_plugin*. It describes the plugin: its name and options, the "
      "namespaces that it may ask for, its order among others, and the hooks that it has. A table "
      "of its name in a launch enables it.");
  page.paragraph(
      "Every structure starts with its size and only grows at its end, so that a plugin works with "
      "older and newer runtimes. Strings and descriptors are borrowed. A function that fails gives "
      "-1 and fills an *mc_error*: the errno, what was attempted on what, and the way out.");
  page.section("HOOKS");
  page.paragraph(
      "In the order in which they run. Each may be left out. Those in the agent run in the "
      "runtime's process outside of the container; those in the child run in the cloned process, "
      "without threads, dlopen, name lookups, locale, or exit.");
  page.item("*create*, *destroy* (agent)",
            "Makes the instance for one launch; reads the configuration.");
  page.item("*plan* (agent)",
            "Checks, and contributes namespaces, mounts, environment. Touches nothing.");
  page.item("*pre_clone* (agent)",
            "Reserves what the container needs, noted in state_fd before it is made.");
  page.item("*post_clone* (agent)",
            "The child exists in its namespaces and waits: id maps, links, limits.");
  page.item("*before_pivot* (child)", "In the new namespaces, the host's paths still in view.");
  page.item("*pivot* (child)",
            "Performs the planned mounts and enters the new root; one plugin of a launch.");
  page.item("*after_pivot* (child)", "Inside the new root, with every privilege.");
  page.item("*join* (child)", "For exec alone: what joining the namespaces does not bring.");
  page.item("*seal* (child)",
            "Last before execve, for a first process and for exec: limits, capabilities, filters.");
  page.item("*post_exec* (agent)", "The program runs. A failure stops the container.");
  page.item("*post_exit* (agent)", "The program has ended; its wait status is known.");
  page.item(
      "*cleanup* (agent)",
      "Always, once pre_clone was called; in reverse order; repeatable; from state_fd alone.");
  page.paragraph(
      "What a hook in the child changes of its process is there for the hooks after it. The "
      "command finds the signal mask, ignored signals, scheduling, resource limits, process group "
      "and "
      "standard descriptors as they were left; the umask, the working directory and descriptors "
      "that were opened without O_CLOEXEC only from *seal*; environment variables never: "
      "*mc_host.set_environment* is the way.");
  page.section("OPTIONS");
  page.paragraph(
      "Declared once, as an array of *mc_option*: key, type, default, range, choices, fields, "
      "help. "
      "The runtime checks launches with it, applies the defaults, and makes flags, this manual's "
      "sections 1 and 5, completions and the JSON Schema from it. A checked value is read through "
      "*mc_host*: get, at, boolean, integer, number, string, where.");
  page.section("BUILDING");
  page.example(
      "find_package(mini_container REQUIRED)\n"
      "mini_container_add_plugin(hello hello.cpp)");
  page.paragraph(
      "*mini_container plugin check* _FILE.so_ tries the plugin in a throwaway container.");
  page.section("EXAMPLE");
  page.example(
      "#include <mini_container/plugin.hpp>\n"
      "#include <unistd.h>\n\n"
      "class Hello {\n"
      " public:\n"
      "  explicit Hello(const mc::Host& host) : name_(host.config().text(\"name\")) {}\n"
      "  void plan(mc::Host& host) { host.new_namespace(CLONE_NEWUTS); }\n"
      "  void after_pivot(mc::Host&, const mc::Call&) {\n"
      "    mc::check(::sethostname(name_.data(), name_.size()), \"sethostname '\", name_, \"'\");\n"
      "  }\n\n"
      " private:\n"
      "  std::string name_;\n"
      "};\n\n"
      "constexpr mc_option options[] = {mc::option(\n"
      "    {.type = MC_STRING, .key = \"name\", .help = \"The host name\", .default_text = "
      "\"hello\"})};\n"
      "MC_PLUGIN(Hello, {.name = \"hello\", .summary = \"A host name\",\n"
      "                  .namespaces = CLONE_NEWUTS, .options = options})");
  page.section("SEE ALSO");
  page.paragraph("*mini_container*(1), *mini_container.toml*(5), _mini_container/abi.h_");
  return page.text();
}

}  // namespace mini_container
