// SPDX-License-Identifier: Apache-2.0
#include "core/agent.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "core/failure.hpp"
#include "core/hook_guard.hpp"
#include "core/identity.hpp"
#include "core/kept_descriptors.hpp"
#include "core/log.hpp"
#include "core/namespaces.hpp"
#include "core/pid_file.hpp"
#include "core/record.hpp"

namespace mini_container {

namespace {

mc::Fd listen_for_start(const ContainerState& state) {
  mc::Fd listener(
      mc::check(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "make the start socket"));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // By descriptor: the state directory's own path may be longer than a socket's name may be.
  const auto path = mc::concat("/proc/self/fd/", state.fd(), '/', state_file::start_socket);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  mc::check(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            "bind the start socket");
  mc::check(::listen(listener.get(), 1), "listen on the start socket");
  return listener;
}

}  // namespace

Agent::Agent(const Launch& launch, RunOptions options) : pipeline_(launch, std::move(options)) {
  pipeline_.own = own_binary();
  pipeline_.services.log_level = log_threshold();
  pipeline_.services.log = [](const std::string& plugin, std::uint32_t level,
                              const std::string& text) { log_line(level, plugin, text); };
}

Agent::~Agent() = default;

void Agent::arm_guard() {
  arm_hook_guard(pipeline_.agent_progress, guarded_plugins(pipeline_.launch));
  set_sentinel(signals_.fd());
}

void Agent::make_plan() {
  arm_guard();
  pipeline_.make_plan();
}

void Agent::start() {
  check_kept_descriptors(pipeline_.launch.container);
  make_plan();
  try {
    prepare();
    clone_child();
    run_post_clone();
    let_go();
    follow_child();
    if (pipeline_.options.start != Start::when_created)
      write_pid_file(pipeline_.options.pid_file, pid_);
    run_post_exec();
  } catch (...) {
    // What failed first is what is told as the failure.
    try {
      unwind(true);
    } catch (const std::exception& error) {
      warn_of_rest(error);
    }
    // Whatever failed may have failed of it: the program of a hook is killed then.
    if (const int number = take_stop_signals(); number != 0) throw stopped_by(number);
    throw;
  }
}

void Agent::prepare() {
  state_ = ContainerState::create(pipeline_.options.state_root, pipeline_.options.id, lock_);
  write_record(state_, pipeline_.launch, pipeline_.options, pipeline_.offers());
  pipeline_.services.is_on_record = true;
  set_sentinel(state_.fd());
  std::vector<std::string> undo = {"mini_container", "--root", pipeline_.options.state_root};
  for (const auto& directory : pipeline_.options.plugin_dirs)
    undo.insert(undo.end(), {"--plugin-dir", directory});
  undo.insert(undo.end(),
              {"undo-launch", pipeline_.options.id, std::to_string(exit_runtime_failed)});
  set_emergency_command(std::move(undo));
  for (const auto& instance : pipeline_.instances) {
    const mc_plugin& data = instance->plugin().data;
    const bool has_agent_hook = data.pre_clone != nullptr || data.post_clone != nullptr ||
                                data.post_exec != nullptr || data.cleanup != nullptr;
    if (has_agent_hook && (data.flags & MC_PLUGIN_STATELESS) == 0)
      instance->state = state_.plugin_directory(instance->plugin().name);
  }
  // What a hook may touch depends on what the container will own.
  list_namespaces(false);
  pipeline_.list_mounts();
  const PlanWindow window(pipeline_);
  for (; prepared_ < pipeline_.instances.size();)
    pipeline_.call_hook(Hook::pre_clone, prepared_++, details_of_launch(),
                        *pipeline_.agent_progress);
  if (pipeline_.plan.order_mounts()) pipeline_.list_mounts();
  if (pipeline_.options.start == Start::by_verb) start_socket_ = listen_for_start(state_);
}

CallDetails Agent::details() const {
  CallDetails out;
  out.pid = pid_;
  out.pidfd = pidfd_.get();
  out.wait_status = wait_status_;
  out.root_fd = root_.get();
  return out;
}

// Before there is a root to look a name up in.
CallDetails Agent::details_of_launch() const {
  CallDetails out = details();
  out.uid = user_by_number(pipeline_.launch.container);
  return out;
}

// The child's view of them exists from the clone on; descriptors only once the child does.
void Agent::list_namespaces(bool with_descriptors) {
  pipeline_.namespaces.clear();
  pipeline_.namespace_fds.clear();
  for (const auto& planned : pipeline_.plan.namespaces()) {
    mc_namespace space{};
    space.size = sizeof space;
    space.type = planned.type;
    space.is_new = planned.joined ? 0 : 1;
    space.fd = planned.joined.get();
    if (with_descriptors) {
      const bool is_time = planned.type == CLONE_NEWTIME;
      const auto path =
          mc::concat("/proc/", pid_, "/ns/", find_namespace_kind(planned.type)->proc_name,
                     is_time ? "_for_children" : "");
      pipeline_.namespace_fds.emplace_back(
          mc::check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open '", path, "'"));
      space.fd = pipeline_.namespace_fds.back().get();
    }
    pipeline_.namespaces.push_back(space);
  }
}

void Agent::run_post_clone() {
  if (!pipeline_.anyone_has(Hook::post_clone)) return;
  // Its time namespace is made by the child itself: wait until it says so.
  while (!child_ready_)
    if (!handle_record()) blame_child();
  list_namespaces(true);
  pipeline_.services.give = [this](const std::string& key, int fd) {
    pipeline_.channel.send({.kind = RecordKind::descriptor, .text = key, .fd = mc::duplicate(fd)});
  };
  pipeline_.call_hooks(Hook::post_clone, details_of_launch(), *pipeline_.agent_progress);
  pipeline_.services.give = nullptr;
}

void Agent::let_go() {
  if (!child_waits_) return;
  try {
    pipeline_.channel.send({.kind = RecordKind::go});
  } catch (const mc::Error&) {
    blame_child();  // it is gone already, and has said why
  }
}

// The whole of `start`, without another process's way here: the record, the lock, a connection.
void Agent::start_created() {
  write_pid_file(pipeline_.options.pid_file, pid_);
  state_.note(state_file::status, "created");
  let_go();
}

void Agent::run_post_exec() {
  const bool is_created = pipeline_.options.start == Start::by_verb;
  state_.note(state_file::status, is_created ? "created" : "running");
  if (!is_created && pipeline_.anyone_has(Hook::post_exec)) {
    const auto path = mc::concat("/proc/", pid_, "/root");
    root_.reset(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    pipeline_.call_hooks(Hook::post_exec, details(), *pipeline_.agent_progress);
  }
  pause_hook_guard();
  lock_.reset();
}

void Agent::warn_of_rest(const std::exception& error) const {
  const auto* attempt = dynamic_cast<const mc::Error*>(&error);
  log_line(MC_LOG_WARN, "",
           mc::concat(attempt != nullptr ? describe(*attempt) : error.what(),
                      "; kept for: mini_container delete --force ", pipeline_.options.id));
}

void Agent::unwind(bool failed) {
  job_.reset();
  collect(true);
  if (pipeline_.anyone_has(Hook::cleanup)) resume_hook_guard();
  CallDetails now = details();
  if (failed) now.flags |= MC_CALL_FAILED;
  bool all_clean = true;
  for (; prepared_ > 0; --prepared_) {
    try {
      pipeline_.call_hook(Hook::cleanup, prepared_ - 1, now, *pipeline_.agent_progress);
    } catch (const std::exception& error) {
      all_clean = false;
      warn_of_rest(error);
    }
  }
  pause_hook_guard();
  set_emergency_command({});
  set_sentinel(-1);
  if (all_clean && (failed || !pipeline_.options.detached)) state_.remove();
}

void Agent::finish() {
  set_emergency_child(0);
  // A `delete` that came first has done all of what follows.
  lock_ = state_.lock();
  if (!lock_) return;
  if (pipeline_.anyone_has(Hook::post_exit) || pipeline_.anyone_has(Hook::cleanup))
    resume_hook_guard();
  for (std::size_t i = 0; i < pipeline_.instances.size(); ++i) {
    try {
      pipeline_.call_hook(Hook::post_exit, i, details(), *pipeline_.agent_progress);
    } catch (const Failure& failure) {
      log_line(MC_LOG_WARN, "", failure.what());
    }
  }
  // Whatever becomes of the note, what the launch has made goes.
  std::exception_ptr unnoted;
  try {
    if (pipeline_.options.detached)
      state_.note(state_file::status, mc::concat("stopped ", exit_code_of(wait_status_)));
  } catch (...) {
    unnoted = std::current_exception();
  }
  unwind(false);
  if (unnoted) std::rethrow_exception(unnoted);
}

int exit_code_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace mini_container
