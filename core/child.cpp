// SPDX-License-Identifier: Apache-2.0
#include "core/child.hpp"

#include <limits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/environment.hpp"
#include "core/failure.hpp"
#include "core/hook_guard.hpp"
#include "core/identity.hpp"
#include "core/joining.hpp"
#include "core/kept_descriptors.hpp"
#include "core/program.hpp"
#include "core/signals.hpp"
#include "core/terminal.hpp"
#include "core/working_directory.hpp"

namespace mini_container {

namespace {

class Child {
 public:
  explicit Child(ChildInput& input)
      : input_(input),
        pipe_(input.pipeline),
        container_(input.pipeline.launch.container),
        program_(input.pipeline) {}

  void run() {
    tie_to_agent();
    join_namespaces();
    if (input_.waits) wait_for_go();
    // In the agent's memory it may not; kernels on which that is lent enter it at the execve.
    if (input_.target == nullptr && !input_.shares_memory) enter_new_time_namespace(pipe_.plan);
    // Until here the agent of an ordinary user must be able to write the id maps: proc(5).
    mc::check(::prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L), "make the child undumpable");
    if (input_.own_image != nullptr) input_.own_image->let_go();
    if (input_.target != nullptr) {
      enter_root();
      call_hooks(Hook::join);
    } else {
      call_hooks(Hook::before_pivot);
      call_hooks(Hook::pivot);
      enter_root();
      call_hooks(Hook::after_pivot);
    }
    open_terminal();
    resolve_user();
    if (pipe_.options.start != Start::at_once) {
      // What cannot be started is refused while its creator listens.
      enter_working_directory(container_);
      program_.find(*environment_, finds_as_user());
      wait_for_start();
    }
    say_what_runs();
    become_user();
    enter_working_directory(container_);
    program_.find(*environment_, finds_as_user());
    // All that a limit or a filter of a seal hook could stand in the way of comes before it.
    keep_descriptors();
    std::vector<int> ways_out;
    if (input_.own_image != nullptr) ways_out = find_ways_out();
    tie_to_agent_again();
    call_hooks(Hook::seal);
    close_ways_out(ways_out);
    program_.execute(*environment_, init_);
  }

 private:
  // PDEATHSIG works only from here on: an agent that died before has closed its end.
  void tie_to_agent() {
    reset_signals();
    if (input_.shares_memory) {
      survive_lost_output();
      guard_hooks_of_child(pipe_.child_progress, input_.agents_status);
    }
    // The agent does the same; whoever comes first: setpgid(2).
    if (input_.is_job) ::setpgid(0, 0);
    // Who watches over it ends its process group, and is not to end itself: conmon --timeout.
    else if (outlives_agent())
      mc::check(::setsid(), "start a session");
    if (!outlives_agent())
      mc::check(::prctl(PR_SET_PDEATHSIG, static_cast<long>(SIGKILL), 0L, 0L, 0L),
                "ask to die with the agent");
  }

  bool outlives_agent() const {
    return pipe_.options.start != Start::at_once || pipe_.options.outlives_agent;
  }

  void join_namespaces() {
    if (input_.target != nullptr)
      enter_container(*input_.target);
    else
      join_planned_namespaces(pipe_.plan);
  }

  void wait_for_go() {
    pipe_.channel.send({.kind = RecordKind::ready});
    for (;;) {
      auto record = pipe_.channel.receive();
      if (!record) ::_exit(exit_runtime_failed);  // the agent is gone, or has given up
      if (record->kind == RecordKind::go) return;
      if (record->kind == RecordKind::descriptor)
        pipe_.services.given.push_back({std::move(record->text), std::move(record->fd)});
    }
  }

  void call_hooks(Hook hook) {
    CallDetails details;
    details.flags = input_.target != nullptr ? static_cast<unsigned>(MC_CALL_EXEC) : 0U;
    details.pid = ::getpid();
    details.root_fd = root_.get();
    if (environment_) {  // else nobody has looked the user up
      details.uid = identity_.uid;
      details.gid = identity_.gid;
    }
    pipe_.call_hooks(hook, details, *pipe_.child_progress);
  }

  void enter_root() {
    root_.reset(mc::check(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "open the new root"));
  }

  void open_terminal() {
    if (!*container_.find("terminal")->as<bool>()) return;
    mc::Fd master = open_container_terminal(
        pipe_.plan.find_namespace(CLONE_NEWNS) != nullptr && input_.target == nullptr,
        wanted_terminal_size(container_));
    pipe_.channel.send(
        {.kind = RecordKind::descriptor, .text = "terminal", .fd = std::move(master)});
  }

  void wait_for_start() {
    pipe_.channel.send({.kind = RecordKind::ready});
    if (pipe_.options.start == Start::by_verb) return let_verb_start();
    const auto record = pipe_.channel.receive();
    if (!record || record->kind != RecordKind::go) ::_exit(exit_runtime_failed);
  }

  // What follows is for `start`, which connects and from then on is the other end.
  void let_verb_start() {
    pipe_.channel.close();
    for (;;) {
      mc::Fd connection(::accept4(input_.start_socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        mc::fail_with(errno, "wait to be started");
      }
      pipe_.channel = Channel(std::move(connection));
      const auto record = pipe_.channel.receive();
      if (record && record->kind == RecordKind::go) break;
    }
    input_.start_socket.reset();
  }

  void say_what_runs() {
    if (!pipe_.options.verbose) return;
    std::string command;
    for (const auto& argument : *container_.find("command")->as<List>()) {
      if (!command.empty()) command += ' ';
      command += *argument.as<std::string>();
    }
    char host[HOST_NAME_MAX + 1] = {};
    char domain[65] = {};
    ::gethostname(host, sizeof host);
    ::getdomainname(domain, sizeof domain);
    const auto say = [&](const std::string& text) {
      pipe_.channel.send({.kind = RecordKind::log, .level = 0, .text = text});
    };
    say("[Container] Running command: " + command);
    say(std::string("[Container] Container hostname: ") + host);
    say(std::string("[Container] Container NIS domain name: ") + domain);
    // What the command itself says comes after.
    pipe_.channel.send({.kind = RecordKind::said});
    if (!pipe_.channel.receive()) ::_exit(exit_runtime_failed);  // the agent is gone
  }

  void resolve_user() {
    Environment environment(pipe_);
    const bool want_home = environment.wants_home();
    identity_ = resolve_identity(container_, want_home);
    if (want_home) environment.set("HOME", identity_.home.empty() ? "/" : identity_.home);
    environment_.emplace(std::move(environment));
  }

  void become_user() {
    if (*container_.find("terminal")->as<bool>()) give_terminal_to(identity_.uid);
    assume_identity(identity_, static_cast<mode_t>(*container_.find("umask")->as<std::int64_t>()));
    // Other ids may have undone it, to what fs.suid_dumpable says: prctl(2).
    if (input_.own_image != nullptr)
      mc::check(::prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L), "make the child undumpable");
    is_user_ = true;
  }

  [[nodiscard]] bool runs_init() const {
    return pipe_.plan.init().fd.valid() && input_.target == nullptr;
  }

  // The hooks to come need every capability, the command gets none of them.
  [[nodiscard]] bool finds_as_user() const {
    return is_user_ && identity_.uid != 0 && !pipe_.sets_capabilities();
  }

  // Changing ids has cleared it: prctl(2). Where the agent died meanwhile, its end is closed.
  void tie_to_agent_again() const {
    if (outlives_agent()) return;
    mc::check(::prctl(PR_SET_PDEATHSIG, static_cast<long>(SIGKILL), 0L, 0L, 0L),
              "ask to die with the agent");
    char none = 0;
    if (::recv(pipe_.channel.fd(), &none, 1, MSG_DONTWAIT | MSG_PEEK) == 0)
      ::_exit(exit_runtime_failed);
  }

  // Everything is closed on execve but the standard three and what was asked to stay.
  void keep_descriptors() {
    // A copy: the plan may be in the agent's memory as well, where another number means nothing.
    if (runs_init()) init_ = mc::duplicate(pipe_.plan.init().fd.get());
    mini_container::keep_descriptors(container_, pipe_.plan, pipe_.channel, {&root_, &init_});
    if (init_)
      mc::check(::fcntl(pipe_.channel.fd(), F_SETFD, 0), "hand the channel to the init program");
  }

  [[nodiscard]] std::vector<int> find_ways_out() const {
    auto stay = kept_descriptors(container_, pipe_.plan);
    stay.insert(stay.end(), {root_.get(), init_.get()});
    return mini_container::find_ways_out(stay);
  }

  ChildInput& input_;
  Pipeline& pipe_;
  const Value& container_;
  mc::Fd root_;
  mc::Fd init_;  // the init program, where there is one
  Identity identity_;
  bool is_user_ = false;  // it is assumed
  std::optional<Environment> environment_;
  Program program_;
};

// The last word of a child that cannot go on.
void report(const Channel& channel, const std::string& line, int exit_code) noexcept {
  try {
    channel.send({.kind = RecordKind::failed, .exit_code = exit_code, .text = line});
  } catch (const std::exception&) {
    // The agent is gone, or the descriptor was closed: it learns from the exit status.
  }
}

}  // namespace

void run_child(ChildInput input) noexcept {
  Pipeline& pipeline = input.pipeline;
  for (const int fd : input.agents_own)
    if (fd >= 0) ::close(fd);
  pipeline.in_child = true;
  pipeline.channel = std::move(input.channel);
  // An agent that waits does not read: its own way to log is as good from here.
  if (!input.shares_memory)
    pipeline.services.log = [&pipeline](const std::string& plugin, std::uint32_t level,
                                        const std::string& text) {
      pipeline.channel.send({.kind = RecordKind::log, .level = level, .who = plugin, .text = text});
    };
  pipeline.services.give = [&pipeline](const std::string& key, int fd) {
    pipeline.channel.send({.kind = RecordKind::descriptor, .text = key, .fd = mc::duplicate(fd)});
  };
  int exit_code = exit_runtime_failed;
  std::string line;
  try {
    Child(input).run();
  } catch (const Failure& failure) {
    exit_code = failure.exit_code();
    line = failure.what();
  } catch (const mc::Error& error) {
    line = describe(error);
  } catch (const std::exception& error) {
    line = error.what();
  }
  report(pipeline.channel, line, exit_code);
  ::_exit(exit_code);
}

}  // namespace mini_container
