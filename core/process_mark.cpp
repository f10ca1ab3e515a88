// SPDX-License-Identifier: Apache-2.0
#include "core/process_mark.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace mini_container {

namespace {

// proc_pid_stat(5).
constexpr int flags_field = 9;
constexpr int start_time_field = 22;
constexpr std::uint64_t forked_but_not_executed = 0x40;  // PF_FORKNOEXEC, include/linux/sched.h

}  // namespace

ProcessMark ProcessMark::of(pid_t pid) {
  const auto facts = ProcessFacts::of(pid);
  return {pid, facts ? facts->field(start_time_field) : 0};
}

bool ProcessMark::has_executed() const {
  const auto facts = ProcessFacts::of(pid);
  return !facts || (facts->field(flags_field) & forked_but_not_executed) == 0;
}

mc::Fd ProcessMark::open() const {
  if (pid <= 0 || start_time == 0) return {};
  mc::Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  // Opened first and compared then: what is compared cannot be replaced any more.
  if (fd && of(pid).start_time != start_time) fd.reset();
  return fd;
}

std::string ProcessMark::text() const { return mc::concat(pid, ' ', start_time, '\n'); }

std::optional<ProcessMark> ProcessMark::parse(std::string_view text) {
  ProcessMark mark;
  const auto* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, mark.pid);
  if (first.ec != std::errc() || first.ptr == end) return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, mark.start_time);
  if (second.ec != std::errc()) return std::nullopt;
  return mark;
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
