// SPDX-License-Identifier: Apache-2.0
// Apart from the log itself: a launch that has nothing to say does not touch the library's code.
#include <sys/stat.h>

#include "core/log.hpp"

namespace mini_container {

namespace {
LogOptions chosen;
}  // namespace

void set_log(const LogOptions& options) { chosen = options; }

const LogOptions& log_options() { return chosen; }

std::uint32_t log_threshold() { return chosen.level; }

void wait_for_log_reader() {
  struct stat info {};
  if (!chosen.file.empty() && ::stat(chosen.file.c_str(), &info) == 0 && S_ISFIFO(info.st_mode))
    try_open_log();
}

bool open_log_file() { return chosen.file.empty() || try_open_log(); }

}  // namespace mini_container
