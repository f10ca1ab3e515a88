// SPDX-License-Identifier: Apache-2.0
#include "core/log.hpp"

#define SPDLOG_NO_TLS  // ld.so would be asked for a place for a thread's number, at every start
#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "core/failure.hpp"
#include "core/json.hpp"
#include "mini_container/error.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

namespace {

// One write(2) a line: lines of several processes do not mix. The library's own sink for files
// makes directories that are not there, and opens by path alone.
class LineSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  LineSink() = default;  // to standard error
  explicit LineSink(mc::Fd file) : file_(std::move(file)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const int to = file_ ? file_.get() : STDERR_FILENO;
    if (::write(to, line.data(), line.size()) >= 0 || !file_) return;  // nobody listens
    spdlog::throw_spdlog_ex("write to the log", errno);  // the logger says it on standard error
  }
  void flush_() override {}

  mc::Fd file_;
};

spdlog::logger* opened = nullptr;  // for the life of the process

std::string timestamp() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  char text[64];
  const auto length = ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char all[96];
  std::snprintf(all, sizeof all, "%.*s.%09ldZ", static_cast<int>(length), text, now.tv_nsec);
  return all;
}

mc::Fd open_file(const std::string& path) {
  return mc::Fd(
      mc::check(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666),
                "open the log '", path, "'", mc::Hint{"choose another file with --log FILE"}));
}

spdlog::logger& logger() {
  if (opened == nullptr) {
    const LogOptions& options = log_options();
    auto sink = options.file.empty() ? std::make_shared<LineSink>()
                                     : std::make_shared<LineSink>(open_file(options.file));
    opened = new spdlog::logger("mini_container", std::move(sink));
    opened->set_level(spdlog::level::trace);
    opened->flush_on(spdlog::level::trace);
    opened->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        options.json           ? "%v"
        : options.file.empty() ? "mini_container: %l: %v"
                               : "%Y-%m-%dT%H:%M:%S.%e%z %l: %v"));
  }
  return *opened;
}

// dockerd and its client tell a missing or closed program by the errno's text, in the lower case
// that runtimes written in Go give it.
std::string with_lower_errno(std::string message) {
  for (const int number : {ENOENT, EACCES, ENOTDIR}) {
    const std::string_view text = ::strerrordesc_np(number);
    for (auto at = message.find(text); at != std::string::npos; at = message.find(text, at + 1))
      message[at] = static_cast<char>(message[at] | 0x20);
  }
  return message;
}

std::string line_of(spdlog::level::level_enum level, std::string_view who, std::string_view text) {
  std::string message = who.empty() ? std::string(text) : mc::concat(who, ": ", text);
  if (!log_options().json) return one_line(std::move(message));
  const auto name = spdlog::level::to_string_view(level);
  Value line;
  line.set("level", Value(std::string(name.data(), name.size())));
  line.set("msg", Value(with_lower_errno(std::move(message))));
  line.set("time", Value(timestamp()));
  return write_json(line);
}

void put(spdlog::level::level_enum level, std::string_view who, std::string_view text) {
  const auto line = line_of(level, who, text);
  logger().log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void log_line(std::uint32_t level, std::string_view who, std::string_view text) {
  if (level < log_threshold()) return;
  put(level == MC_LOG_DEBUG  ? spdlog::level::debug
      : level == MC_LOG_INFO ? spdlog::level::info
                             : spdlog::level::warn,
      who, text);
}

bool try_open_log() {
  try {
    logger();
    return true;
  } catch (const mc::Error&) {
    return false;
  }
}

void log_failure(std::string_view text) {
  const LogOptions& options = log_options();
  if (options.file.empty() && options.json) return put(spdlog::level::err, {}, text);
  if (!options.file.empty()) try {
      put(spdlog::level::err, {}, text);
    } catch (const mc::Error& error) {
      // Unless that is the failure.
      const std::string why = describe(error);
      if (why != text) say(mc::concat("mini_container: ", why));
    }
  say(mc::concat("mini_container: ", text));
}

void say(std::string_view text) {
  const auto line = one_line(std::string(text)) + '\n';
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;  // nobody listens
}

}  // namespace mini_container
