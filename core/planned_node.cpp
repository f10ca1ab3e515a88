// SPDX-License-Identifier: Apache-2.0
#include "core/planned_node.hpp"

#include <limits.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include "mini_container/in_root.hpp"

namespace mini_container {

NodePointer present_node(mc::Fd file, bool recursive) {
  struct stat info {};
  mc::check(mc::stat_of(file.get(), &info), "look at what a plan is made of");
  auto node = std::make_shared<PlannedNode>();
  node->kind = PlannedNode::Kind::present;
  node->file = std::move(file);
  node->mode = info.st_mode;
  node->recursive = recursive;
  node->identity = {info.st_dev, info.st_ino};
  return node;
}

NodePointer directory_node() {
  static std::uint64_t number = 0;
  auto node = std::make_shared<PlannedNode>();
  node->kind = PlannedNode::Kind::directory;
  node->identity = {0, ++number};
  return node;
}

NodePointer link_node(std::string target) {
  auto node = std::make_shared<PlannedNode>();
  node->kind = PlannedNode::Kind::link;
  node->target = std::move(target);
  return node;
}

NodePointer unknown_node(std::string why, bool from_kernel) {
  auto node = std::make_shared<PlannedNode>();
  node->why = std::move(why);
  node->from_kernel = from_kernel;
  return node;
}

NodePointer content_node(const std::string& name, std::string_view content, mode_t mode) {
  mc::Fd file(
      mc::check(::memfd_create("content", MFD_CLOEXEC), "hold the content of '", name, "'"));
  for (std::string_view left = content; !left.empty();)
    left.remove_prefix(static_cast<std::size_t>(mc::check(
        ::write(file.get(), left.data(), left.size()), "hold the content of '", name, "'")));
  mc::check(::fchmod(file.get(), mode), "hold the content of '", name, "'");
  return present_node(std::move(file), false);
}

std::string link_target(const PlannedNode& link) {
  if (link.kind == PlannedNode::Kind::link) return link.target;
  struct statfs system {};
  mc::check(::fstatfs(link.file.get(), &system), "look at a link");
  // What it leads to is of the process that asks: magic links, and /proc/self.
  if (system.f_type == PROC_SUPER_MAGIC) throw Unforeseeable("a link in a proc filesystem");
  char target[PATH_MAX];
  const auto length =
      mc::check(::readlinkat(link.file.get(), "", target, sizeof target), "read a link");
  return {target, static_cast<std::size_t>(length)};
}

void MadeEntries::add(const PlannedNode& directory, const std::string& name, NodePointer made) {
  made_[{directory.identity.first, directory.identity.second, name}] = std::move(made);
}

NodePointer MadeEntries::find(const PlannedNode& directory, const std::string& name) const {
  if (directory.kind == PlannedNode::Kind::present) {
    const unsigned long long within = directory.recursive ? 0 : RESOLVE_NO_XDEV;
    const int fd = mc::try_open_in_root(directory.file.get(), name.c_str(), O_PATH | O_NOFOLLOW, 0,
                                        RESOLVE_NO_MAGICLINKS | within);
    if (fd >= 0) return present_node(mc::Fd(fd), directory.recursive);
    // Below a mount that does not come along is what nobody sees from here.
    if (fd == -EXDEV) throw Unforeseeable("'" + name + "' is covered by a mount on the host");
    if (fd == -EACCES) throw Unforeseeable("a directory is closed to who asks");
    if (fd != -ENOENT) mc::fail_with(-fd, "look for '", name, "'");
  }
  const auto found = made_.find({directory.identity.first, directory.identity.second, name});
  return found != made_.end() ? found->second : nullptr;
}

}  // namespace mini_container
