// SPDX-License-Identifier: Apache-2.0
#include "helper_program.hpp"

#include <spawn.h>
#include <sys/wait.h>

#include <vector>

#include "mini_container/fd.hpp"

namespace user {

namespace {

constexpr std::size_t most_output = 4096;

/// Descriptors of the child process: nothing in, nothing out, complaints into our pipe.
class SpawnActions {
 public:
  explicit SpawnActions(int complaints) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, 0, 1);
    ::posix_spawn_file_actions_adddup2(&actions_, complaints, 2);
  }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

/// Everything up to the end; only the first line is kept, and that not for ever.
std::string first_line(int fd) {
  std::string out;
  char buffer[512];
  for (;;) {
    const auto got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    mc::check(got, "read the helper's standard error");
    if (got == 0) break;
    if (out.size() < most_output) out.append(buffer, static_cast<std::size_t>(got));
  }
  return out.substr(0, out.find('\n'));
}

}  // namespace

void check_helper(const std::string& program, const char* option) {
  if (::access(program.c_str(), X_OK) != 0)
    mc::fail_with(errno, "run '", program, "'",
                  mc::Hint{mc::concat("install the package uidmap, set 'user.", option,
                                      "', or use mode = \"single\"")});
}

void run_helper(const std::string& program, pid_t pid, const IdMap& map) {
  std::vector<std::string> words = {program, std::to_string(pid)};
  for (const Range& range : map.ranges) {
    words.push_back(std::to_string(range.container));
    words.push_back(std::to_string(range.host));
    words.push_back(std::to_string(range.size));
  }
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  char* no_environment[] = {nullptr};

  int ends[2];
  mc::check(::pipe2(ends, O_CLOEXEC), "make a pipe");
  const mc::Fd reading(ends[0]);
  mc::Fd writing(ends[1]);
  const SpawnActions actions(writing.get());
  pid_t helper = -1;
  const int failed =
      ::posix_spawn(&helper, program.c_str(), actions.get(), nullptr, argv.data(), no_environment);
  if (failed != 0) mc::fail_with(failed, "run '", program, "'");
  writing.reset();
  const std::string complaint = first_line(reading.get());
  int status = 0;
  while (::waitpid(helper, &status, 0) < 0)
    if (errno != EINTR) mc::check(-1, "wait for '", program, "'");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  mc::fail("'", program, "' did not write ", map.name, ": ",
           complaint.empty() ? mc::concat("it ended with wait status ", status) : complaint,
           mc::Hint{"the ranges must be yours in /etc/subuid and /etc/subgid, and the program "
                    "set-user-ID root"});
}

}  // namespace user
