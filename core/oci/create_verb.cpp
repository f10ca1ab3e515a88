// SPDX-License-Identifier: Apache-2.0
// create, start and run: a bundle as a container.
#include <stdlib.h>

#include <algorithm>
#include <charconv>

#include "core/agent.hpp"
#include "core/kept_descriptors.hpp"
#include "core/oci/annotations.hpp"
#include "core/oci/bundle.hpp"
#include "core/oci/start.hpp"
#include "core/oci/verbs.hpp"
#include "core/verb_options.hpp"

namespace mini_container::oci {

namespace {

/// What `create` and `run` take.
struct CreateRequest {
  std::string bundle = ".";
  std::string config;
  std::string pid_file;
  std::string console_socket;
  int preserve_fds = 0;
  bool no_pivot = false;
  bool no_new_keyring = false;
  bool detach = false;
  bool keep = false;
  bool no_subreaper = false;
  std::string id;
};

CreateRequest parse_create(const char* verb, const Arguments& arguments) {
  CreateRequest out;
  VerbOptions options(verb);
  options.value("bundle", 'b', out.bundle, "DIR", "The bundle; the working directory without it")
      .value("config", 'f', out.config, "FILE", "Read in place of the bundle's config.json")
      .value("pid-file", 0, out.pid_file, "FILE", "Gets the first process's id")
      .value("console-socket", 0, out.console_socket, "SOCKET",
             "The Unix socket that the terminal is sent to")
      .number("preserve-fds", 0, out.preserve_fds, most_preserved_descriptors,
              "Descriptors that the program keeps, from 3 on")
      .flag("no-pivot", 0, out.no_pivot,
            "Enters the root by chroot: for a host whose own root is a ramfs")
      .flag("no-new-keyring", 0, out.no_new_keyring, "Keeps the caller's session keyring");
  if (std::string_view(verb) == "run")
    options.flag("detach", 'd', out.detach, "Leaves the container running")
        .flag("keep", 0, out.keep, "Leaves its state behind for `delete`");
  options.flag("no-subreaper", 0, out.no_subreaper,
               "Accepted: whom orphans go to is the PID namespace's matter");
  out.id = only_id(options.parse(arguments), verb);
  check_id(out.id);
  return out;
}

// Descriptors that socket activation hands over, sd_listen_fds(3), stay as if preserved.
int passed_descriptors() {
  const char* text = ::getenv("LISTEN_FDS");
  if (text == nullptr) return 0;
  int count = 0;
  const std::string_view digits = text;
  const auto [rest, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return failed == std::errc() && rest == digits.data() + digits.size() && count > 0
             ? std::min(count, most_preserved_descriptors + 1)
             : 0;
}

void announce_descriptors(Value& tree, int count) {
  if (count == 0) return;
  Value* env = tree.find("container")->find("env");
  env->set("LISTEN_FDS", Value(std::to_string(count), Place{"LISTEN_FDS"}));
  env->set("LISTEN_PID", Value(std::string("1"), Place{"LISTEN_FDS"}));
}

struct Prepared {
  Launch launch;
  RunOptions options;
};

Prepared prepare(const CreateRequest& request, VerbContext& context) {
  const int passed = passed_descriptors();
  TranslationOptions translation;
  translation.id = request.id;
  translation.new_keyring = !request.no_new_keyring;
  translation.cgroups = context.global.cgroup_manager != "disabled";
  translation.systemd_cgroup =
      context.global.systemd_cgroup || context.global.cgroup_manager == "systemd";
  translation.preserve_fds = request.preserve_fds + passed;
  translation.pivot = !request.no_pivot;
  Bundle bundle = read_bundle(request.bundle, request.config, translation);
  const auto settings = [&] {
    return read_settings(context.global.settings.empty() ? settings_path : context.global.settings);
  };
  apply_annotations(Property(&bundle.config, "", bundle.config.place())["annotations"], settings,
                    context.catalog, bundle.tree);
  announce_descriptors(bundle.tree, passed);
  Prepared out;
  out.launch = check_launch(std::move(bundle.tree), bundle.directory, context.catalog);
  out.options.state_root = context.state_root();
  out.options.plugin_dirs = context.global.plugin_dirs;
  out.options.id = request.id;
  out.options.detached = true;
  out.options.start = Start::by_verb;
  out.options.console_socket = request.console_socket;
  out.options.pid_file = request.pid_file;
  out.options.verbose = context.global.verbose;
  out.options.annotations = bundle_facts(bundle.config);
  return out;
}

void check_console(const CreateRequest& request, const Launch& launch, bool attached) {
  const bool terminal = *launch.container.find("terminal")->as<bool>();
  if (terminal && request.console_socket.empty() && !attached)
    mc::fail("process.terminal: the terminal of a detached container needs a --console-socket");
  if (!terminal && !request.console_socket.empty())
    mc::fail("--console-socket: process.terminal is false, so there is no terminal to send",
             mc::Hint{"leave the option out"});
}

}  // namespace

int create_verb(VerbContext& context, const Arguments& arguments) {
  const CreateRequest request = parse_create("create", arguments);
  Prepared prepared = prepare(request, context);
  check_console(request, prepared.launch, false);
  Agent agent(prepared.launch, std::move(prepared.options));
  agent.start();
  return 0;
}

int start_verb(VerbContext& context, const Arguments& arguments) {
  start_container(context.state_root(), only_id(VerbOptions("start").parse(arguments), "start"),
                  context.catalog);
  return 0;
}

int run_bundle_verb(VerbContext& context, const Arguments& arguments) {
  const CreateRequest request = parse_create("run", arguments);
  Prepared prepared = prepare(request, context);
  const bool attached = !request.detach && request.console_socket.empty();
  check_console(request, prepared.launch, attached);
  prepared.options.detached = request.detach || request.keep;
  prepared.options.start = Start::when_created;
  Agent agent(prepared.launch, std::move(prepared.options));
  agent.start();
  if (request.detach) return 0;
  const int exit_code = agent.wait();
  agent.finish();
  return exit_code;
}

}  // namespace mini_container::oci
