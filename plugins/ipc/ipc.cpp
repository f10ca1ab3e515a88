// SPDX-License-Identifier: Apache-2.0
// Message queues, semaphores and shared memory of the container's own, System V and POSIX:
// ipc_namespaces(7). The namespace alone covers neither /dev/shm, which is a directory, nor an
// inherited mqueue mount, which shows the queues of the namespace that it was made in.
#include <sys/mount.h>
#include <sys/stat.h>

#include "mini_container/in_root.hpp"
#include "mini_container/namespace_file.hpp"
#include "mini_container/plugin.hpp"

namespace {

constexpr std::int64_t largest = INT64_MAX;
constexpr std::int64_t largest_int = INT32_MAX;
constexpr std::int64_t most_messages = 65536;       // HARD_MSGMAX
constexpr std::int64_t largest_message = 16777216;  // HARD_MSGSIZEMAX
constexpr std::int64_t smallest_message = 128;      // MIN_MSGSIZEMAX
constexpr std::int64_t system_v_range = 32768;      // IPCMNI

constexpr mc_option limit(mc_type type, const char* key, const char* help, std::int64_t minimum,
                          std::int64_t maximum) {
  return mc::option(
      {.type = type, .key = key, .help = help, .minimum = minimum, .maximum = maximum});
}

constexpr mc_option options[] = {
    mc::option({.type = MC_PATH,
                .key = "join",
                .help = "An IPC namespace to join instead of making one: /proc/PID/ns/ipc"}),
    mc::option({.type = MC_BOOL,
                .key = "shm",
                .help = "Whether /dev/shm is a tmpfs of the container's own",
                .default_text = "true"}),
    mc::option({.type = MC_SIZE,
                .key = "shm_size",
                .help = "The most that /dev/shm holds",
                .default_text = "64M",
                .minimum = 1,
                .maximum = largest,
                .long_flag = "shm-size"}),
    mc::option({.type = MC_BOOL,
                .key = "mqueue",
                .help = "Whether /dev/mqueue shows the container's POSIX message queues",
                .default_text = "true"}),
    limit(MC_SIZE, "msgmax", "Largest System V message in bytes; the kernel's default is 8192", 0,
          largest_int),
    limit(MC_SIZE, "msgmnb",
          "Most bytes in one System V message queue; the kernel's default is 16384", 0,
          largest_int),
    limit(MC_INT, "msgmni", "Most System V message queues; the kernel's default is 32000", 0,
          system_v_range),
    mc::option({.type = MC_LIST,
                .element = MC_INT,
                .key = "sem",
                .help = "System V semaphores: most in a set, most in all, most operations in one "
                        "semop, most sets; the kernel's default is 32000, 1024000000, 500, 32000",
                .minimum = 4,
                .maximum = 4}),
    limit(MC_INT, "shmall",
          "Most System V shared memory in pages; the kernel's default is no limit", 0, largest),
    limit(MC_SIZE, "shmmax",
          "Largest System V shared memory segment in bytes; the kernel's default is no limit", 0,
          largest),
    limit(MC_INT, "shmmni", "Most System V shared memory segments; the kernel's default is 4096", 0,
          system_v_range),
    mc::option({.type = MC_BOOL,
                .key = "shm_rmid_forced",
                .help = "Removes a System V segment with its last user; the kernel's default is "
                        "false"}),
    limit(MC_INT, "queues_max", "Most POSIX message queues; the kernel's default is 256", 0,
          largest_int),
    limit(MC_INT, "msg_max",
          "Most messages that a POSIX queue may be made for; the kernel's default is 10", 1,
          most_messages),
    limit(MC_SIZE, "msgsize_max",
          "Largest message that a POSIX queue may be made for; the kernel's default is 8192",
          smallest_message, largest_message),
    limit(MC_INT, "msg_default",
          "Messages of a POSIX queue made without attributes; the kernel's default is 10", 1,
          most_messages),
    limit(MC_SIZE, "msgsize_default",
          "Message size of a POSIX queue made without attributes; the kernel's default is 8192",
          smallest_message, largest_message),
};

// Each option of a limit is named as its file. The larger bounds come before what they bound.
struct LimitFile {
  const char* key;
  const char* path;
};
constexpr LimitFile limit_files[] = {
    {"msgmax", "kernel/msgmax"},
    {"msgmnb", "kernel/msgmnb"},
    {"msgmni", "kernel/msgmni"},
    {"sem", "kernel/sem"},
    {"shmall", "kernel/shmall"},
    {"shmmax", "kernel/shmmax"},
    {"shmmni", "kernel/shmmni"},
    {"shm_rmid_forced", "kernel/shm_rmid_forced"},
    {"queues_max", "fs/mqueue/queues_max"},
    {"msg_max", "fs/mqueue/msg_max"},
    {"msgsize_max", "fs/mqueue/msgsize_max"},
    {"msg_default", "fs/mqueue/msg_default"},
    {"msgsize_default", "fs/mqueue/msgsize_default"},
};

class Ipc {
 public:
  explicit Ipc(const mc::Host& host) : config_(host.config()) {
    for (const LimitFile& file : limit_files) {
      const mc::Node value = config_[file.key];
      if (!value) continue;
      has_limits_ = true;
      for (const mc::Node number : value)
        if (number.integer() < 0 || number.integer() > largest_int)
          mc::fail(number.where(), ": ipc.", file.key, ": ", number.integer(), " is not from 0 to ",
                   largest_int);
      if (config_.has("join"))
        mc::fail(value.where(), ": ipc.", file.key,
                 " would change the limits of the namespace that `join` names",
                 mc::Hint{"set it where that namespace is made"});
    }
  }

  void plan(mc::Host& host) {
    if (const mc::Node join = config_["join"]) {
      const mc::Fd space = mc::open_namespace(join.text(), CLONE_NEWIPC, join.where());
      host.join_namespace(CLONE_NEWIPC, space.get(), join);
    } else {
      host.new_namespace(CLONE_NEWIPC);
    }
    if (config_.boolean("shm")) add_shared_memory(host);
    if (config_.boolean("mqueue")) add_message_queues(host);
  }

  // The files act on the writer's own namespace: we are in the new one, and the host's /proc, which
  // nothing in the root can stand in for, is still in view.
  void before_pivot(mc::Host& host, const mc::Call&) {
    if (!has_limits_) return;
    const mc::Fd sysctl(
        mc::check(::open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC), "open '/proc/sys'"));
    for (const LimitFile& file : limit_files)
      if (const mc::Node value = config_[file.key]) write_limit(host, sysctl.get(), file, value);
  }

 private:
  void add_shared_memory(mc::Host& host) {
    mc_mount shm = mc::mount_entry(MC_MOUNT_FILESYSTEM, "/dev/shm");
    const mc::Node size = config_["shm_size"];
    const std::string data = mc::concat("mode=1777,size=", size.integer());
    shm.type = "tmpfs";
    shm.source = "shm";
    shm.data = data.c_str();
    shm.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    host.add_mount(shm, config_["shm"]);
  }

  void add_message_queues(mc::Host& host) {
    mc_mount mqueue = mc::mount_entry(MC_MOUNT_FILESYSTEM, "/dev/mqueue");
    mqueue.type = "mqueue";
    mqueue.source = "mqueue";
    mqueue.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    host.add_mount(mqueue, config_["mqueue"]);
  }

  static std::string limit_text(const LimitFile& file, const mc::Node& value) {
    if (std::string_view(file.key) == "shm_rmid_forced") return mc::concat(int{value.boolean()});
    if (value.size() == 0) return mc::concat(value.integer());
    std::string text;
    for (const mc::Node number : value) {
      if (!text.empty()) text.push_back(' ');
      text += mc::concat(number.integer());
    }
    return text;
  }

  static void write_limit(mc::Host& host, int sysctl, const LimitFile& file,
                          const mc::Node& value) {
    const std::string text = limit_text(file, value);
    const mc::Fd out(mc::try_open_in_root(sysctl, file.path, O_WRONLY, 0,
                                          RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));
    if (!out) mc::fail_with(-out.get(), "open '/proc/sys/", file.path, "' for writing");
    const auto written = mc::check(::write(out.get(), text.data(), text.size()), value.where(),
                                   ": write '", text, "' to '/proc/sys/", file.path, "'");
    if (static_cast<std::size_t>(written) != text.size())
      mc::fail("'/proc/sys/", file.path, "' took only ", written, " bytes of '", text, "'");
    host.debug("/proc/sys/", file.path, " = ", text);
  }

  mc::Node config_;
  bool has_limits_ = false;
};

// Without a root of its own the container gets the host's tree in a private mount namespace.
constexpr const char* needs[] = {"rootfs", nullptr};

}  // namespace

MC_PLUGIN(Ipc, {.name = "ipc",
                .summary = "System V and POSIX message queues, semaphores and shared memory of the "
                           "container's own",
                .namespaces = CLONE_NEWIPC,
                .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_KEEPS_ROOT | MC_PLUGIN_SHARES_MEMORY,
                .options = options,
                .needs = needs,
                .short_flag = 'i'})
