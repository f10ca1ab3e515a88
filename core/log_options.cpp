// SPDX-License-Identifier: Apache-2.0
// Apart from the log itself: a launch that has nothing to say does not touch the library's code.
#include "core/log.hpp"

namespace mini_container {

namespace {
LogOptions chosen;
}  // namespace

void set_log(const LogOptions& options) { chosen = options; }

const LogOptions& log_options() { return chosen; }

std::uint32_t log_threshold() { return chosen.level; }

bool open_log_file() { return chosen.file.empty() || try_open_log(); }

}  // namespace mini_container
