// SPDX-License-Identifier: Apache-2.0
#include "core/state.hpp"

#include <limits.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/directory.hpp"
#include "core/user_namespace.hpp"

namespace mini_container {

namespace {

// Opens the state root, made where `make` says so; what others may change is refused.
mc::Fd open_root(const std::string& path, bool make) {
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
  mc::Fd root(::open(path.c_str(), flags));
  if (!root && errno == ENOENT && make) {
    // The directories above, as an administrator would make them; the last one closed to others.
    for (auto at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
      ::mkdir(path.substr(0, at).c_str(), 0755);
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
      mc::fail_with(errno, "make the state directory '", path, "'",
                    mc::Hint{"choose another one with --root DIR"});
    root.reset(::open(path.c_str(), flags));
  }
  if (!root) {
    if (errno == ENOENT && !make) return root;
    mc::fail_with(errno, "open the state directory '", path, "'",
                  mc::Hint{"choose another one with --root DIR"});
  }
  struct stat info {};
  mc::check(mc::stat_of(root.get(), &info), "look at the state directory '", path, "'");
  if (info.st_uid != ::geteuid() || (info.st_mode & 022) != 0)
    mc::fail("refuse the state directory '", path, "': it is not yours alone to write to",
             mc::Hint{"it must belong to you; chmod 0700, or choose another with --root DIR"});
  return root;
}

bool is_id(const std::string& id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '+' || c == '-';
  };
  return !id.empty() && id.size() <= 255 && id.front() != '.' && id.front() != '-' &&
         std::ranges::all_of(id, allowed);
}

constexpr std::string_view plugin_prefix = "plugin.";

// flock(2) by a descriptor of its own: the lock belongs to the open file description. None with
// LOCK_NB where another has it.
mc::Fd lock_file(int directory, int how) {
  mc::Fd own(mc::check(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                       "open a state directory to lock it"));
  while (::flock(own.get(), how) != 0) {
    if (errno == EWOULDBLOCK) return {};
    if (errno != EINTR) mc::fail_with(errno, "lock a state directory");
  }
  return own;
}

}  // namespace

void check_id(const std::string& id) {
  if (id.empty() || id.size() > 255)
    mc::fail("the container id is ", id.size(), " bytes long", mc::Hint{"give 1 to 255"});
  if (!is_id(id))
    mc::fail("'", id, "' is not a container id",
             mc::Hint{"use letters, digits and _ . + -, with no leading dot or dash"});
}

std::string make_id() {
  unsigned char bytes[6];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) mc::fail_with(errno, "make up an id");
  static constexpr char digits[] = "0123456789abcdef";
  std::string id;
  for (const unsigned char byte : bytes) {
    id += digits[byte >> 4U];
    id += digits[byte & 15U];
  }
  return id;
}

ContainerState ContainerState::create(const std::string& root_path, const std::string& id,
                                      mc::Fd& lock) {
  check_id(id);
  mc::Fd root = open_root(root_path, true);
  const mc::Fd birth = lock_file(root.get(), LOCK_EX);
  if (::mkdirat(root.get(), id.c_str(), 0700) != 0) {
    if (errno == EEXIST)
      mc::fail("the container id '", id, "' is in use",
               mc::Hint{"choose another one, or remove it: mini_container delete " + id});
    mc::fail_with(errno, "make the state directory of container '", id, "'");
  }
  try {
    mc::Fd directory(
        mc::check(::openat(root.get(), id.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW),
                  "open the state directory of container '", id, "'"));
    lock = lock_file(directory.get(), LOCK_EX);
    return {std::move(root), std::move(directory), id};
  } catch (...) {
    ::unlinkat(root.get(), id.c_str(), AT_REMOVEDIR);  // nobody would know whose it is
    throw;
  }
}

ContainerState ContainerState::open(const std::string& root_path, const std::string& id) {
  check_id(id);
  mc::Fd root = open_root(root_path, false);
  mc::Fd directory;
  if (root)
    directory.reset(
        ::openat(root.get(), id.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!directory)
    mc::fail_with(errno, "container '", id, "' does not exist",
                  mc::Hint{"see those that do: mini_container list"});
  return {std::move(root), std::move(directory), id};
}

bool ContainerState::may_outlive_boot() const {
  struct statfs system {};
  return ::fstatfs(fd(), &system) != 0 ||
         (system.f_type != TMPFS_MAGIC && system.f_type != RAMFS_MAGIC);
}

bool ContainerState::has_neighbours() const {
  struct stat info {};
  mc::check(mc::stat_of(root_.get(), &info), "look at the state root");
  // Itself by two names, and ours: most file systems count their directories so, none counts less.
  if (info.st_nlink == 3) return false;
  return std::ranges::any_of(names_in(root_.get(), "state root"), [&](const std::string& name) {
    return !name.starts_with('.') && name != id_;
  });
}

bool ContainerState::exists(const std::string& root_path, const std::string& id) {
  check_id(id);
  const mc::Fd root = open_root(root_path, false);
  return root && ::faccessat(root.get(), id.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void ContainerState::ensure_root(const std::string& root) { open_root(root, true); }

std::vector<std::string> ContainerState::list(const std::string& root_path) {
  const mc::Fd root = open_root(root_path, false);
  if (!root) return {};
  auto out = names_in(root.get(), root_path);
  // A stranger's file or link is no container; a directory of ours has an id for its name.
  std::erase_if(out, [&](const std::string& name) {
    struct stat info {};
    return !is_id(name) || (::fstatat(root.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                            !S_ISDIR(info.st_mode));
  });
  std::ranges::sort(out);
  return out;
}

// Beside the container's own directory, which is made after its output is redirected.
std::string ContainerState::log_path(const std::string& root, const std::string& id) {
  return mc::concat(root, "/.logs/", id);
}

void ContainerState::ensure_logs(const std::string& root) {
  const auto logs = root + "/.logs";
  if (::mkdir(logs.c_str(), 0700) != 0 && errno != EEXIST)
    mc::fail_with(errno, "make the directory '", logs, "'");
}

void ContainerState::remove_log(const std::string& root, const std::string& id) {
  ::unlink(log_path(root, id).c_str());
  ::rmdir((root + "/.logs").c_str());  // unless it holds others'
}

void ContainerState::write(const char* name, std::string_view text) const {
  const auto fresh = mc::concat('.', name, '.', ::getpid());
  const mc::Fd file(mc::check(
      ::openat(fd(), fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600),
      "make '", name, "' in the container's state"));
  while (!text.empty()) {
    const auto put = mc::check(::write(file.get(), text.data(), text.size()), "write '", name,
                               "' in the container's state");
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  replace(fresh, name);
}

void ContainerState::replace(const std::string& fresh, const char* name) const {
  // The C library's own wrapper lies far from all else that a launch calls, and would bring 64 KiB
  // of neighbours into its memory.
  mc::check(::syscall(SYS_renameat2, fd(), fresh.c_str(), fd(), name, 0), "put '", name,
            "' into the container's state");
}

std::optional<std::string> ContainerState::read(const char* name) const {
  const mc::Fd file(::openat(fd(), name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    mc::fail_with(errno, "open '", name, "' of container '", id_, "'");
  }
  return mc::read_all(file.get(), name, 64U << 20U);
}

void ContainerState::note(const char* name, const std::string& text) const {
  if (::symlinkat(text.c_str(), fd(), name) == 0) return;
  if (errno != EEXIST) mc::fail_with(errno, "note '", name, "' in the container's state");
  const auto fresh = mc::concat('.', name, '.', ::getpid());
  ::unlinkat(fd(), fresh.c_str(), 0);  // of an earlier process of this number, which was killed
  if (::symlinkat(text.c_str(), fd(), fresh.c_str()) == 0) return replace(fresh, name);
  // On a full disk the new one has the place of the old one.
  if (errno == ENOSPC || errno == EDQUOT) ::unlinkat(fd(), name, 0);
  mc::check(::symlinkat(text.c_str(), fd(), name), "note '", name, "' in the container's state");
}

std::optional<std::string> ContainerState::noted(const char* name) const {
  char text[PATH_MAX];
  const auto length = ::readlinkat(fd(), name, text, sizeof text);
  if (length >= 0) return std::string(text, static_cast<std::size_t>(length));
  if (errno == ENOENT) return std::nullopt;
  if (errno == EINVAL) return read(name);  // a file, as earlier versions have it
  mc::fail_with(errno, "read '", name, "' of container '", id_, "'");
}

mc::Fd ContainerState::plugin_directory(const std::string& plugin) const {
  const auto name = mc::concat(plugin_prefix, plugin);
  if (::mkdirat(fd(), name.c_str(), 0700) != 0 && errno != EEXIST)
    mc::fail_with(errno, "make '", name, "' in the container's state");
  return mc::Fd(
      mc::check(::openat(fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW),
                "open '", name, "' in the container's state"));
}

bool ContainerState::is_in_place() const {
  struct stat named {};
  struct stat own {};
  mc::check(mc::stat_of(fd(), &own), "look at the state of container '", id_, "'");
  return ::fstatat(root_.get(), id_.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         named.st_dev == own.st_dev && named.st_ino == own.st_ino;
}

std::vector<std::string> ContainerState::plugin_names() const {
  std::vector<std::string> out;
  for (const std::string& name : names_in(fd(), "the container's state"))
    if (name.starts_with(plugin_prefix)) out.push_back(name.substr(plugin_prefix.size()));
  std::ranges::sort(out);
  return out;
}

mc::Fd ContainerState::lock() const {
  mc::Fd own = lock_file(fd(), LOCK_EX);
  if (!is_in_place()) own.reset();
  return own;
}

bool ContainerState::is_locked() const {
  const mc::Fd birth = lock_file(root_.get(), LOCK_EX);
  return !lock_file(fd(), LOCK_EX | LOCK_NB);
}

void ContainerState::remove() {
  if (!directory_ || !is_in_place()) return;
  for (const char* usual : {state_file::status, state_file::process, state_file::record})
    ::unlinkat(fd(), usual, 0);
  remove_tree(root_.get(), id_.c_str(), true);
  directory_.reset();
}

std::string default_state_root() {
  if (::geteuid() == 0 && in_initial_user_namespace()) return "/run/mini_container";
  if (const char* runtime = ::secure_getenv("XDG_RUNTIME_DIR");
      runtime != nullptr && *runtime == '/')
    return std::string(runtime) + "/mini_container";
  return mc::concat("/tmp/mini_container-", ::geteuid());
}

}  // namespace mini_container
