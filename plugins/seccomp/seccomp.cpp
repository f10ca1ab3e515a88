// SPDX-License-Identifier: Apache-2.0
// A filter for the system calls of the command: seccomp(2).
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include <charconv>

#include "filter_cache.hpp"
#include "listener.hpp"
#include "mini_container/plugin.hpp"
#include "options.hpp"
#include "profile_options.hpp"

#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif

namespace seccomp {

namespace {

// Names under which descriptors cross to the child.
constexpr char listener_socket[] = "listener";
constexpr char listener_state[] = "state";

std::uint64_t bounding_set(const mc::Host& host) {
  std::uint64_t set = 0;
  // Where [capabilities] is in the launch it has told what the command may come to have.
  if (const auto told = host.ask("capabilities.bounding")) {
    std::from_chars(told->data(), told->data() + told->size(), set);
    return set;
  }
  for (unsigned i = 0; i < 64; ++i) {
    const int has = ::prctl(PR_CAPBSET_READ, i, 0, 0, 0);
    if (has < 0) break;
    if (has == 1) set |= std::uint64_t{1} << i;
  }
  return set;
}

std::string kernel_release() {
  utsname names{};
  mc::check(::uname(&names), "ask for the kernel's release");
  return names.release;
}

bool kills(std::optional<Action> action) {
  return action == Action::kill_process || action == Action::kill_thread || action == Action::trap;
}

bool refuses(std::optional<Action> action) { return action == Action::error || kills(action); }

/// Once the filter is loaded these calls still have to be made on the way to the command.
void check_can_start(const Profile& profile, const std::string& place) {
  for (const char* call : {"execve", "exit_group"})
    if (refuses(profile.action_of(call)))
      mc::fail(place, ": the filter forbids ", call, ": no command could be started",
               mc::Hint{mc::concat("allow \"", call, "\"")});
  // After each hook the core looks at its descriptors, and closes some after the last.
  for (const char* call : {"fcntl", "close"})
    if (kills(profile.action_of(call)))
      mc::fail(place, ": the filter kills for ", call,
               ", which the runtime calls before the command",
               mc::Hint{mc::concat("allow \"", call, "\"")});
  if (!profile.notifies()) return;
  if (profile.listener_path.empty())
    mc::fail(place, ": the action notify needs the program that answers",
             mc::Hint{"name its socket: listener_path, or listenerPath in a bundle"});
  const auto send = profile.action_of("sendmsg");
  if (refuses(send) || send == Action::notify)
    mc::fail(place,
             ": with the action notify, the filter must allow sendmsg: it carries the "
             "descriptor to the listener");
}

/// The kernel takes this one with a listener alone, and without one it has nothing to say.
std::uint32_t flags_of(const Profile& profile) {
  constexpr std::uint32_t of_listeners = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  return profile.notifies() ? profile.flags : profile.flags & ~of_listeners;
}

}  // namespace

class Seccomp {
 public:
  explicit Seccomp(const mc::Host& host) : config_(host.config()) {
    Surroundings around;
    around.capabilities = bounding_set(host);
    if (config_.has("profile")) {
      around.profile_text = mc::read_file(AT_FDCWD, config_.text("profile").c_str());
      around.kernel = kernel_release();
    }
    cache_.emplace(describe(config_, around));
    if (config_.boolean("cache"))
      if (auto kept = cache_->load()) {
        compiled_ = std::move(*kept);
        return;
      }
    // The library would only say that its argument is invalid.
    const std::uint32_t action = SECCOMP_RET_ERRNO;
    mc::check(::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action),
              "ask the kernel for system call filters",
              mc::Hint{"it must be built with CONFIG_SECCOMP_FILTER"});
    const Profile profile = make_profile(config_, around);
    check_can_start(profile, config_.where());
    compiled_ = {.program = compile(profile),
                 .flags = flags_of(profile),
                 .notifies = profile.notifies(),
                 .listener_path = profile.listener_path,
                 .listener_metadata = profile.listener_metadata};
    fresh_ = config_.boolean("cache");
  }

  void pre_clone(mc::Host& host, const mc::Call&) {
    if (!fresh_) return;
    try {
      cache_->store(compiled_);
    } catch (const mc::Error& error) {
      // The container is as confined without it; only the next start is slower.
      host.warn("the compiled filter is not kept: ", error.attempt(),
                error.error_number() != 0 ? ": " : "",
                error.error_number() != 0 ? ::strerror(error.error_number()) : "");
    }
  }

  // The descriptor of `notify` goes from the child straight to the listener, before execve: a
  // filter may notify of the calls of execve itself, and then nobody else could go on.
  void post_clone(mc::Host& host, const mc::Call& call) {
    if (!compiled_.notifies) return;
    const mc::Fd socket = connect_listener(compiled_.listener_path);
    const std::string state = process_state(call, compiled_.listener_metadata);
    const mc::Fd memory(
        mc::check(::memfd_create("seccomp-state", MFD_CLOEXEC), "make a memory file"));
    mc::check(::pwrite(memory.get(), state.data(), state.size(), 0), "write a memory file");
    host.give(listener_socket, socket.get());
    host.give(listener_state, memory.get());
  }

  void seal(mc::Host& host, const mc::Call&) {
    mc::Fd socket;
    std::string state;
    unsigned long flags = compiled_.flags;
    if (compiled_.notifies) {
      socket = host.take(listener_socket);
      const mc::Fd memory = host.take(listener_state);
      if (!socket || !memory) mc::fail("no connection to the seccomp listener was given");
      mc::check(::lseek(memory.get(), 0, SEEK_SET), "read the state for the listener");
      state = mc::read_all(memory.get(), "the state for the listener");
      flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
      // seccomp(2): both want to be the call's result.
      if ((flags & SECCOMP_FILTER_FLAG_TSYNC) != 0) flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    }
    sock_fprog program{static_cast<unsigned short>(compiled_.program.size()),
                       compiled_.program.data()};
    const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    mc::check(result, "load the seccomp filter",
              mc::Hint{errno == EACCES ? "it needs no_new_privs, or CAP_SYS_ADMIN" : ""});
    if (compiled_.notifies) {
      const mc::Fd listener(static_cast<int>(result));
      send_listener(socket.get(), state, listener.get());
    }
  }

 private:
  mc::Node config_;
  std::optional<FilterCache> cache_;
  Compiled compiled_;
  bool fresh_ = false;
};

namespace {

// The filter would stand in their way, or is made from what they tell.
constexpr const char* after[] = {"capabilities", "no_new_privs", "rlimits",    "keyring", "lsm",
                                 "landlock",     "sysctl",       "scheduling", nullptr};

}  // namespace

}  // namespace seccomp

MC_PLUGIN(seccomp::Seccomp,
          {.name = "seccomp",
           .summary = "A filter for the system calls of the command",
           .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_KEEPS_ROOT | MC_PLUGIN_SHARES_MEMORY,
           .options = seccomp::options,
           .after = seccomp::after})
