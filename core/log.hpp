// SPDX-License-Identifier: Apache-2.0
// The agent's log. log.cpp is the only file that knows spdlog.
#pragma once

#include <string>
#include <string_view>

#include "mini_container/abi.h"

namespace mini_container {

struct LogOptions {
  std::uint32_t level = MC_LOG_WARN;
  std::string file;   // empty: standard error
  bool json = false;  // {"level":..., "msg":..., "time":...}, a line each
};

/// Takes effect with the first line; nothing is opened before.
void set_log(const LogOptions& options);
const LogOptions& log_options();
/// The lowest level that is written.
std::uint32_t log_threshold();
/// Opens its file, where there is one: who shares our memory, but no descriptor that is opened
/// later, then writes to the same. False: it cannot be opened.
bool open_log_file();
/// The same, where there is a file for certain.
bool try_open_log();
/// Where the file is a FIFO that nobody reads, waits for who does. To be called while a signal
/// still ends this process.
void wait_for_log_reader();
/// A line of `who` (a plugin; empty: the core).
void log_line(std::uint32_t level, std::string_view who, std::string_view text);
/// The last word of a failed command: standard error, and the log file where there is one.
void log_failure(std::string_view text);
/// A line of the runtime's dialogue, on standard error as it stands.
void say(std::string_view text);

}  // namespace mini_container
