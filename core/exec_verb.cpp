// SPDX-License-Identifier: Apache-2.0
#include "core/agent.hpp"
#include "core/container.hpp"
#include "core/exec.hpp"
#include "core/exec_options.hpp"
#include "core/pid_file.hpp"
#include "core/resources.hpp"
#include "core/verb_options.hpp"
#include "core/verbs.hpp"

namespace mini_container {

Launch exec_launch(const Container& container, Catalog& catalog) {
  if (!container.record() || container.status() == Container::Status::stopped)
    mc::fail("container not running: '", container.id(), "' is ", container.status_name(),
             mc::Hint{"see its state: mini_container list"});
  Launch launch = launch_of(*container.record(), catalog);
  // Of the container's own start, not of a further process.
  launch.container.set("terminal", Value(false));
  launch.container.set("keep_fds", Value(List{}));
  return launch;
}

namespace {

void refuse_paused(const Container& container, Catalog& catalog) {
  const auto resources = Resources::of(container, catalog);
  if (resources && resources->is_paused())
    mc::fail("cannot exec in container '", container.id(), "': it is paused",
             mc::Hint{"resume it first, or give --ignore-paused"});
}

}  // namespace

int exec_verb(VerbContext& context, const Arguments& arguments) {
  ExecRequest request;
  RunOptions options;
  bool ignore_paused = false;
  VerbOptions flags("exec", true);
  flags.value("process", 'p', request.process_file)
      .value("user", 'u', request.user)
      .value("cwd", 'w', request.cwd)
      .each("env", 'e', request.env)
      .flag("tty", 't', request.terminal)
      .flag("terminal", 0, request.terminal)
      .each("cap", 'c', request.capabilities)
      .each("additional-gids", 'g', request.groups)
      .value("apparmor", 0, request.apparmor)
      .value("process-label", 0, request.label)
      .flag("no-new-privs", 0, request.no_new_privs)
      .number("preserve-fds", 0, request.preserve_fds)
      .flag("detach", 'd', options.outlives_agent)
      .value("pid-file", 0, options.pid_file)
      .value("console-socket", 0, options.console_socket)
      .flag("ignore-paused", 0, ignore_paused)
      .value("cgroup", 0, options.sub_cgroup);
  const auto rest = flags.parse(arguments);
  if (rest.empty()) mc::fail("exec: the container's id is missing");
  auto first = rest.begin() + 1;
  if (first != rest.end() && *first == "--") ++first;
  request.command.assign(first, rest.end());
  if (request.command.empty() && request.process_file.empty())
    mc::fail("exec: there is no command to run",
             mc::Hint{"mini_container exec ID COMMAND [ARG...]"});

  const auto container = Container::open(context.state_root(), rest.front());
  Launch launch = exec_launch(container, context.catalog);
  change_launch(launch, request, context.catalog);
  if (!ignore_paused) refuse_paused(container, context.catalog);
  const bool terminal = *launch.container.find("terminal")->as<bool>();
  if (terminal && options.outlives_agent && options.console_socket.empty())
    mc::fail("exec: the terminal of a detached process needs a --console-socket");
  options.state_root = context.state_root();
  options.id = container.id();
  options.verbose = context.global.verbose;
  const auto pid_file = options.pid_file;
  const bool detach = options.outlives_agent;
  Agent agent(launch, std::move(options));
  agent.start_in(container);
  write_pid_file(pid_file, agent.pid());
  return detach ? 0 : agent.wait();
}

}  // namespace mini_container
