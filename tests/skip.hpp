// SPDX-License-Identifier: Apache-2.0
// Skipping, visibly: a line "SKIPPED: test: reason", which tests/run.sh repeats at its end.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mini_container::test {

inline int skipped_cases = 0;
inline const char* current_case = "";

/// True where tests that need privileges have to run: CI=true.
inline bool must_run() {
  const char* ci = std::getenv("CI");
  return ci != nullptr && std::strcmp(ci, "true") == 0;
}

inline void note_skip(const char* reason) {
  ++skipped_cases;
  std::fprintf(stderr, "SKIPPED: %s: %s\n", current_case, reason);
}

}  // namespace mini_container::test

/// Ends a test case that this machine cannot run (no AppArmor, no rustc): not a failure anywhere.
#define SKIP_CASE(reason)                    \
  do {                                       \
    mini_container::test::note_skip(reason); \
    return;                                  \
  } while (false)
