// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "core/oci/bundle.hpp"
#include "core/oci/verbs.hpp"

namespace mini_container::oci {

// In the lines that engines look for: NAME version VERSION, commit, spec.
void print_version() {
  std::printf("mini_container version %s\ncommit: %s\nspec: %s\n", MINI_CONTAINER_VERSION,
              MINI_CONTAINER_VERSION, spec_version);
}

int unsupported_verb(VerbContext&, const Arguments&) {
  mc::fail("checkpoint and restore are not supported");
}

}  // namespace mini_container::oci
