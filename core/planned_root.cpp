// SPDX-License-Identifier: Apache-2.0
#include "core/planned_root.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>

#include "core/rights.hpp"

namespace mini_container {

namespace {

constexpr int most_links = 40;  // path_resolution(7)

// Filesystems of the kernel's own, which hold no links that lead out of them.
constexpr std::array kernel_types = {"proc",    "sysfs",   "cgroup", "cgroup2",
                                     "devpts",  "mqueue",  "bpf",    "securityfs",
                                     "debugfs", "tracefs", "pstore", "efivarfs"};

bool is_of_kernel(std::string_view type) {
  return std::ranges::find(kernel_types, type) != kernel_types.end();
}

// The components, in front of what is still to be walked. A slash at the end asks for a directory.
void prepend(std::deque<std::string>& names, std::string_view path) {
  std::deque<std::string> split;
  for (std::size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    if (end > at) split.emplace_back(path.substr(at, end - at));
    at = end + 1;
  }
  if (path.ends_with('/')) split.emplace_back(".");
  names.insert(names.begin(), split.begin(), split.end());
}

template <class Way>
std::string path_of(const Way& way) {
  std::string out;
  for (std::size_t i = 1; i < way.size(); ++i) out += '/' + way[i].name;
  return out;
}

}  // namespace

PlannedRoot::PlannedRoot(const std::string& directory, bool recursive, const Mounts& mounts) {
  const int fd = ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && errno == EACCES) throw Unforeseeable("the root is closed to who asks");
  root_ = present_node(mc::Fd(mc::check(fd, "open the root '", directory, "'")), recursive);
  directory_ = {{"", root_}};
  for (const auto& mount : mounts) perform(*mount);
}

NodePointer PlannedRoot::child(const Way& way, const std::string& name) const {
  const PlannedNode& directory = *way.back().node;
  if (directory.kind == PlannedNode::Kind::unknown) throw Unforeseeable(directory.why);
  const auto mounted = mounts_.find(path_of(way) + '/' + name);
  if (mounted != mounts_.end()) return mounted->second;
  return made_.find(directory, name);
}

int PlannedRoot::walk(std::string_view path, Way& way, MadeEntries* make) const {
  std::deque<std::string> names;
  way = path.starts_with('/') ? Way{{"", root_}} : directory_;
  prepend(names, path);
  for (int links = 0; !names.empty();) {
    const std::string name = std::move(names.front());
    names.pop_front();
    if (way.back().node->kind != PlannedNode::Kind::unknown && !way.back().node->is_directory())
      return -ENOTDIR;
    if (!may_execute(*way.back().node)) return -EACCES;
    if (name == ".") continue;
    if (name == "..") {
      if (way.size() > 1) way.pop_back();
      continue;
    }
    NodePointer next = child(way, name);
    if (!next) {
      // What a link leads to is not made.
      if (make == nullptr || links > 0) return -ENOENT;
      next = directory_node();
      make->add(*way.back().node, name, next);
    }
    if (next->is_link()) {
      if (++links > most_links) return -ELOOP;
      const auto target = link_target(*next);
      if (target.starts_with('/')) way.resize(1);
      prepend(names, target);
      continue;
    }
    way.push_back({name, std::move(next)});
  }
  return 0;
}

// Of a directory: search it. What will be made is made for everybody to search.
bool PlannedRoot::may_execute(const PlannedNode& node) const {
  if (!user_ || node.kind != PlannedNode::Kind::present) return true;
  try {
    const RightsOf rights(*user_);
    return ::faccessat(node.file.get(), "", X_OK, AT_EACCESS | AT_EMPTY_PATH) == 0;
  } catch (const mc::Error&) {
    throw Unforeseeable("who asks has not the right to look as the user");
  }
}

bool PlannedRoot::is_noexec(const Way& way) const {
  if (remounts_) return false;
  for (Way above = way; above.size() > 1; above.pop_back())
    if (const auto path = path_of(above); mounts_.contains(path)) return noexec_.contains(path);
  return false;
}

int PlannedRoot::try_execute(const char* path) const {
  Way way;
  if (const int failed = find(path, way); failed != 0) return failed;
  return is_noexec(way) || !may_execute(*way.back().node) ? -EACCES : 0;
}

int PlannedRoot::find(std::string_view path, Way& way) const {
  if (!doubt_.empty()) throw Unforeseeable(doubt_);
  if (path.empty()) return -ENOENT;
  return walk(path, way, nullptr);
}

int PlannedRoot::try_open(const char* path, int flags) const {
  Way way;
  if (const int failed = find(path, way); failed != 0) return failed;
  const PlannedNode& node = *way.back().node;
  if (node.kind == PlannedNode::Kind::unknown) throw Unforeseeable(node.why);
  // Any directory stands for one that will be made.
  if (node.kind == PlannedNode::Kind::directory)
    return mc::check(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "open '/'");
  // To open a device for reading may set it to work.
  if ((flags & O_PATH) != 0 || !S_ISREG(node.mode)) return mc::duplicate(node.file.get()).release();
  const auto link = mc::concat("/proc/self/fd/", node.file.get());
  const int fd = ::open(link.c_str(), flags | O_CLOEXEC);
  if (fd < 0 && errno == EACCES)
    throw Unforeseeable(mc::concat("'", path, "' is not readable to who asks"));
  return fd < 0 ? -errno : fd;
}

int PlannedRoot::try_enter(const char* path) {
  directory_ = {{"", unknown_node("it is below the working directory", false)}};
  Way way;
  if (const int failed = find(path, way); failed != 0) return failed;
  const PlannedNode& node = *way.back().node;
  if (node.kind != PlannedNode::Kind::unknown && !node.is_directory()) return -ENOTDIR;
  directory_ = std::move(way);
  return 0;
}

// ---- the mounts --------------------------------------------------------------------------------

void PlannedRoot::perform(const PlannedMount& mount) {
  const mc_mount& data = mount.data();
  const std::string place(mount.destination());
  switch (data.kind) {
    case MC_MOUNT_READONLY:
      return;
    case MC_MOUNT_REMOUNT:
      remounts_ = true;
      return;
    case MC_MOUNT_BIND:
      return bind(mount);
    case MC_MOUNT_DESCRIPTOR:
      return put(mount, present_node(mc::duplicate(data.fd), true));
    case MC_MOUNT_FILESYSTEM:
      return put_filesystem(mount);
    case MC_MOUNT_DIRECTORY:
      return put_directory(mount);
    case MC_MOUNT_FILE:
      return put(mount,
                 content_node(place, {static_cast<const char*>(data.content), data.content_size},
                              data.mode));
    case MC_MOUNT_SYMLINK:
      return put_link(mount);
    case MC_MOUNT_MASK:
      return mask(mount);
    case MC_MOUNT_DEVICE:
      return put(mount, unknown_node("'" + place + "' is a device", true));
    default:
      doubt_ = "'" + place + "' is of a kind that is not known here";
  }
}

// Gives false where nothing is to be put. Where exactly the launch puts it, or why it refuses, is
// for the launch to say: from then on nothing is certain.
bool PlannedRoot::walk_to_put(std::string_view path, Way& way, MadeEntries* make) {
  try {
    const int failed = walk(path, way, make);
    if (failed == -ENOENT && make == nullptr) return false;
    if (failed == 0 && way.size() > 1) return true;
    doubt_ = mc::concat("it is not clear where '", path, "' is");
  } catch (const Unforeseeable& unforeseeable) {
    // What is put below something unknown changes nothing that is known, unless a link leads out.
    const PlannedNode& last = *way.back().node;
    if (last.kind != PlannedNode::Kind::unknown || !last.from_kernel) doubt_ = unforeseeable.what();
  }
  return false;
}

void PlannedRoot::cover(const Way& way, NodePointer node, bool noexec) {
  const auto path = path_of(way);
  std::erase_if(mounts_, [&](const auto& each) { return each.first.starts_with(path + '/'); });
  mounts_[path] = std::move(node);
  noexec_.erase(path);
  if (noexec) noexec_.insert(path);
}

void PlannedRoot::put(const PlannedMount& mount, NodePointer node) {
  Way way;
  if (walk_to_put(mount.destination(), way, &made_))
    cover(way, std::move(node), (mount.data().attr_set & MOUNT_ATTR_NOEXEC) != 0);
}

void PlannedRoot::put_directory(const PlannedMount& mount) {
  Way way;
  walk_to_put(mount.destination(), way, &made_);
}

void PlannedRoot::put_link(const PlannedMount& mount) {
  const auto name_at = mount.destination().rfind('/') + 1;
  const std::string name(mount.destination().substr(name_at));
  Way way{{"", root_}};
  if (name_at > 1 && !walk_to_put(mount.destination().substr(0, name_at), way, &made_)) return;
  // One that is there already stays.
  if (!child(way, name)) made_.add(*way.back().node, name, link_node(mount.source()));
}

void PlannedRoot::mask(const PlannedMount& mount) {
  Way way;
  if (walk_to_put(mount.destination(), way, nullptr))
    cover(way, unknown_node(mc::concat("'", mount.destination(), "' is masked"), true));
}

void PlannedRoot::bind(const PlannedMount& mount) {
  const mc_mount& data = mount.data();
  const int fd = ::open(mount.source(), O_PATH | O_CLOEXEC);
  const bool absent = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
  if (absent && (data.flags & MC_MOUNT_OPTIONAL) != 0) return;
  put(mount, fd < 0 ? unknown_node(mc::concat("'", mount.source(), "' cannot be seen"), false)
                    : present_node(mc::Fd(fd), (data.flags & MC_MOUNT_RECURSIVE) != 0));
}

void PlannedRoot::put_filesystem(const PlannedMount& mount) {
  const std::string_view type = mount.data().type;
  const bool empty = type == "tmpfs" && (mount.data().flags & MC_MOUNT_COPY_UP) == 0;
  put(mount, empty ? directory_node()
                   : unknown_node(mc::concat("what the ", type, " on '", mount.destination(),
                                             "' holds is not known"),
                                  is_of_kernel(type)));
}

}  // namespace mini_container
