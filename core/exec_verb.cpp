// SPDX-License-Identifier: Apache-2.0
#include "core/agent.hpp"
#include "core/container.hpp"
#include "core/exec.hpp"
#include "core/kept_descriptors.hpp"
#include "core/log.hpp"
#include "core/oci/bundle.hpp"
#include "core/oci/exec_options.hpp"
#include "core/resources.hpp"
#include "core/verb_options.hpp"
#include "core/verbs.hpp"

namespace mini_container {

Launch exec_launch(const Container& container, Catalog& catalog) {
  if (!container.damage().empty()) mc::fail(container.damage());
  // One that is being created may not be in its root yet.
  const bool runs = container.status() == Container::Status::created ||
                    container.status() == Container::Status::running;
  if (!container.record() || !runs)
    mc::fail("container not running: '", container.id(), "' is ", container.status_name(),
             mc::Hint{"see its state: mini_container list"});
  Launch launch = launch_of(*container.record(), catalog,
                            offer_of(Hook::join) | offer_of(Hook::seal) | extension_offer);
  // Of the container's own start, not of a further process.
  launch.container.set("terminal", Value(false));
  launch.container.set("keep_fds", Value(List{}));
  return launch;
}

namespace {

void refuse_paused(const Container& container, const Launch& launch) {
  const auto resources = Resources::of(container, launch);
  if (resources && resources->is_paused())
    mc::fail("cannot exec in container '", container.id(), "': it is paused",
             mc::Hint{"resume it first, or give --ignore-paused"});
}

}  // namespace

int exec_verb(VerbContext& context, const Arguments& arguments) {
  oci::ExecRequest request;
  RunOptions options;
  std::vector<std::string> cgroups;
  VerbOptions flags("exec", true);
  flags
      .value("process", 'p', request.process_file, "FILE",
             "A process as config.json has it, in place of the container's")
      .value("user", 'u', request.user, "UID[:GID]", "As whom")
      .value("cwd", 'w', request.cwd, "DIR", "Where, an absolute path inside")
      .each("env", 'e', request.env, "NAME=VALUE", "A variable more; may be given several times")
      .flag("tty", 't', request.terminal, "Gives it a terminal")
      .flag("terminal", 0, request.terminal, "The same as --tty")
      .each("cap", 'c', request.capabilities, "NAME", "A capability more")
      .each("additional-gids", 'g', request.groups, "GID", "A supplementary group")
      .value("apparmor", 0, request.apparmor, "PROFILE", "Its AppArmor profile")
      .value("process-label", 0, request.label, "LABEL", "Its SELinux label")
      .flag("no-new-privs", 0, request.no_new_privs, "No execve gives it privileges")
      .number("preserve-fds", 0, request.preserve_fds, most_preserved_descriptors,
              "Descriptors that it keeps, from 3 on")
      .flag("detach", 'd', options.outlives_agent, "Leaves it running")
      .value("pid-file", 0, options.pid_file, "FILE", "Gets its process id")
      .value("console-socket", 0, options.console_socket, "SOCKET",
             "The Unix socket that its terminal is sent to")
      .flag("ignore-paused", 0, options.in_paused, "In a paused container, too; it waits there")
      .each("cgroup", 0, cgroups, "[CONTROLLER,...:]PATH",
            "A cgroup below the container's; may be given several times, with a controller each");
  const auto rest = flags.parse(arguments);
  if (rest.empty()) mc::fail("exec: the container's id is missing");
  for (const auto& cgroup : cgroups) {
    if (cgroup.find('\n') != cgroup.npos) mc::fail("exec: --cgroup: a newline in a path");
    options.sub_cgroup += mc::concat(options.sub_cgroup.empty() ? "" : "\n", cgroup);
  }
  auto first = rest.begin() + 1;
  if (first != rest.end() && *first == "--") ++first;
  request.command.assign(first, rest.end());
  if (request.command.empty() && request.process_file.empty())
    mc::fail("exec: there is no command to run",
             mc::Hint{"mini_container exec ID COMMAND [ARG...]"});

  const auto container = Container::open_settled(context.state_root(), rest.front());
  Launch launch = exec_launch(container, context.catalog);
  request.scheduling = container.record()->annotations.find(oci::exec_scheduling_fact);
  oci::change_launch(launch, request, context.catalog);
  if (!options.in_paused) refuse_paused(container, launch);
  const bool terminal = *launch.container.find("terminal")->as<bool>();
  if (terminal && options.outlives_agent && options.console_socket.empty())
    mc::fail("exec: the terminal of a detached process needs a --console-socket");
  options.state_root = context.state_root();
  options.id = container.id();
  options.verbose = context.global.verbose;
  const bool detach = options.outlives_agent;
  wait_for_log_reader();
  Agent agent(launch, std::move(options));
  agent.start_in(container);
  return detach ? 0 : agent.wait();
}

}  // namespace mini_container
