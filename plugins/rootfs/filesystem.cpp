// SPDX-License-Identifier: Apache-2.0
#include "filesystem.hpp"

#include <fcntl.h>
#include <sys/mount.h>

#include <string>

namespace rootfs {

namespace {

// The context's log: one message a read, "e tmpfs: Bad value for 'size'".
std::string message_of(int context) {
  char text[256];
  const auto length = ::read(context, text, sizeof text);
  if (length <= 2) return {};
  std::string_view message(text + 2, static_cast<std::size_t>(length) - 2);
  while (message.ends_with('\n')) message.remove_suffix(1);
  return mc::concat(" (", message, ")");
}

// `what` is "a new tmpfs".
void configure(int context, std::string_view what, unsigned command, const char* key,
               const char* value) {
  if (::fsconfig(context, command, key, value, 0) == 0) return;
  const int error = errno;
  const std::string message = message_of(context);
  if (command == FSCONFIG_CMD_CREATE) mc::fail_with(error, "make ", what, message);
  if (command == FSCONFIG_CMD_RECONFIGURE) mc::fail_with(error, "remount ", what, message);
  mc::fail_with(error, "set '", key, value != nullptr ? "=" : "", value != nullptr ? value : "",
                "' on ", what, message);
}

// Takes one option off the front of `data`: "a=b", or a value with commas in double quotes.
std::string next_option(std::string_view& data) {
  std::string option;
  bool quoted = false;
  std::size_t length = 0;
  for (; length < data.size() && (quoted || data[length] != ','); ++length) {
    if (data[length] == '"')
      quoted = !quoted;
    else
      option.push_back(data[length]);
  }
  data.remove_prefix(length < data.size() ? length + 1 : length);
  return option;
}

void configure_all(int context, std::string_view what, std::string_view data) {
  while (!data.empty()) {
    std::string option = next_option(data);
    if (option.empty()) continue;
    const std::size_t equals = option.find('=');
    if (equals == std::string::npos) {
      configure(context, what, FSCONFIG_SET_FLAG, option.c_str(), nullptr);
    } else {
      option[equals] = '\0';
      configure(context, what, FSCONFIG_SET_STRING, option.c_str(), option.c_str() + equals + 1);
    }
  }
}

}  // namespace

mc::Fd new_filesystem(const char* type, const char* source, std::string_view data,
                      std::uint64_t attributes) {
  const mc::Fd context(::fsopen(type, FSOPEN_CLOEXEC));
  if (!context)
    mc::fail_with(
        errno, "open the filesystem type '", type, "'",
        mc::Hint{errno == ENODEV ? "see /proc/filesystems for what this kernel has" : ""});
  const std::string what = mc::concat("a new ", type);
  if (source != nullptr) configure(context.get(), what, FSCONFIG_SET_STRING, "source", source);
  configure_all(context.get(), what, data);
  configure(context.get(), what, FSCONFIG_CMD_CREATE, nullptr, nullptr);
  return mc::Fd(
      mc::check(::fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)),
                "mount a new ", type));
}

void reconfigure(int mount, const char* path, std::string_view data) {
  const mc::Fd context(
      mc::check(::fspick(mount, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH), "remount '", path, "'"));
  const std::string what = mc::concat("the filesystem at '", path, "'");
  configure_all(context.get(), what, data);
  configure(context.get(), what, FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr);
}

int try_clone_tree(int directory, const char* path, bool recursive) noexcept {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
  if (path[0] == '\0') flags |= AT_EMPTY_PATH;
  if (recursive) flags |= AT_RECURSIVE;
  if (directory != AT_FDCWD) flags |= AT_SYMLINK_NOFOLLOW;
  return ::open_tree(directory, path, flags);
}

int attach(int mount, int directory, const char* name) noexcept {
  unsigned flags = MOVE_MOUNT_F_EMPTY_PATH;
  if (name[0] == '\0') flags |= MOVE_MOUNT_T_EMPTY_PATH;
  return ::move_mount(mount, "", directory, name, flags);
}

int change_attributes(int fd, const AttributeChange& change) noexcept {
  mount_attr attributes{};
  attributes.attr_set = change.set;
  attributes.attr_clr = change.clear;
  // The access time bits are one field, which must be cleared as a whole: mount_setattr(2).
  if ((change.set & MOUNT_ATTR__ATIME) != 0) attributes.attr_clr |= MOUNT_ATTR__ATIME;
  attributes.propagation = change.propagation;
  if (change.idmap >= 0) attributes.userns_fd = static_cast<std::uint64_t>(change.idmap);
  const unsigned recursive = change.recursive ? AT_RECURSIVE : 0;
  return ::mount_setattr(fd, "", AT_EMPTY_PATH | recursive, &attributes, sizeof attributes);
}

void apply_attributes(int fd, const mc_mount& entry, bool attributes_are_set) {
  const auto change = [&](const AttributeChange& what) {
    if (change_attributes(fd, what) == 0) return;
    mc::fail_with(errno, "set the attributes of the mount on '", entry.destination, "'",
                  mc::Hint{errno == EPERM ? "a user namespace may add restrictions to the host's "
                                            "mounts, not lift them"
                                          : ""});
  };
  const std::uint64_t propagation = entry.propagation & ~std::uint64_t{MS_REC};
  const bool recursive_propagation = (entry.propagation & MS_REC) != 0;
  AttributeChange subtree{
      .set = entry.recursive_attr_set, .clear = entry.recursive_attr_clear, .recursive = true};
  AttributeChange own;
  if (!attributes_are_set) own = {.set = entry.attr_set, .clear = entry.attr_clear};
  (recursive_propagation ? subtree : own).propagation = propagation;
  if ((subtree.set | subtree.clear | subtree.propagation) != 0) change(subtree);
  if ((own.set | own.clear | own.propagation) != 0) change(own);
}

}  // namespace rootfs
