// SPDX-License-Identifier: Apache-2.0
// Programs that a test runs, each bounded in time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <iosfwd>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mini_container/fd.hpp"

namespace mini_container::test {

/// What came of a program.
struct Result {
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
  std::string out;
  std::string err;
  bool timed_out = false;  // was killed: it took longer than its timeout
  bool left_open = false;  // somebody still held its output a second after it ended
  std::chrono::microseconds duration{};

  /// The last line of `err`, without its newline: where the one error line has to be.
  [[nodiscard]] std::string last_error() const;
};
std::ostream& operator<<(std::ostream& stream, const Result& result);

struct RunOptions {
  std::string input;
  std::vector<std::pair<std::string, std::string>> env;  // added to this process's
  std::string directory;                                 // to start in; empty: this one's
  std::chrono::milliseconds timeout{10000};
  uid_t uid = 0;  // also the gid, without groups
  // After its end, for others that hold its output: a container that it has started may for ever.
  std::chrono::milliseconds grace{1000};
  std::vector<int> keep;  // descriptors that it inherits, under their own numbers
};

/// A running program, the first of a process group of its own. Ended with its group by the
/// destructor.
class Process {
 public:
  explicit Process(const std::vector<std::string>& argv, RunOptions options = {});
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Reads until standard output (standard error with `in_errors`) holds `text`; false after
  /// `timeout`, or when the program has ended without it.
  bool wait_for(const std::string& text, bool in_errors = false,
                std::chrono::milliseconds timeout = std::chrono::milliseconds(10000));
  [[nodiscard]] const std::string& output() const { return result_.out; }
  [[nodiscard]] const std::string& errors() const { return result_.err; }
  void close_input() { input_.reset(); }
  /// Waits for the end.
  Result finish();

 private:
  bool pump(std::chrono::milliseconds wait);
  void reap();

  RunOptions options_;
  std::chrono::steady_clock::time_point start_;
  pid_t pid_ = -1;
  mc::Fd pidfd_;
  mc::Fd input_;
  mc::Fd out_;
  mc::Fd err_;
  Result result_;
  bool ended_ = false;
};

/// Runs a program to its end.
Result run_program(const std::vector<std::string>& argv, RunOptions options = {});

/// The build tree's mini_container with `arguments`.
std::vector<std::string> runtime_command(std::vector<std::string> arguments);
/// The same, where no using-directive makes the name ambiguous.
inline std::vector<std::string> mini_container(std::vector<std::string> arguments) {
  return runtime_command(std::move(arguments));
}
/// Runs it to its end.
Result run(std::vector<std::string> arguments, RunOptions options = {});

/// Runs `command` in a container of the shared root with these plugins or flags: "uts" stands for
/// "--uts", "-v" for itself. Throws where the container did not end with exit code 0; gives what
/// it wrote to standard output.
std::string run_inside(const std::vector<std::string>& plugins,
                       const std::vector<std::string>& command);

/// Asks `condition` every few milliseconds until it holds; false after `timeout`.
template <class Condition>
bool eventually(Condition condition,
                std::chrono::milliseconds timeout = std::chrono::milliseconds(5000)) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

/// The values of the lines "KEY value" in attest's report.
std::vector<std::string> values(const std::string& report, const std::string& key);
/// The one value of `key`; empty where there is none.
std::string value(const std::string& report, const std::string& key);

}  // namespace mini_container::test
