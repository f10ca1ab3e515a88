// SPDX-License-Identifier: Apache-2.0
#include "core/kept_descriptors.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "core/directory.hpp"

namespace mini_container {

namespace {

// Everything that we open closes on execve; what came through our own execve cannot.
bool is_the_callers(std::int64_t number) {
  if (number < 0 || number > std::numeric_limits<int>::max()) return false;
  const int flags = ::fcntl(static_cast<int>(number), F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

}  // namespace

void check_kept_descriptors(const Value& container) {
  const auto* kept = container.find("keep_fds");
  if (kept == nullptr) return;
  for (const auto& number : *kept->as<List>())
    if (!is_the_callers(*number.as<std::int64_t>()))
      mc::fail(number.place().text(), ": container.keep_fds: the caller has passed no descriptor ",
               *number.as<std::int64_t>(), mc::Hint{"open it before the launch"});
}

std::vector<int> kept_descriptors(const Value& container, const Plan& plan) {
  std::vector<int> out;
  if (const auto* kept = container.find("keep_fds"))
    for (const auto& number : *kept->as<List>())
      out.push_back(static_cast<int>(*number.as<std::int64_t>()));
  for (const auto& planned : plan.descriptors()) out.push_back(planned.target);
  return out;
}

void keep_descriptors(const Value& container, const Plan& plan, Channel& channel,
                      std::initializer_list<mc::Fd*> own) {
  int above = 3;
  for (const int number : kept_descriptors(container, plan)) above = std::max(above, number + 1);
  channel.move_above(above);
  for (mc::Fd* fd : own)
    if (*fd && fd->get() < above)
      fd->reset(mc::check(::fcntl(fd->get(), F_DUPFD_CLOEXEC, above), "move a descriptor"));
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
    mc::fail_with(errno, "close all descriptors on execve");
  const auto keep = [](int fd) {
    mc::check(::fcntl(fd, F_SETFD, 0), "keep descriptor ", fd,
              mc::Hint{"container.keep_fds: it is not open"});
  };
  if (const auto* kept = container.find("keep_fds"))
    for (const auto& number : *kept->as<List>())
      if (const auto fd = static_cast<int>(*number.as<std::int64_t>()); fd > 2) keep(fd);
  // First all out of the way, then each to its place: one's place may be another's source.
  std::vector<std::pair<mc::Fd, int>> moved;
  for (const auto& planned : plan.descriptors())
    moved.emplace_back(mc::check(::fcntl(planned.fd.get(), F_DUPFD_CLOEXEC, above),
                                 "keep descriptor ", planned.target),
                       planned.target);
  for (const auto& [from, to] : moved) mc::check(::dup2(from.get(), to), "keep descriptor ", to);
}

std::vector<int> callers_descriptors() {
  constexpr const char* path = "/proc/self/fd";
  const mc::Fd directory(
      mc::check(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open '", path, "'"));
  std::vector<int> out;
  for (const std::string& name : names_in(directory.get(), path))
    if (const int number = std::stoi(name); number > 2 && is_the_callers(number))
      out.push_back(number);
  return out;
}

void close_callers_descriptors(const std::vector<int>& numbers) {
  for (const int number : numbers)
    if (is_the_callers(number)) ::close(number);
}

}  // namespace mini_container
