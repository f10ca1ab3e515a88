// SPDX-License-Identifier: Apache-2.0
// The agent of a further process in a running container.
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/agent.hpp"
#include "core/hook_guard.hpp"
#include "core/joining.hpp"
#include "core/kept_descriptors.hpp"
#include "core/namespaces.hpp"
#include "core/pid_file.hpp"
#include "core/resources.hpp"
#include "mini_container/extensions.h"

namespace mini_container {

namespace {

// Empty: there is no such process any more.
mc::Fd open_namespaces(const std::string& process) {
  const auto path = mc::concat("/proc/", process, "/ns");
  mc::Fd out(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!out && errno != ENOENT && errno != ESRCH) mc::fail_with(errno, "open '", path, "'");
  return out;
}

// "net:[4026531840]"; empty: a kernel without this kind, or a process that has let go of it. To
// follow the link, as stat(2) would, makes the kernel a file of it: twice the time.
std::string namespace_name(const mc::Fd& namespaces, const char* kind) {
  char text[64];
  const auto length = ::readlinkat(namespaces.get(), kind, text, sizeof text);
  if (length < 0 && errno == ENOENT) return {};
  mc::check(static_cast<int>(length), "look at the namespace '", kind, "' of a process");
  return {text, static_cast<std::size_t>(length)};
}

// Those of its first process that are not ours: only these can be, and need be, joined.
std::uint64_t other_namespaces(const Container& container) {
  const mc::Fd ours = open_namespaces("self");
  if (!ours) mc::fail_with(ENOENT, "open '/proc/self/ns'");
  const mc::Fd theirs = open_namespaces(std::to_string(container.process().pid));
  std::uint64_t out = 0;
  for (const auto& kind : namespace_kinds) {
    const auto own = namespace_name(ours, kind.proc_name);
    if (own.empty()) continue;
    const auto other = theirs ? namespace_name(theirs, kind.proc_name) : std::string();
    // It has been reaped, or waits for others of its PID namespace to be reaped: pid_namespaces(7).
    if (other.empty())
      mc::fail("container not running: '", container.id(), "' is ending",
               mc::Hint{"see its state: mini_container list"});
    if (own != other) out |= kind.flag;
  }
  return out;
}

// The root of a container in our own mount namespace; none where it is ours as well.
mc::Fd other_root(pid_t pid) {
  const auto path = mc::concat("/proc/", pid, "/root");
  mc::Fd root(
      mc::check(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open '", path, "'"));
  struct statx theirs {};
  struct statx ours {};
  mc::check(::statx(root.get(), "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &theirs), "look at '",
            path, "'");
  mc::check(::statx(AT_FDCWD, "/", 0, STATX_INO | STATX_MNT_ID, &ours), "look at '/'");
  const bool same = theirs.stx_mnt_id == ours.stx_mnt_id && theirs.stx_ino == ours.stx_ino;
  return same ? mc::Fd() : std::move(root);
}

// The v1 cgroups as descriptors to write to, and the v2 one to be born in.
void take_cgroups(const ContainerState& state, const Pipeline& pipeline, ExecTarget& target,
                  mc::Fd& birth) {
  const char* sub_path =
      pipeline.options.sub_cgroup.empty() ? nullptr : pipeline.options.sub_cgroup.c_str();
  for (const auto& instance : pipeline.instances) {
    const mc_resources* resources = resources_of(instance->plugin());
    if (resources == nullptr || resources->entries == nullptr) continue;
    const mc::Fd directory = state.plugin_directory(instance->plugin().name);
    mc_error error{};
    std::int32_t fds[32];
    std::uint32_t count = std::size(fds);
    mc::rethrow(resources->entries(directory.get(), sub_path, fds, &count, &error), error);
    for (std::uint32_t i = 0; i < count; ++i) target.cgroups.emplace_back(fds[i]);
    std::int32_t born = -1;
    mc::rethrow(resources->birth(directory.get(), sub_path, &born, &error), error);
    birth.reset(born);
  }
  if (sub_path != nullptr && target.cgroups.empty() && !birth)
    mc::fail("exec: --cgroup: container '", state.id(), "' has no cgroup of its own",
             mc::Hint{"launch it with the plugin cgroup"});
}

// Where fs.suid_dumpable is 1, a process that changes its ids is for its new user to trace, and the
// memory of an agent would be as well: proc_sys_fs(5).
bool ids_open_memory() {
  const mc::Fd setting(::open("/proc/sys/fs/suid_dumpable", O_RDONLY | O_CLOEXEC));
  char value = '0';
  return !setting || ::read(setting.get(), &value, 1) != 1 || value == '1';
}

// In both processes; the pid is -1, with errno, where there is none.
Cloned clone_beside(const mc::Fd& birth) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (birth) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(birth.get());
  }
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  return {static_cast<pid_t>(pid), mc::Fd(pid > 0 ? pidfd : -1)};
}

}  // namespace

void Agent::clone_into(ExecTarget& target) {
  mc::Fd birth;
  take_cgroups(state_, pipeline_, target, birth);
  auto [ours, childs] = Channel::make();
  channel_open_ = true;
  // In the runtime's own tree the binary is there for everybody.
  if ((target.namespaces & CLONE_NEWNS) != 0 || target.root)
    own_image_.emplace(false, pipeline_.own);
  // From its clone on the child is in view of the container's processes.
  mc::check(::prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L), "make the agent undumpable");
  auto types = target.namespaces & CLONE_NEWPID;
  if ((target.namespaces & CLONE_NEWUSER) != 0 && ::geteuid() != 0) {
    types |= CLONE_NEWUSER;
    target.agent_joined_user = true;
  }
  if (types != 0 && ::setns(target.pidfd.get(), static_cast<int>(types)) != 0)
    mc::fail_with(errno, "join the namespaces ", namespace_names(types), " of container '",
                  state_.id(), "'",
                  mc::Hint{errno == EPERM   ? "only root, and the user who started it, may"
                           : errno == ESRCH ? "it has just ended"
                                            : ""});
  const bool is_job = is_terminal_job();
  child_waits_ = is_job;
  // setns(2) into a time namespace wants a memory of one's own, and while the child is frozen we
  // could not be asked to stop. Where the cgroup's limit of memory is reached just then, the kernel
  // may end us along with the child: unlike a launch, an exec has nothing to undo.
  memory_lent_ = (!birth || may_share_memory_in_cgroup()) && !pipeline_.options.in_paused &&
                 (target.namespaces & CLONE_NEWTIME) == 0 && may_lend_memory(is_job) &&
                 !ids_open_memory();
  if (!memory_lent_) pipeline_.child_progress = map_progress();
  ChildInput input{.pipeline = pipeline_,
                   .channel = std::move(childs),
                   .start_socket = {},
                   .is_job = is_job,
                   .waits = child_waits_,
                   .own_image = own_image_ ? &*own_image_ : nullptr,
                   .target = &target,
                   .agents_own = {ours.fd(), -1},
                   .shares_memory = memory_lent_};
  auto cloned = memory_lent_ ? lend_memory(input, 0, birth) : clone_beside(birth);
  if (cloned.pid == 0) run_child(std::move(input));
  if (cloned.pid < 0) mc::fail_with(errno, "clone3 into container '", state_.id(), "'");
  pipeline_.channel = std::move(ours);
  pid_ = cloned.pid;
  pidfd_ = std::move(cloned.pidfd);
  set_emergency_child(pid_);
  blame_silent_child();
  announce();
  if (is_job) job_.emplace(pid_);
}

void Agent::start_in(const Container& container) {
  check_kept_descriptors(pipeline_.launch.container);
  state_ = ContainerState::open(pipeline_.options.state_root, container.id());
  ExecTarget target;
  target.pidfd = mc::duplicate(container.pidfd());
  target.namespaces = other_namespaces(container);
  if ((target.namespaces & CLONE_NEWNS) == 0) target.root = other_root(container.process().pid);
  arm_guard();
  try {
    for (std::size_t i = 0; i < pipeline_.instances.size(); ++i) {
      const mc_plugin& data = pipeline_.instances[i]->plugin().data;
      if (data.seal != nullptr || data.join != nullptr)
        pipeline_.call_hook(Hook::create, i, {}, *pipeline_.agent_progress);
    }
    clone_into(target);
    let_go();
    follow_child();
    write_pid_file(pipeline_.options.pid_file, pid_);
  } catch (...) {
    job_.reset();
    collect(true);
    throw;
  }
  pause_hook_guard();
}

}  // namespace mini_container
