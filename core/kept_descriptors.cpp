// SPDX-License-Identifier: Apache-2.0
#include "core/kept_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <limits>
#include <string>

#include "core/directory.hpp"
#include "mini_container/fd.hpp"

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
