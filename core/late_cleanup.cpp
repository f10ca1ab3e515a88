// SPDX-License-Identifier: Apache-2.0
#include "core/late_cleanup.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstring>

#include "core/clone.hpp"
#include "core/failure.hpp"
#include "core/hook_guard.hpp"
#include "core/log.hpp"
#include "core/pipeline.hpp"
#include "core/process_mark.hpp"
#include "core/signals.hpp"

namespace mini_container {

namespace {

// No plugin's exit() ends so by chance.
constexpr int code_done = 86;
constexpr int code_reported = 87;

class LateCleanup {
 public:
  LateCleanup(const ContainerState& state, Pipeline& pipeline, pid_t container_pid, bool may_share)
      : state_(state), pipeline_(pipeline), may_share_(may_share) {
    details_.flags = MC_CALL_LATER;
    details_.pid = container_pid;
  }

  bool run(std::size_t index) {
    const Plugin& plugin = pipeline_.instances[index]->plugin();
    try {
      pipeline_.instances[index]->state = state_.plugin_directory(plugin.name);
    } catch (const mc::Error& error) {
      log_line(MC_LOG_WARN, "", describe(error));
      return false;
    }
    return may_share_ && (plugin.data.flags & MC_PLUGIN_SHARES_MEMORY) != 0 ? run_here(index)
                                                                            : run_apart(index);
  }

 private:
  struct Work {
    LateCleanup& cleanup;
    std::size_t index;
    pid_t parent;
  };

  // A process of its own, so that descriptors and signals are its own, but in our memory. One that
  // ends without a word may have left it broken: everything is begun anew, on copies.
  bool run_here(std::size_t index) {
    Work work{*this, index, ::getpid()};
    const auto cloned = clone_sharing_memory(
        0, {},
        [](void* given) -> int {
          auto& [cleanup, number, parent] = *static_cast<Work*>(given);
          die_with(parent);
          guard_hooks_of_child(cleanup.pipeline_.agent_progress);
          cleanup.call(number);
        },
        &work);
    end_guard_of_child();
    const int status = wait_for(cloned.pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == code_done) return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == code_reported) return false;
    execute_anew();
  }

  bool run_apart(std::size_t index) {
    const Plugin& plugin = pipeline_.instances[index]->plugin();
    const pid_t parent = ::getpid();
    const pid_t child = mc::check(::fork(), "fork for the cleanup of '", plugin.name, "'");
    if (child == 0) {
      die_with(parent);
      call(index);
    }
    const bool in_time = wait_until_deadline(child, hook_deadline_ns(pipeline_.launch, plugin));
    if (!in_time) ::kill(child, SIGKILL);
    const int status = wait_for(child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == code_done) return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == code_reported) return false;
    std::string what = "the plugin called exit()";
    if (!in_time)
      what = "the plugin did not return within its deadline";
    else if (WIFSIGNALED(status))
      what = mc::concat("the plugin crashed (", signal_name(WTERMSIG(status)), ")");
    log_line(MC_LOG_WARN, "", mc::concat(plugin.name, ": cleanup: ", what));
    return false;
  }

  // A killed `delete` is begun again; what it had begun must not go on beside that.
  static void die_with(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(SIGKILL), 0UL, 0UL, 0UL);
    if (::getppid() != parent) ::_exit(code_reported);
  }

  [[noreturn]] void call(std::size_t index) {
    Instance& instance = *pipeline_.instances[index];
    int code = code_reported;
    try {
      pipeline_.call_hook(Hook::create, index, details_, *pipeline_.agent_progress);
      pipeline_.call_hook(Hook::cleanup, index, details_, *pipeline_.agent_progress);
      code = code_done;
    } catch (const Failure& failure) {
      log_line(MC_LOG_WARN, "", failure.what());
    } catch (const mc::Error& error) {
      log_line(MC_LOG_WARN, "", describe(error));
    }
    // What it holds are descriptors of this process.
    instance.destroy();
    ::_exit(code);
  }

  static int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }

  static bool wait_until_deadline(pid_t child, std::uint64_t deadline_ns) {
    const mc::Fd pidfd(mc::check(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)),
                                 "open the cleanup's pidfd"));
    const auto milliseconds = deadline_ns / 1'000'000;
    return ends_within(
        pidfd, deadline_ns == 0 || milliseconds > INT_MAX ? -1 : static_cast<int>(milliseconds));
  }

  const ContainerState& state_;
  Pipeline& pipeline_;
  CallDetails details_;
  bool may_share_;
};

}  // namespace

bool clean_up_later(const ContainerState& state, const ContainerRecord& record,
                    const std::string& state_root, pid_t container_pid, Catalog& catalog,
                    const std::vector<std::string>& anew) {
  const Launch launch = launch_of(record, catalog, offer_of(Hook::cleanup));
  RunOptions options;
  options.state_root = state_root;
  options.id = state.id();
  Pipeline pipeline(launch, options);
  pipeline.services.log_level = log_threshold();
  pipeline.services.log = [](const std::string& plugin, std::uint32_t level,
                             const std::string& text) { log_line(level, plugin, text); };
  const bool may_share = !anew.empty() && open_log_file() && may_guard_child();
  if (may_share) {
    set_emergency_command(anew);
    name_guarded_plugins(guarded_plugins(launch));
  }
  LateCleanup cleanup(state, pipeline, container_pid, may_share);
  bool all_clean = true;
  for (std::size_t i = launch.plugins.size(); i-- > 0;)
    if (launch.plugins[i].plugin->data.cleanup != nullptr && !cleanup.run(i)) all_clean = false;
  return all_clean;
}

}  // namespace mini_container
