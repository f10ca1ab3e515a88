// SPDX-License-Identifier: Apache-2.0
// newuidmap(1) and newgidmap(1): they may write maps that an ordinary user may not.
#pragma once

#include <sys/types.h>

#include <string>

#include "id_map.hpp"

namespace user {

/// Refuses a helper that is missing or not executable; `option` is the one that names it.
void check_helper(const std::string& program, const char* option);

/// [agent] Runs `program` PID CONTAINER HOST SIZE..., without a shell and with an empty
/// environment. Throws with what it wrote to its standard error.
void run_helper(const std::string& program, pid_t pid, const IdMap& map);

}  // namespace user
