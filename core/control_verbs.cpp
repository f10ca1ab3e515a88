// SPDX-License-Identifier: Apache-2.0
// list, kill and delete: verbs on containers that are there.
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>

#include "core/container.hpp"
#include "core/failure.hpp"
#include "core/log.hpp"
#include "core/verbs.hpp"

namespace mini_container {

namespace {

std::string only_argument(const Arguments& arguments, const char* verb) {
  if (arguments.empty())
    mc::fail(verb, ": the container's id is missing",
             mc::Hint{"see those that there are: mini_container list"});
  return arguments.front();
}

}  // namespace

int list_verb(VerbContext& context, const Arguments&) {
  std::printf("%-24s %-8s %8s  %s\n", "ID", "STATUS", "PID", "COMMAND");
  for (const auto& id : ContainerState::list(context.state_root())) {
    const auto container = Container::open(context.state_root(), id);
    std::printf("%-24s %-8s %8d  %s\n", id.c_str(), container.status_name(),
                container.is_alive() ? container.process().pid : 0, container.command().c_str());
  }
  return 0;
}

int kill_verb(VerbContext& context, const Arguments& arguments) {
  const auto id = only_argument(arguments, "kill");
  const auto container = Container::open(context.state_root(), id);
  container.send_signal(arguments.size() > 1 ? parse_signal(arguments[1]) : SIGTERM);
  return 0;
}

int delete_verb(VerbContext& context, const Arguments& arguments) {
  bool force = false;
  int exit_code = 0;
  for (const auto& argument : arguments) {
    if (argument == "--force" || argument == "-f") {
      force = true;
      continue;
    }
    Container::open(context.state_root(), argument).remove(context.catalog, force);
  }
  return exit_code;
}

int undo_launch_verb(VerbContext& context, const Arguments& arguments) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const auto id = only_argument(arguments, "undo-launch");
  // Ours by inheritance, and killed before we became this program.
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
  Container::open(context.state_root(), id).remove(context.catalog, true);
  return exit_runtime_failed;
}

}  // namespace mini_container
