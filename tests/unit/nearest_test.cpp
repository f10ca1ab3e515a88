// SPDX-License-Identifier: Apache-2.0
#include "core/nearest.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace mini_container {

TEST_CASE("the nearest word is the fewest edits away, or none") {
  const std::vector<std::string> words = {"hostname", "domain", "pid", "ipc"};
  CHECK(nearest("hostnmae", words) == "hostname");
  CHECK(nearest("domian", words) == "domain");
  CHECK(nearest("pdi", words) == "pid");
  CHECK(nearest("hostname", words) == "hostname");
  CHECK(nearest("host", words) == "hostname");
  CHECK(nearest("ho", words).empty());
  CHECK(nearest("seccomp", words).empty());
  CHECK(nearest("", words).empty());
  CHECK(nearest(std::string(5000, 'h'), words).empty());
}

}  // namespace mini_container
