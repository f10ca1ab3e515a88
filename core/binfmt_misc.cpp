// SPDX-License-Identifier: Apache-2.0
#include "core/binfmt_misc.hpp"

#include <dirent.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include <string_view>

#include "core/user_namespace.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

namespace {

// A user namespace that mounts one has handlers of its own from then on; the first has them
// already. It hangs on a descriptor alone, where nobody sees it.
mc::Fd mount_unseen() {
  if (!in_initial_user_namespace()) return {};
  const mc::Fd context(::fsopen("binfmt_misc", FSOPEN_CLOEXEC));
  if (!context || ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return {};
  const mc::Fd mounted(::fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
  return mc::Fd(::openat(mounted.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

mc::Fd open_handlers() {
  // Where it is mounted on demand, the slash at the end is the demand: autofs(5).
  mc::Fd usual(::open("/proc/sys/fs/binfmt_misc/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct statfs system {};
  if (usual && ::fstatfs(usual.get(), &system) == 0 && system.f_type == BINFMTFS_MAGIC)
    return usual;
  return mount_unseen();
}

bool has_handlers(mc::Fd directory) {
  DIR* const stream = ::fdopendir(directory.get());
  if (stream == nullptr) mc::fail_with(errno, "read the handlers of binfmt_misc");
  static_cast<void>(directory.release());
  bool found = false;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    found = found || (name != "." && name != ".." && name != "register" && name != "status");
  }
  ::closedir(stream);
  return found;
}

}  // namespace

std::string why_any_format_may_run() {
  const std::string known = mc::read_file(AT_FDCWD, "/proc/filesystems");
  if (known.find("\tbinfmt_misc\n") == std::string::npos) return {};
  mc::Fd handlers = open_handlers();
  if (!handlers) return "the handlers of binfmt_misc, which may start it, cannot be seen";
  return has_handlers(std::move(handlers)) ? "binfmt_misc has handlers, which may start it" : "";
}

}  // namespace mini_container
