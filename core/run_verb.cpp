// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "core/agent.hpp"
#include "core/error_output.hpp"
#include "core/failure.hpp"
#include "core/kept_descriptors.hpp"
#include "core/log.hpp"
#include "core/plugin_place.hpp"
#include "core/process_end.hpp"
#include "core/record.hpp"
#include "core/signals.hpp"
#include "core/timings.hpp"
#include "core/verbs.hpp"

namespace mini_container {

namespace {

RunOptions options_of(const RunRequest& request, const Launch& launch, VerbContext& context) {
  RunOptions options;
  options.state_root = context.state_root();
  const Value* id = launch.container.find("id");
  options.id = id != nullptr ? *id->as<std::string>() : make_id();
  check_id(options.id);
  options.detached = request.detach;
  options.timings = request.timings || !request.trace_file.empty();
  options.verbose = context.global.verbose;
  options.pid_file = request.pid_file;
  options.plugin_dirs = context.global.plugin_dirs;
  return options;
}

[[noreturn]] void run_attached(const Launch& launch, const RunRequest& request,
                               RunOptions options) {
  Agent agent(launch, std::move(options));
  agent.start();
  const int exit_code = agent.wait();
  agent.finish();
  if (request.timings) show_timings(agent.pipeline());
  if (!request.trace_file.empty()) {
    let_stop_signals_end_us();
    write_trace(agent.pipeline(), request.trace_file);
  }
  if (request.timings || !request.trace_file.empty()) std::fflush(nullptr);
  end_process(exit_code);
}

void redirect(int from, int to) { mc::check(::dup2(from, to), "redirect descriptor ", to); }

mc::Fd open_output(const std::string& path) {
  return mc::Fd(
      mc::check(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600),
                "open the container's log '", path, "'"));
}

// The container's output goes to a file of its state, or to the one asked for.
void redirect_output(mc::Fd output, const std::string& state_root, const std::string& id) {
  if (!output) {
    ContainerState::ensure_logs(state_root);
    output = open_output(ContainerState::log_path(state_root, id));
  }
  const mc::Fd nothing(mc::check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open '/dev/null'"));
  redirect(nothing.get(), STDIN_FILENO);
  redirect(output.get(), STDOUT_FILENO);
  redirect(output.get(), STDERR_FILENO);
}

// It may be another's, whose id this is.
void remove_log_of_nobody(const RunOptions& options) {
  if (::access((options.state_root + "/" + options.id).c_str(), F_OK) != 0)
    ContainerState::remove_log(options.state_root, options.id);
}

// Where the hooks' guard ended it, that has been told, with the runtime's code or a signal's.
int code_of_silent_agent(int status, const std::string& id) {
  const int code = exit_code_of(status);
  if (!WIFSIGNALED(status) && (code == exit_runtime_failed || code > 128)) return code;
  const std::string how = WIFSIGNALED(status)
                              ? mc::concat("was killed (", signal_name(WTERMSIG(status)), ")")
                              : mc::concat("ended by itself, with status ", code);
  throw Failure({},
                mc::Error(0, mc::concat("the agent of '", id, "' ", how, " while starting"),
                          "where a plugin did it, repair or disable it; remove what is left: "
                          "mini_container delete --force " +
                              id),
                WIFSIGNALED(status) ? code : exit_runtime_failed);
}

// The agent goes on in the background; this process tells how the start went.
int run_detached(const Launch& launch, const RunRequest& request, RunOptions options) {
  // A FIFO holds this up until somebody reads it: the process that a signal reaches waits.
  mc::Fd output;
  if (!request.log_output.empty()) output = open_output(request.log_output);
  int ends[2];
  mc::check(::pipe2(ends, O_CLOEXEC), "make a pipe to the agent");
  mc::Fd reader(ends[0]), writer(ends[1]);
  const pid_t agent_pid = mc::check(::fork(), "fork the agent");
  if (agent_pid == 0) {
    reader.reset();
    ::setsid();
    unsigned char result = 0;
    mc::Fd caller_error(mc::duplicate(STDERR_FILENO));
    try {
      ContainerState::ensure_root(options.state_root);
      options.state_root = absolute_path(options.state_root);
      for (auto& directory : options.plugin_dirs) directory = absolute_path(directory);
      // What becomes of a plugin that breaks is told there, too: hook_guard.hpp.
      note_error_output_as(caller_error.get());
      redirect_output(std::move(output), options.state_root, options.id);
      const auto passed_on = callers_descriptors();
      Agent agent(launch, options);
      agent.start();
      // The command has those it keeps. Who waits for the end of a pipe does not wait for ours.
      close_callers_descriptors(passed_on);
      // Nor is the caller's directory, whose file system could not be unmounted: daemon(7).
      mc::check(::chdir("/"), "change to '/'");
      mc::check(::write(writer.get(), &result, 1), "report to the caller");
      // From here on the caller's descriptors are the caller's alone; ours lead to the log, where
      // the container's terminal and our own last words go.
      writer.reset();
      note_error_output_as(STDERR_FILENO);
      caller_error.reset();
      agent.wait();
      agent.finish();
      ::_exit(0);
    } catch (const std::exception& error) {
      const auto* failure = dynamic_cast<const Failure*>(&error);
      const auto* attempt = dynamic_cast<const mc::Error*>(&error);
      result = static_cast<unsigned char>(failure != nullptr ? failure->exit_code()
                                                             : exit_runtime_failed);
      if (writer) {
        remove_log_of_nobody(options);
        ::dup2(caller_error.get(), STDERR_FILENO);
      }
      log_failure(attempt != nullptr ? describe(*attempt) : error.what());
      if (writer && ::write(writer.get(), &result, 1) < 0) ::_exit(result);
    }
    ::_exit(result);
  }
  output.reset();
  writer.reset();
  unsigned char result = exit_runtime_failed;
  if (::read(reader.get(), &result, 1) != 1) {
    int status = 0;
    ::waitpid(agent_pid, &status, 0);
    remove_log_of_nobody(options);
    return code_of_silent_agent(status, options.id);
  }
  if (result != 0) {
    ::waitpid(agent_pid, nullptr, 0);
    return result;
  }
  std::printf("%s\n", options.id.c_str());
  return 0;
}

// What has no meaning is refused, and not passed over.
void check_detach(const RunRequest& request) {
  if (request.detach && (request.timings || !request.trace_file.empty()))
    mc::fail(request.timings ? "--timings" : "--trace",
             ": --detach does not wait for the end, when the timings are known",
             mc::Hint{"leave out either"});
  if (!request.detach && !request.log_output.empty())
    mc::fail("--output: the output of a container that is waited for is the caller's",
             mc::Hint{"add --detach, or redirect it in the shell"});
}

// No command runs in vain: behind a failure to write this its exit code would be lost.
void check_file(const char* flag, const std::string& path) {
  if (path.empty()) return;
  struct stat info {};
  const bool there = ::stat(path.c_str(), &info) == 0;
  if (there && S_ISDIR(info.st_mode))
    mc::fail(flag, ": '", path, "' is a directory", mc::Hint{"name a file"});
  const auto directory = path.substr(0, path.rfind('/') + 1);
  if (!there && ::access(directory.empty() ? "." : directory.c_str(), W_OK) != 0)
    mc::fail_with(errno, flag, ": make '", path, "'");
}

}  // namespace

int run_verb(VerbContext& context, const Arguments& arguments) {
  RunRequest request = parse_launch(context, arguments);
  if (request.help) return help_verb(context, {});
  const Launch launch =
      check_launch(std::move(request.tree), request.directory, context.catalog, request.disabled);
  const Value* command = launch.container.find("command");
  if (command == nullptr || command->as<List>()->empty())
    mc::fail("there is no command to run",
             mc::Hint{"give it behind the flags, or as container.command in the launch file; see "
                      "mini_container --help"});
  check_detach(request);
  check_file("--pid-file", request.pid_file);
  check_file("--trace", request.trace_file);
  RunOptions options = options_of(request, launch, context);
  wait_for_log_reader();
  if (request.detach) return run_detached(launch, request, options);
  run_attached(launch, request, std::move(options));
}

}  // namespace mini_container
