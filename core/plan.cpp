// SPDX-License-Identifier: Apache-2.0
#include "core/plan.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/namespaces.hpp"

namespace mini_container {

namespace {

constexpr std::size_t usual_mounts = 48;

const char* text_or_empty(const char* text) { return text != nullptr ? text : ""; }

[[noreturn]] void refuse_clash(const std::string& what, const Origin& one, const Origin& other) {
  mc::fail(what, " is contributed by ", one.text(), " and by ", other.text(),
           mc::Hint{"leave one of them out, or set it in your own list"});
}

bool is_late(const PlannedMount& mount) { return (mount.data().flags & MC_MOUNT_LATE) != 0; }

bool is_users(const PlannedMount& mount) { return mount.data().rank >= MC_RANK_USER; }

// A mask and a remount change what another entry puts there; they do not replace it.
bool occupies(const PlannedMount& mount) {
  return mount.data().kind != MC_MOUNT_MASK && mount.data().kind != MC_MOUNT_READONLY &&
         mount.data().kind != MC_MOUNT_REMOUNT;
}

using Mounts = std::vector<std::unique_ptr<PlannedMount>>;

bool lies_below(std::string_view path, std::string_view ancestor) {
  return ancestor == "/" || (path.size() > ancestor.size() && path.starts_with(ancestor) &&
                             path[ancestor.size()] == '/');
}

// A default goes behind the last entry that it lies below, and behind the defaults that are there
// already: so it is in view when it is done, and what the user puts below it comes later.
Mounts::iterator place_of_default(Mounts& ordered, const PlannedMount& mount) {
  auto place = ordered.begin();
  for (auto at = ordered.begin(); at != ordered.end(); ++at)
    if (lies_below(mount.destination(), (*at)->destination())) place = at + 1;
  while (place != ordered.end() && !is_users(**place)) ++place;
  return place;
}

// As most destinations are. "/" is none of them: it has no component.
bool is_normal(std::string_view path) {
  if (!path.starts_with('/') || path.ends_with('/')) return false;
  for (std::size_t i = 0; i + 1 < path.size(); ++i)
    if (path[i] == '/' && (path[i + 1] == '/' || path[i + 1] == '.')) return false;
  return true;
}

[[noreturn]] void refuse(const mc_mount& mount, const std::string& lack, std::string_view hint) {
  mc::fail("contribute a mount on '", text_or_empty(mount.destination), "': no ", lack,
           mc::Hint{hint});
}

// Found here, where it is known whose it is, and not by the plugin that performs it.
void check_complete(const mc_mount& mount) {
  const auto kind = mount.kind;
  if (mount.rank < MC_RANK_FALLBACK || mount.rank > MC_RANK_USER)
    refuse(mount, mc::concat("rank ", mount.rank), "mc_mount.rank is one of mc_mount_rank");
  if (kind < MC_MOUNT_FILESYSTEM || kind > MC_MOUNT_REMOUNT)
    refuse(mount, mc::concat("kind ", kind), "mc_mount.kind is one of mc_mount_kind");
  if ((kind == MC_MOUNT_BIND || kind == MC_MOUNT_SYMLINK) && mount.source == nullptr)
    refuse(mount, "source", "mc_mount.source is what is bound, or where the link leads");
  if (kind == MC_MOUNT_FILESYSTEM && mount.type == nullptr)
    refuse(mount, "type", "mc_mount.type is one of those in /proc/filesystems");
}

// What both sides know of a plugin's entry: its size says how far it may be read.
mc_mount known_part(const mc_mount& from) {
  if (from.size < offsetof(mc_mount, source) || from.size > 65536)
    mc::fail("contribute a mount: the entry says that it is ", from.size, " bytes long",
             mc::Hint{"mc_mount.size must be sizeof(mc_mount)"});
  mc_mount out{};
  out.fd = out.idmap_fd = -1;  // 0 is a descriptor
  std::memcpy(&out, &from, std::min<std::size_t>(from.size, sizeof out));
  out.size = sizeof out;
  check_complete(out);
  return out;
}

}  // namespace

std::string normal_destination(std::string_view path) {
  if (!path.starts_with('/'))
    mc::fail("destination '", path, "' is not an absolute path",
             mc::Hint{"begin it with '/': it is a path inside the container"});
  std::string out;
  for (std::size_t at = 0; at < path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    const auto part = path.substr(at, end - at);
    if (!part.empty() && part != ".") {
      out += '/';
      out += part;
    }
    at = end + 1;
  }
  return out.empty() ? "/" : out;
}

PlannedMount::PlannedMount(const mc_mount& from, Origin origin)
    : data_(known_part(from)), origin_(origin) {
  data_.destination = text_or_empty(data_.destination);
  std::string normal;
  if (!is_normal(data_.destination)) {
    normal = normal_destination(data_.destination);
    data_.destination = normal.c_str();
  }
  depth_ = normal == "/" ? 0 : std::ranges::count(destination(), '/');
  data_.type = text_or_empty(data_.type);
  if (data_.content == nullptr) data_.content_size = 0;
  copy_texts();
  if (data_.fd >= 0) fd_ = mc::duplicate(data_.fd);
  if (data_.idmap_fd >= 0) idmap_ = mc::duplicate(data_.idmap_fd);
  data_.fd = fd_.get();
  data_.idmap_fd = idmap_.get();
}

// All into one block.
void PlannedMount::copy_texts() {
  const char** const texts[] = {&data_.destination, &data_.source, &data_.type, &data_.data};
  std::size_t size = data_.content_size;
  for (const char* const* text : texts)
    if (*text != nullptr) size += std::strlen(*text) + 1;
  texts_ = std::make_unique_for_overwrite<char[]>(size);
  char* end = texts_.get();
  for (const char** text : texts)
    if (*text != nullptr) {
      const char* const from = std::exchange(*text, end);
      end = ::stpcpy(end, from) + 1;
    }
  if (data_.content != nullptr) std::memcpy(end, data_.content, data_.content_size);
  data_.content = end;
}

void Plan::add_namespace(std::uint64_t type, mc::Fd joined, Origin origin) {
  ++contributions_;
  const auto* kind = find_namespace_kind(type);
  if (kind == nullptr)
    mc::fail("contribute a namespace: ", namespace_names(type), " is not one CLONE_NEW* bit");
  if (const auto* other = find_namespace(type))
    refuse_clash(mc::concat("the ", kind->proc_name, " namespace"), origin, other->origin);
  namespaces_.push_back({type, std::move(joined), std::move(origin)});
}

void Plan::add_mount(const mc_mount& mount, Origin origin) {
  ++contributions_;
  auto added = std::make_unique<PlannedMount>(mount, origin);
  const auto rank = added->data().rank;
  if (occupies(*added) && !is_late(*added) && rank < MC_RANK_USER)
    for (const auto& other : mounts_)
      if (other->data().rank == rank && !other->origin().is_of_same_plugin(added->origin()) &&
          other->destination() == added->destination() && occupies(*other))
        refuse_clash(mc::concat("'", added->destination(), "'"), added->origin(), other->origin());
  if (mounts_.capacity() == 0) mounts_.reserve(usual_mounts);
  mounts_.push_back(std::move(added));
}

void Plan::set_cgroup(mc::Fd fd, Origin origin) {
  ++contributions_;
  if (cgroup_.fd) refuse_clash("the cgroup", origin, cgroup_.origin);
  cgroup_ = {std::move(fd), std::move(origin)};
}

void Plan::set_init(mc::Fd fd, Origin origin) {
  ++contributions_;
  if (init_.fd) refuse_clash("the init program", origin, init_.origin);
  init_ = {std::move(fd), std::move(origin)};
}

void Plan::set_environment(std::string name, std::string value, Origin origin) {
  ++contributions_;
  if (name.empty() || name.find('=') != std::string::npos)
    mc::fail("contribute the environment variable '", name, "': not a name");
  const auto other = std::ranges::find(environment_, name, &PlannedVariable::name);
  if (other != environment_.end())
    refuse_clash("the environment variable '" + name + "'", origin, other->origin);
  environment_.push_back({std::move(name), std::move(value), std::move(origin)});
}

void Plan::keep_descriptor(mc::Fd fd, int target, Origin origin) {
  ++contributions_;
  if (target < 3 || target > 1024)
    mc::fail("keep a descriptor as ", target, ": only 3 to 1024 can be asked for");
  const auto other = std::ranges::find(descriptors_, target, &PlannedDescriptor::target);
  if (other != descriptors_.end())
    refuse_clash(mc::concat("descriptor ", target), origin, other->origin);
  descriptors_.push_back({std::move(fd), target, std::move(origin)});
}

void Plan::announce_root(std::string path, bool recursive, Origin origin) {
  if (!path.starts_with('/')) mc::fail("announce the root '", path, "': not an absolute path");
  root_ = {std::move(path), recursive, std::move(origin)};
}

bool Plan::order_mounts() {
  if (std::exchange(ordered_at_, contributions_) == contributions_) return false;
  // What a stronger entry puts at the same destination replaces the weaker ones there.
  std::uint32_t strongest = MC_RANK_FALLBACK;
  for (const auto& mount : mounts_) strongest = std::max(strongest, mount->data().rank);
  std::vector<const PlannedMount*> replaced;
  for (const auto& weak : mounts_)
    if (occupies(*weak) && weak->data().rank < strongest &&
        std::ranges::any_of(mounts_, [&](const auto& strong) {
          return strong->data().rank > weak->data().rank &&
                 strong->destination() == weak->destination() && occupies(*strong);
        }))
      replaced.push_back(weak.get());
  std::erase_if(mounts_, [&](const auto& mount) {
    return std::ranges::find(replaced, mount.get()) != replaced.end();
  });
  std::ranges::stable_sort(mounts_, {}, [](const auto& mount) {
    return std::pair(is_late(*mount), is_users(*mount) ? 0 : mount->depth() + 1);
  });
  // Without any of the user's the others' order is there already.
  if (mounts_.empty() || is_late(*mounts_.front()) || !is_users(*mounts_.front())) return true;
  Mounts ordered;
  ordered.reserve(mounts_.size());
  for (auto& mount : mounts_) {
    const auto place =
        is_late(*mount) || is_users(*mount) ? ordered.end() : place_of_default(ordered, *mount);
    ordered.insert(place, std::move(mount));
  }
  mounts_ = std::move(ordered);
  return true;
}

std::uint64_t Plan::clone_flags() const {
  std::uint64_t flags = 0;
  for (const auto& space : namespaces_)
    if (!space.joined) flags |= space.type;
  return flags;
}

const PlannedNamespace* Plan::find_namespace(std::uint64_t type) const {
  const auto found = std::ranges::find(namespaces_, type, &PlannedNamespace::type);
  return found != namespaces_.end() ? &*found : nullptr;
}

}  // namespace mini_container
