// SPDX-License-Identifier: Apache-2.0
// What happens when a plugin's hook in the agent crashes, exits, hangs or closes what is not its
// own: the error is named, the child is killed, and a fresh image of this program undoes the
// launch from what is on disk. The agent's own memory is not trusted any more.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/launch.hpp"
#include "core/progress.hpp"

namespace mini_container {

struct GuardedPlugin {
  std::string name;
  std::uint64_t deadline_ns = 0;  // 0: none
};

/// Those of a launch, in its order.
std::vector<GuardedPlugin> guarded_plugins(const Launch& launch);
/// Installs the handlers and the watch on the deadlines. `progress` is the agent's own.
void arm_hook_guard(Progress* progress, std::vector<GuardedPlugin> plugins);
/// Without them: for guard_hooks_of_child alone.
void name_guarded_plugins(std::vector<GuardedPlugin> plugins);
/// While ld.so loads a plugin's file: an initialiser that calls exit() or _exit(), crashes, or does
/// not return ends us by the file's name, and not as though all were done.
class LoadWatch {
 public:
  explicit LoadWatch(const std::string& path);
  ~LoadWatch();
  LoadWatch(const LoadWatch&) = delete;
  LoadWatch& operator=(const LoadWatch&) = delete;
};
/// From here on an emergency executes this program again with these arguments. The last is the exit
/// code that it is to end with, which an emergency may replace.
void set_emergency_command(std::vector<std::string> arguments);
/// From here on an emergency kills this child of ours first; 0: none.
void set_emergency_child(pid_t child);
/// A descriptor of the core's that must stay open; looked at by check_hook_left_no_damage.
void set_sentinel(int fd);
/// After a hook: an emergency where it closed the core's descriptors.
void check_hook_left_no_damage();
/// [child] In the agent's memory, where the agent waits and cannot watch: from here on a hook that
/// calls exit() or exceeds its deadline ends the child, and so does a signal that asks the agent to
/// stop. `agents_status`: the agent's /proc/PID/status; -1: it is not asked. Undone by execve.
void guard_hooks_of_child(Progress* progress, int agents_status = -1);
/// Whether it can: a user may have as many timers as signals may be queued, RLIMIT_SIGPENDING.
bool may_guard_child();
/// [agent] The child has left our memory.
void end_guard_of_child();
/// [agent] The child has ended in our memory without a word: an emergency, as after a crash of our
/// own, since it may have left anything behind.
[[noreturn]] void blame_child_in_memory(const Progress& progress, int wait_status);
/// Executes what set_emergency_command has prepared; nothing of this memory is touched any more.
[[noreturn]] void execute_anew();
/// The program runs: no deadline is due until the next hook, and no timer ticks meanwhile.
void pause_hook_guard();
void resume_hook_guard();

}  // namespace mini_container
