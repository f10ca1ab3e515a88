// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/doctest_main.hpp"

int main(int argc, char** argv) { return mini_container::test::run_doctest(argc, argv); }
