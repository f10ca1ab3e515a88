// SPDX-License-Identifier: Apache-2.0
#include "core/oci/start.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "core/channel.hpp"
#include "core/failure.hpp"
#include "core/log.hpp"
#include "core/pipeline.hpp"

namespace mini_container::oci {

namespace {

mc::Fd connect_to_child(const ContainerState& state) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = mc::concat("/proc/self/fd/", state.fd(), '/', state_file::start_socket);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  mc::Fd socket(mc::check(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "make a socket"));
  mc::check(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            "reach the first process of container '", state.id(), "'");
  return socket;
}

void refuse_unless_created(const Container& container) {
  if (container.status() != Container::Status::created)
    mc::fail("cannot start container '", container.id(), "': it is ", container.status_name(),
             ", not created");
  if (!container.damage().empty()) mc::fail(container.damage());
  if (!container.record())
    mc::fail("cannot start container '", container.id(), "': its record is missing",
             mc::Hint{"remove it: mini_container delete --force " + container.id()});
}

void let_go(const Channel& channel, const Container& container) {
  try {
    channel.send({.kind = RecordKind::go});
  } catch (const mc::Error& error) {
    if (error.error_number() != EPIPE) throw;
    mc::fail("the first process of container '", container.id(),
             "' ended before it could be started");
  }
}

// Until the channel ends, which the execve does.
void follow(const Channel& channel, const Container& container) {
  while (auto record = channel.receive()) {
    if (record->kind == RecordKind::log) {
      if (record->level == 0)
        say(record->text);
      else
        log_line(record->level, record->who, record->text);
    } else if (record->kind == RecordKind::said) {
      channel.send({.kind = RecordKind::go});
    } else if (record->kind == RecordKind::failed) {
      if (record->text.empty())  // the init program's word
        throw Failure({}, mc::Error(record->error.error_number, "execute the command"));
      throw Failure({}, mc::Error(0, record->text), record->exit_code);
    }
  }
  if (!container.process().has_executed())
    mc::fail("the first process of container '", container.id(),
             "' ended before it could execute the command",
             mc::Hint{"a plugin's seal hook crashed, or a limit or a filter stood in the way"});
}

// Its last word comes just before its end, and whoever looks next is to find it stopped.
void wait_for_end(const Container& container) {
  constexpr int longest_ms = 2'000;
  if (const mc::Fd pidfd = container.process().open()) ends_within(pidfd, longest_ms);
}

void call_post_exec(const Container& container, const std::string& state_root, Catalog& catalog) {
  const Launch launch = launch_of(*container.record(), catalog, offer_of(Hook::post_exec));
  const bool anyone = std::ranges::any_of(launch.plugins, [](const EnabledPlugin& enabled) {
    return enabled.plugin->data.post_exec != nullptr;
  });
  if (!anyone) return;
  RunOptions options;
  options.state_root = state_root;
  options.id = container.id();
  options.detached = container.record()->detached;
  Pipeline pipeline(launch, options);
  pipeline.services.log_level = log_threshold();
  pipeline.services.log = [](const std::string& plugin, std::uint32_t level,
                             const std::string& text) { log_line(level, plugin, text); };
  const mc::Fd pidfd = container.process().open();
  const auto root_path = mc::concat("/proc/", container.process().pid, "/root");
  const mc::Fd root(::open(root_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  CallDetails details;
  details.flags = MC_CALL_LATER;
  details.pid = container.process().pid;
  details.pidfd = pidfd.get();
  details.root_fd = root.get();
  for (std::size_t i = 0; i < launch.plugins.size(); ++i) {
    Instance& instance = *pipeline.instances[i];
    if (instance.plugin().data.post_exec == nullptr) continue;
    instance.state = container.state().plugin_directory(instance.plugin().name);
    pipeline.call_hook(Hook::create, i, details, *pipeline.agent_progress);
    pipeline.call_hook(Hook::post_exec, i, details, *pipeline.agent_progress);
  }
}

}  // namespace

void start_container(const std::string& state_root, const std::string& id, Catalog& catalog) {
  Container before = Container::open(state_root, id);
  refuse_unless_created(before);  // whoever creates it has its lock
  const mc::Fd lock = before.state().lock();
  if (!lock) mc::fail("cannot start container '", id, "': it has just been deleted");
  // Looked at under the lock: another `start` may have come first.
  const Container container = before.again_under_lock();
  refuse_unless_created(container);
  const Channel channel(connect_to_child(container.state()));
  let_go(channel, container);
  try {
    follow(channel, container);
  } catch (...) {
    wait_for_end(container);
    throw;
  }
  container.state().note(state_file::status, "running");
  try {
    call_post_exec(container, state_root, catalog);
  } catch (...) {
    // A hook's failure stops the container; one that has ended by itself is as good.
    try {
      container.send_signal(SIGKILL);
      wait_for_end(container);
    } catch (const mc::Error& error) {
      log_line(MC_LOG_DEBUG, "", describe(error));
    }
    throw;
  }
}

}  // namespace mini_container::oci
