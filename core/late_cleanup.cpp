// SPDX-License-Identifier: Apache-2.0
#include "core/late_cleanup.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstring>

#include "core/failure.hpp"
#include "core/log.hpp"
#include "core/pipeline.hpp"

namespace mini_container {

namespace {

// No plugin's exit() ends so by chance.
constexpr int code_done = 86;
constexpr int code_reported = 87;

class LateCleanup {
 public:
  LateCleanup(const ContainerState& state, Pipeline& pipeline, pid_t container_pid)
      : state_(state), pipeline_(pipeline) {
    details_.flags = MC_CALL_LATER;
    details_.pid = container_pid;
  }

  bool run(std::size_t index) {
    const Plugin& plugin = pipeline_.instances[index]->plugin();
    const pid_t parent = ::getpid();
    const pid_t child = mc::check(::fork(), "fork for the cleanup of '", plugin.name, "'");
    if (child == 0) {
      // A killed `delete` is begun again; what it had begun must not go on beside that.
      ::prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(SIGKILL), 0UL, 0UL, 0UL);
      if (::getppid() != parent) ::_exit(code_reported);
      call(index);
    }
    const bool in_time = wait_until_deadline(child, hook_deadline_ns(pipeline_.launch, plugin));
    if (!in_time) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == code_done) return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == code_reported) return false;
    std::string what = "the plugin called exit()";
    if (!in_time)
      what = "the plugin did not return within its deadline";
    else if (WIFSIGNALED(status))
      what = mc::concat("the plugin crashed (SIG", ::sigabbrev_np(WTERMSIG(status)), ")");
    log_line(MC_LOG_WARN, "", mc::concat(plugin.name, ": cleanup: ", what));
    return false;
  }

 private:
  [[noreturn]] void call(std::size_t index) {
    Instance& instance = *pipeline_.instances[index];
    try {
      instance.state = state_.plugin_directory(instance.plugin().name);
      pipeline_.call_hook(Hook::create, index, details_, *pipeline_.agent_progress);
      pipeline_.call_hook(Hook::cleanup, index, details_, *pipeline_.agent_progress);
      ::_exit(code_done);
    } catch (const Failure& failure) {
      log_line(MC_LOG_WARN, "", failure.what());
    } catch (const mc::Error& error) {
      log_line(MC_LOG_WARN, "", describe(error));
    }
    ::_exit(code_reported);
  }

  static bool wait_until_deadline(pid_t child, std::uint64_t deadline_ns) {
    const mc::Fd pidfd(mc::check(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)),
                                 "open the cleanup's pidfd"));
    const auto milliseconds = deadline_ns / 1'000'000;
    pollfd wait{pidfd.get(), POLLIN, 0};
    int ready = 0;
    while ((ready = ::poll(
                &wait, 1,
                deadline_ns == 0 || milliseconds > INT_MAX ? -1 : static_cast<int>(milliseconds))) <
               0 &&
           errno == EINTR) {
    }
    return ready > 0;
  }

  const ContainerState& state_;
  Pipeline& pipeline_;
  CallDetails details_;
};

}  // namespace

bool clean_up_later(const ContainerState& state, const ContainerRecord& record,
                    const std::string& state_root, pid_t container_pid, Catalog& catalog) {
  const Launch launch = launch_of(record, catalog, offer_of(Hook::cleanup));
  RunOptions options;
  options.state_root = state_root;
  options.id = state.id();
  Pipeline pipeline(launch, options);
  pipeline.services.log_level = log_threshold();
  pipeline.services.log = [](const std::string& plugin, std::uint32_t level,
                             const std::string& text) { log_line(level, plugin, text); };
  LateCleanup cleanup(state, pipeline, container_pid);
  bool all_clean = true;
  for (std::size_t i = launch.plugins.size(); i-- > 0;)
    if (launch.plugins[i].plugin->data.cleanup != nullptr && !cleanup.run(i)) all_clean = false;
  return all_clean;
}

}  // namespace mini_container
