// SPDX-License-Identifier: Apache-2.0
// list, kill and delete: verbs on containers that are there.
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <span>

#include "core/container.hpp"
#include "core/failure.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/oci/container_json.hpp"
#include "core/resources.hpp"
#include "core/signals.hpp"
#include "core/verb_options.hpp"
#include "core/verbs.hpp"

namespace mini_container {

namespace {

std::string only_argument(const Arguments& arguments, const char* verb) {
  if (arguments.empty())
    mc::fail(verb, ": the container's id is missing",
             mc::Hint{"see those that there are: mini_container list"});
  return arguments.front();
}

void refuse_beyond(const Arguments& arguments, std::size_t most, const char* verb) {
  if (arguments.size() > most)
    mc::fail(verb, ": '", arguments[most].substr(0, 60), "' is one argument too many");
}

/// The id itself, or every id that the expression of `--regex` matches somewhere.
std::vector<std::string> matching_ids(const VerbContext& context, const std::string& wanted,
                                      bool is_expression) {
  if (!is_expression) return {wanted};
  regex_t expression;
  if (::regcomp(&expression, wanted.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
    mc::fail("'", wanted, "' is not a regular expression");
  std::vector<std::string> out;
  for (const auto& id : ContainerState::list(context.state_root()))
    if (::regexec(&expression, id.c_str(), 0, nullptr, 0) == 0) out.push_back(id);
  ::regfree(&expression);
  return out;
}

// All that are left: none is no failure, as engines expect. Without a cgroup, the first process of
// a PID namespace takes the others along.
void signal_all(const Container& container, int signal, Catalog& catalog) {
  if (container.status() == Container::Status::creating) return container.send_signal(signal);
  if (const auto resources = Resources::of(container, catalog)) try {
      return resources->signal_all(signal);
    } catch (const mc::Error& error) {
      if (error.error_number() != ENOENT) throw;
      // It went on without (cgroup.optional).
    }
  if (container.is_alive()) container.send_signal(signal);
}

// A stopped v1 freezer holds even SIGKILL back; who owns the freezer lets go. False: not paused,
// and nothing was done.
bool end_if_paused(const Container& container, Catalog& catalog) {
  if (oci::shown_status(container, catalog) != "paused") return false;
  Resources::need(container, catalog, "end").signal_all(SIGKILL);
  return true;
}

// The same for what is left of `ids`, each plugin's cleanup on a copy of the memory.
Arguments delete_anew(const VerbContext& context, bool force, std::span<const std::string> ids) {
  Arguments out = {"mini_container"};
  out.insert(out.end(), context.before_verb.begin(), context.before_verb.end());
  out.emplace_back("delete-apart");
  if (force) out.emplace_back("--force");
  out.emplace_back("--");
  out.insert(out.end(), ids.begin(), ids.end());
  return out;
}

int delete_containers(VerbContext& context, const Arguments& arguments, bool apart) {
  bool force = false;
  bool is_expression = false;
  VerbOptions options("delete");
  options.flag("force", 'f', force, "Ends a container that runs; one that is gone is no error")
      .flag("regex", 'r', is_expression, "ID is a regular expression; all that it matches");
  const auto rest = options.parse(arguments);
  only_argument(rest, "delete");
  std::vector<std::string> ids;
  for (const auto& wanted : rest)
    for (auto& id : matching_ids(context, wanted, is_expression)) ids.push_back(std::move(id));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto is_gone = [&] { return !ContainerState::exists(context.state_root(), ids[i]); };
    try {
      // With --force, that it is gone is what was asked for.
      if (force && is_gone()) {
        ContainerState::remove_log(context.state_root(), ids[i]);
        continue;
      }
      auto container = Container::open(context.state_root(), ids[i]);
      if (force) end_if_paused(container, context.catalog);
      container.remove(
          context.catalog, force ? Container::Removal::forced : Container::Removal::of_stopped,
          apart ? Arguments{} : delete_anew(context, force, std::span(ids).subspan(i)));
    } catch (const mc::Error&) {
      // It may have gone beneath our hands, by its own agent or another `delete`.
      if (!force || !is_gone()) throw;
    }
  }
  return 0;
}

}  // namespace

int list_verb(VerbContext& context, const Arguments& arguments) {
  std::string format = "table";
  bool quiet = false;
  VerbOptions options("list");
  options.value("format", 'f', format, "FORMAT", "table (the default) or json")
      .flag("quiet", 'q', quiet, "Prints the ids alone");
  refuse_beyond(options.parse(arguments), 0, "list");
  if (format != "table" && format != "json")
    mc::fail("list: --format: '", format, "' is neither table nor json");
  List all;
  if (!quiet && format == "table")
    std::printf("%-24s %-8s %8s  %s\n", "ID", "STATUS", "PID", "COMMAND");
  for (const auto& id : ContainerState::list(context.state_root())) {
    if (quiet) {
      std::printf("%s\n", id.c_str());
      continue;
    }
    const auto container = Container::find(context.state_root(), id);
    if (!container) continue;  // removed since
    if (!container->damage().empty()) log_line(MC_LOG_WARN, "", container->damage());
    if (format == "json")
      all.push_back(oci::container_json(*container, context.catalog));
    else
      std::printf("%-24s %-8s %8d  %s\n", id.c_str(),
                  oci::shown_status(*container, context.catalog).c_str(),
                  container->is_alive() ? container->process().pid : 0,
                  one_line(container->command()).c_str());
  }
  if (!quiet && format == "json") std::printf("%s\n", write_json(Value(std::move(all))).c_str());
  return 0;
}

int kill_verb(VerbContext& context, const Arguments& arguments) {
  bool all = false;
  bool is_expression = false;
  VerbOptions options("kill");
  options.flag("all", 'a', all, "Sends it to every process of the container")
      .flag("regex", 'r', is_expression, "ID is a regular expression; to all that it matches");
  const auto rest = options.parse(arguments);
  const auto wanted = only_argument(rest, "kill");
  refuse_beyond(rest, 2, "kill");
  const int signal = rest.size() > 1 ? parse_signal(rest[1]) : SIGTERM;
  for (const auto& id : matching_ids(context, wanted, is_expression)) {
    const auto container = Container::open_settled(context.state_root(), id);
    if (all)
      signal_all(container, signal, context.catalog);
    else if (signal != SIGKILL || !end_if_paused(container, context.catalog))
      container.send_signal(signal);
  }
  return 0;
}

int delete_verb(VerbContext& context, const Arguments& arguments) {
  return delete_containers(context, arguments, false);
}

int delete_apart_verb(VerbContext& context, const Arguments& arguments) {
  return delete_containers(context, arguments, true);
}

int undo_launch_verb(VerbContext& context, const Arguments& arguments) {
  // Who asks to stop wants just this, and may have asked already.
  for (const int number : stop_signals) ::signal(number, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const auto id = only_argument(arguments, "undo-launch");
  // Ours by inheritance, and killed before we became this program.
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
  Container::open(context.state_root(), id).remove(context.catalog, Container::Removal::of_launch);
  int exit_code = exit_runtime_failed;
  if (arguments.size() > 1)
    std::from_chars(arguments[1].data(), arguments[1].data() + arguments[1].size(), exit_code);
  return exit_code;
}

}  // namespace mini_container
