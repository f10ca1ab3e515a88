// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/doctest_main.hpp"

#include <unistd.h>

#include "tests/system/private_host.hpp"

int main(int argc, char** argv) {
  using namespace mini_container::test;
  if (::geteuid() != 0) {
    std::fprintf(stderr, "SKIPPED: every system test: needs root\n");
    return must_run() ? 1 : 77;
  }
  return in_private_host([&] { return run_doctest(argc, argv); });
}
