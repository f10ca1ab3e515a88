// SPDX-License-Identifier: Apache-2.0
#include "ownership.hpp"

#include <charconv>
#include <cstring>

#include "hierarchy.hpp"
#include "mini_container/fd.hpp"

namespace cgroup {

namespace {

// Linux before 4.15 has no list: runtime-spec names these.
constexpr std::string_view usual_files = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";

std::string files_to_give() {
  const mc::Fd list(::open("/sys/kernel/cgroup/delegate", O_RDONLY | O_CLOEXEC));
  if (list) return mc::read_all(list.get(), "/sys/kernel/cgroup/delegate");
  if (errno != ENOENT) mc::fail_with(errno, "read '/sys/kernel/cgroup/delegate'");
  return std::string(usual_files);
}

std::uint64_t number(std::string_view text) {
  std::uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

std::optional<std::uint32_t> mapped_id(std::string_view uid_map, std::uint32_t id) {
  for (const auto line : split(uid_map, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() != 3) continue;
    const auto first = number(fields[0]);
    if (id >= first && id - first < number(fields[2]))
      return static_cast<std::uint32_t>(number(fields[1]) + id - first);
  }
  return std::nullopt;
}

void give_to_user(mc::Host& host, const mc::Call& call, int directory) {
  if (call->uid == UINT32_MAX) {
    host.warn(
        "the container's cgroup stays the runtime's, and what it makes in its cgroup mount is "
        "refused: its user is known by name alone; write container.user as a number");
    return;
  }
  const std::string map_file = mc::concat("/proc/", call->pid, "/uid_map");
  const auto owner = mapped_id(mc::read_file(AT_FDCWD, map_file.c_str()), call->uid);
  if (!owner) return;  // Nor can the command become that user, which is told then.
  int failed = 0;
  const auto give = [&](const char* file, int flags) {
    if (::fchownat(directory, file, *owner, static_cast<gid_t>(-1), flags | AT_SYMLINK_NOFOLLOW) !=
            0 &&
        errno != ENOENT)  // not every cgroup has every one
      failed = errno;
  };
  for_each_part(files_to_give(), '\n',
                [&](std::string_view file) { give(std::string(file).c_str(), 0); });
  give("", AT_EMPTY_PATH);
  if (failed != 0)
    host.warn("the container's cgroup stays the runtime's: give it to the user ", *owner, ": ",
              std::strerror(failed));
  else
    host.debug("the container's cgroup is given to the user ", *owner);
}

}  // namespace cgroup
