// SPDX-License-Identifier: Apache-2.0
#include "core/look_ahead.hpp"

#include <sched.h>
#include <unistd.h>

#include <array>

#include "core/binfmt_misc.hpp"
#include "core/environment.hpp"
#include "core/failure.hpp"
#include "core/identity.hpp"
#include "core/planned_root.hpp"
#include "core/user_namespace.hpp"
#include "core/working_directory.hpp"

namespace mini_container {

namespace {

constexpr std::array before_the_command = {Hook::pre_clone, Hook::post_clone, Hook::before_pivot,
                                           Hook::pivot, Hook::after_pivot};

// Who may put files into the root that the plan does not show.
void refuse_to_guess(const Pipeline& pipeline) {
  const auto* mounts = pipeline.plan.find_namespace(CLONE_NEWNS);
  if (mounts != nullptr && mounts->joined)
    throw Unforeseeable("the mount namespace is another's, " + mounts->origin.text());
  for (const auto& instance : pipeline.instances) {
    if ((instance->plugin().data.flags & MC_PLUGIN_KEEPS_ROOT) != 0) continue;
    for (const Hook hook : before_the_command)
      if (instance->has(hook, pipeline.plan))
        throw Unforeseeable(mc::concat("the ", info(hook).name, " of '", instance->plugin().name,
                                       "' may change what is in the root"));
  }
}

PlannedRoot foresee_root(const Pipeline& pipeline) {
  refuse_to_guess(pipeline);
  // Nobody performs mounts, and the root stays what it is.
  if (!pipeline.anyone_has(Hook::pivot)) return {"/", true, {}};
  const auto& root = pipeline.plan.root();
  if (!root) throw Unforeseeable("who enters the root does not tell what will be in it");
  return {root->path, root->recursive, pipeline.plan.mounts()};
}

class LookAhead {
 public:
  explicit LookAhead(const Pipeline& pipeline)
      : pipe_(pipeline),
        container_(pipeline.launch.container),
        root_(foresee_root(pipeline)),
        environment_(pipeline) {}

  std::vector<std::string> run() {
    attempt("the user", [&] { find_user(); });
    attempt("the working directory", [&] { enter_working_directory(); });
    attempt("the command", [&] { find_program(); });
    return std::move(unseen_);
  }

 private:
  template <class Look>
  void attempt(const char* what, Look&& look) {
    try {
      look();
    } catch (const Unforeseeable& unforeseeable) {
      unseen_.push_back(mc::concat(what, ": ", unforeseeable.what()));
    }
  }

  void find_user() { user_ = resolve_identity(container_, environment_.wants_home(), root_); }

  // Where its ids are those of the files, and no capability passes over their modes.
  [[nodiscard]] bool is_judged_by_modes() const {
    return user_.uid != 0 && ::geteuid() == 0 && in_initial_user_namespace() &&
           pipe_.plan.find_namespace(CLONE_NEWUSER) == nullptr && !pipe_.sets_capabilities();
  }

  void enter_working_directory() {
    const auto& path = *container_.find("cwd")->as<std::string>();
    refuse_relative_directory(path);
    if (const int failed = root_.try_enter(path.c_str()); failed != 0)
      refuse_directory(path, -failed);
  }

  // A launch without one gets it from the command line.
  void find_program() {
    const auto* command = container_.find("command");
    if (command == nullptr || command->as<List>()->empty()) return;
    const auto& name = *command->as<List>()->front().as<std::string>();
    const char* search = environment_.find("PATH");
    if (is_judged_by_modes()) root_.judge_as(user_);
    const auto path = find_command(name, search != nullptr ? search : "", pipe_.own, true, root_);
    check_format(path);
  }

  void check_format(const std::string& path) {
    const auto misfit = find_misfit(path, root_);
    if (misfit.empty()) return;
    if (const auto reason = why_any_format_may_run(); !reason.empty())
      throw Unforeseeable(mc::concat("'", path, "': ", misfit, "; ", reason));
    refuse_execution(path, ENOEXEC, root_);
  }

  const Pipeline& pipe_;
  const Value& container_;
  PlannedRoot root_;
  Environment environment_;
  Identity user_;
  std::vector<std::string> unseen_;
};

}  // namespace

std::vector<std::string> look_ahead(const Pipeline& pipeline) {
  try {
    return LookAhead(pipeline).run();
  } catch (const Unforeseeable& unforeseeable) {
    return {mc::concat("the user, the working directory, the command: ", unforeseeable.what())};
  } catch (const Failure& failure) {
    // No program ran: its exit codes are not ours.
    throw Failure({}, mc::Error(0, failure.what()));
  }
}

}  // namespace mini_container
