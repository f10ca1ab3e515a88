// SPDX-License-Identifier: Apache-2.0
// Who is in a cgroup, and the end of it.
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include <algorithm>
#include <charconv>

#include "directory.hpp"
#include "mini_container/in_root.hpp"

namespace cgroup {

namespace {

constexpr unsigned long long beneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
constexpr int deepest = 64;  // a container with its own cgroup mount may nest as it likes

void pause_for(long microseconds) {
  const timespec time{0, microseconds * 1000};
  ::nanosleep(&time, nullptr);
}

std::vector<int> own_processes(int directory) {
  std::vector<int> out;
  std::string text;
  try {
    text = mc::read_file(directory, "cgroup.procs", 64 << 20);
  } catch (const mc::Error& error) {
    // Removed since it was opened, so nobody is in it.
    if (error.error_number() == ENOENT || error.error_number() == ENODEV) return out;
    throw;
  }
  for (const auto line : split(text, '\n')) {
    int pid = 0;
    std::from_chars(line.data(), line.data() + line.size(), pid);
    if (pid > 0) out.push_back(pid);  // 0: of another pid namespace, out of our reach
  }
  return out;
}

template <class Body>
void for_each_below(int directory, int depth, Body&& body) {
  body(directory);
  if (depth == 0) return;
  for (const std::string& name : children(directory)) {
    const int fd = mc::try_open_in_root(directory, name.c_str(), O_PATH | O_DIRECTORY, 0, beneath);
    if (fd < 0) continue;  // gone meanwhile
    const mc::Fd child(fd);
    for_each_below(fd, depth - 1, body);
  }
}

// Depth first. 0, or the errno of the directory that could not be removed.
int remove_tree(int parent, const std::string& name, int depth) {
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
  const int reason = errno;
  if (reason != EBUSY && reason != ENOTEMPTY) return reason;
  const int fd = mc::try_open_in_root(parent, name.c_str(), O_PATH | O_DIRECTORY, 0, beneath);
  if (fd < 0) return fd == -ENOENT ? 0 : -fd;
  const mc::Fd directory(fd);
  if (depth > 0)
    for (const std::string& child : children(fd)) remove_tree(fd, child, depth - 1);
  return ::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
}

void kill_all(const Hierarchy& hierarchy, int directory) {
  if (hierarchy.unified) {
    // Linux 5.14: atomic, forks included.
    const mc::Fd kill(::openat(directory, "cgroup.kill", O_WRONLY | O_CLOEXEC));
    if (kill && ::write(kill.get(), "1", 1) == 1) return;
  }
  signal_all(directory, SIGKILL);
}

}  // namespace

std::vector<int> processes(int directory) {
  std::vector<int> out;
  for_each_below(directory, deepest, [&](int each) {
    const auto some = own_processes(each);
    out.insert(out.end(), some.begin(), some.end());
  });
  return out;
}

std::size_t signal_all(int directory, int signal) {
  std::size_t count = 0;
  for_each_below(directory, deepest, [&](int each) {
    const auto listed = own_processes(each);
    if (listed.empty()) return;
    // A number read from the list may be another process's by now: only one that is still listed
    // after its pidfd was opened is certainly the one in here.
    std::vector<std::pair<int, mc::Fd>> held;
    for (const int pid : listed) {
      mc::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
      if (pidfd) held.emplace_back(pid, std::move(pidfd));
    }
    const auto again = own_processes(each);
    for (const auto& [pid, pidfd] : held) {
      if (std::find(again.begin(), again.end(), pid) == again.end()) continue;
      ++count;
      if (::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) != 0 && errno != ESRCH)
        mc::fail_with(errno, "send signal ", signal, " to process ", pid);
    }
  });
  return count;
}

void remove(const Hierarchy& hierarchy, std::string_view path) {
  const auto slash = path.rfind('/');
  const std::string name(path.substr(slash + 1));
  const mc::Fd parent = try_open(hierarchy, path.substr(0, slash));
  if (!parent) return;
  // Mostly the container is gone and has made no cgroups of its own: one call.
  if (::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return;
  int reason = errno;
  for (int attempt = 0; attempt < 80 && (reason == EBUSY || reason == ENOTEMPTY); ++attempt) {
    const mc::Fd directory = try_open(hierarchy, path);
    if (!directory) return;
    kill_all(hierarchy, directory.get());
    reason = remove_tree(parent.get(), name, deepest);
    if (reason == 0) return;
    // A killed process leaves its cgroup when it is through with exit, not at once.
    pause_for(attempt < 20 ? 1000L * (attempt + 1) : 30000);
  }
  mc::fail_with(reason, "remove cgroup '", hierarchy.mount_point, path, "'",
                mc::Hint{reason == EBUSY ? "a process in it does not end (state D in ps?)" : ""});
}

}  // namespace cgroup
