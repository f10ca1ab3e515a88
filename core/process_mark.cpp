// SPDX-License-Identifier: Apache-2.0
#include "core/process_mark.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "mini_container/fd.hpp"

namespace mini_container {

namespace {

// proc_pid_stat(5).
constexpr int flags_field = 9;
constexpr int start_time_field = 22;
constexpr std::uint64_t forked_but_not_executed = 0x40;  // PF_FORKNOEXEC, include/linux/sched.h

mc::Fd open_pidfd(pid_t pid) { return mc::Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

// 0: not to be had. All pidfds share one inode before they have a file system of their own, and
// where an inode's number has 32 bits it comes again.
std::uint64_t inode_of(const mc::Fd& pidfd) {
  constexpr long pidfs_magic = 0x50494446;  // PID_FS_MAGIC, linux/magic.h
  struct statfs system {};
  struct stat info {};
  if (sizeof(long) < 8 || ::fstatfs(pidfd.get(), &system) != 0 || system.f_type != pidfs_magic ||
      mc::stat_of(pidfd.get(), &info) != 0)
    return 0;
  return info.st_ino;
}

std::uint64_t start_time_of(pid_t pid) {
  const auto facts = ProcessFacts::of(pid);
  return facts ? facts->field(start_time_field) : 0;
}

}  // namespace

ProcessMark ProcessMark::of(pid_t pid, bool outlives_boot) {
  return of(pid, open_pidfd(pid), outlives_boot);
}

ProcessMark ProcessMark::of(pid_t pid, const mc::Fd& pidfd, bool outlives_boot) {
  ProcessMark out{.pid = pid};
  if (!pidfd) return out;
  if (!outlives_boot) out.inode = inode_of(pidfd);
  if (out.inode == 0) out.start_time = start_time_of(pid);
  return out;
}

bool ProcessMark::has_executed() const {
  const auto facts = ProcessFacts::of(pid);
  return !facts || (facts->field(flags_field) & forked_but_not_executed) == 0;
}

mc::Fd ProcessMark::open() const {
  if (pid <= 0 || (inode == 0 && start_time == 0)) return {};
  mc::Fd fd = open_pidfd(pid);
  // Opened first and compared then: what is compared cannot be replaced any more.
  if (fd && (inode != 0 ? inode_of(fd) != inode : start_time_of(pid) != start_time)) fd.reset();
  return fd;
}

std::string ProcessMark::text() const {
  return inode != 0 ? mc::concat(pid, " inode ", inode) : mc::concat(pid, ' ', start_time);
}

std::optional<ProcessMark> ProcessMark::parse(std::string_view text) {
  ProcessMark mark;
  const auto* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, mark.pid);
  if (first.ec != std::errc() || first.ptr == end) return std::nullopt;
  std::string_view rest(first.ptr, static_cast<std::size_t>(end - first.ptr));
  constexpr std::string_view by_inode = " inode ";
  const bool has_inode = rest.starts_with(by_inode);
  rest.remove_prefix(has_inode ? by_inode.size() : 1);
  const auto second = std::from_chars(rest.data(), end, has_inode ? mark.inode : mark.start_time);
  if (second.ec != std::errc()) return std::nullopt;
  return mark;
}

bool ends_within(const mc::Fd& pidfd, int milliseconds) {
  pollfd wait{pidfd.get(), POLLIN, 0};
  int ready = 0;
  while ((ready = ::poll(&wait, 1, milliseconds)) < 0 && errno == EINTR) {
  }
  return ready > 0;
}

std::optional<ProcessFacts> ProcessFacts::of(pid_t pid) {
  return read(mc::concat("/proc/", pid, "/stat"));
}

std::optional<ProcessFacts> ProcessFacts::own() { return read("/proc/self/stat"); }

std::optional<ProcessFacts> ProcessFacts::read(const std::string& path) {
  const mc::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[1024];
  // ESRCH: it was reaped after the file was opened.
  const auto got = file ? ::read(file.get(), text, sizeof text) : -1;
  if (got <= 0) return std::nullopt;
  // The command, field 2, is in parentheses and may hold anything, so count from its end.
  std::string_view rest(text, static_cast<std::size_t>(got));
  rest.remove_prefix(std::min(rest.size(), rest.rfind(')') + 2));
  if (rest.empty()) return std::nullopt;
  ProcessFacts out;
  out.fields_ = rest;
  return out;
}

std::uint64_t ProcessFacts::field(int number) const {
  std::string_view rest = fields_;
  for (int i = 3; i < number; ++i) rest.remove_prefix(std::min(rest.size(), rest.find(' ') + 1));
  std::uint64_t value = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), value);
  return value;
}

}  // namespace mini_container
