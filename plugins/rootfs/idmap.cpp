// SPDX-License-Identifier: Apache-2.0
#include "idmap.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filesystem.hpp"

namespace rootfs {

namespace {

constexpr std::int64_t id_count = 4294967296;

/// A process in a user namespace of its own, ended with this object.
class Holder {
 public:
  Holder() {
    const pid_t agent = ::getpid();
    pid_ = static_cast<pid_t>(mc::check(::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0),
                                        "make a user namespace for an idmapped mount"));
    if (pid_ != 0) return;
    // With an agent that is killed it ends, too: it has all of its descriptors, with their locks.
    ::prctl(PR_SET_PDEATHSIG, static_cast<long>(SIGKILL), 0L, 0L, 0L);
    while (::getppid() == agent) ::pause();
    ::_exit(0);
  }
  ~Holder() {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  [[nodiscard]] std::string file(const char* name) const {
    return mc::concat("/proc/", pid_, "/", name);
  }

 private:
  pid_t pid_;
};

}  // namespace

std::string map_lines(const mc::Node& mappings) {
  std::string out;
  for (const mc::Node mapping : mappings) {
    const std::int64_t inside = mapping.integer("container");
    const std::int64_t outside = mapping.integer("host");
    const std::int64_t size = mapping.integer("size");
    if (inside + size > id_count || outside + size > id_count)
      mc::fail(mapping.where(), ": the mapping goes beyond the last id, 4294967294");
    out += mc::concat(inside, " ", outside, " ", size, "\n");
  }
  return out;
}

mc::Fd make_user_namespace(const std::string& uid_lines, const std::string& gid_lines) {
  const Holder holder;
  mc::write_file(AT_FDCWD, holder.file("uid_map").c_str(), uid_lines);
  mc::write_file(AT_FDCWD, holder.file("gid_map").c_str(), gid_lines);
  const std::string path = holder.file("ns/user");
  return mc::Fd(mc::check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open '", path, "'"));
}

mc::Fd container_user_namespace(const mc::Call& call, const std::string& where) {
  const mc_namespace* space = call.find_namespace(CLONE_NEWUSER);
  if (space == nullptr)
    mc::fail(where, ": the container has no user namespace to map ids with",
             mc::Hint{"give it one, or the mount its own mappings of uids and gids"});
  if (space->fd >= 0) return mc::duplicate(space->fd);
  const std::string path = mc::concat("/proc/", call->pid, "/ns/user");
  return mc::Fd(mc::check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open '", path, "'"));
}

void map_tree(int tree, int user_namespace, bool recursive, const std::string& path) {
  const AttributeChange change{
      .set = MOUNT_ATTR_IDMAP, .idmap = user_namespace, .recursive = recursive};
  if (change_attributes(tree, change) == 0) return;
  mc::fail_with(errno, "map the ids of '", path, "'",
                mc::Hint{errno == EINVAL ? "its filesystem does not support idmapped mounts, or it "
                                           "is mapped already"
                                         : ""});
}

}  // namespace rootfs
