// SPDX-License-Identifier: Apache-2.0
// What each hook of each plugin cost, in both processes.
#pragma once

#include <string>

#include "core/pipeline.hpp"

namespace mini_container {

/// A bar chart on standard error.
void show_timings(const Pipeline& pipeline);

/// A file in the Chrome trace event format (JSON object format), for a trace viewer.
void write_trace(const Pipeline& pipeline, const std::string& path);

}  // namespace mini_container
