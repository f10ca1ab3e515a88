// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <sys/resource.h>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

Result launch(const std::string& text, std::vector<std::string> before = {}) {
  auto argv = mini_container::test::runtime_command({"run", "--config", launch_file(text), "--", "attest", "limits"});
  argv.insert(argv.begin(), before.begin(), before.end());
  return run_program(argv);
}

}  // namespace

TEST_CASE("every limit can be set") {
  const HostUnchanged unchanged;
  const char* const names[] = {"cpu",     "fsize",   "data",       "stack",    "core", "rss",
                               "nproc",   "nofile",  "memlock",    "as",       "locks", "sigpending",
                               "msgqueue", "rttime"};
  std::string text = "[rlimits]\n";
  for (const char* name : names)
    text += std::string(name) + " = { soft = 6000000, hard = 7000000 }\n";
  // Those that a machine bounds lower are set within it.
  for (const char* name : {"nproc", "nofile", "memlock", "sigpending", "msgqueue"}) {
    const auto at = text.find(std::string(name) + " = {");
    text.replace(at, text.find('\n', at) - at, std::string(name) + " = { soft = 300, hard = 400 }");
  }
  text += "nice = { soft = 0 }\nrtprio = { hard = 0 }\n";
  const auto result = launch(text);
  REQUIRE(result.exit_code == 0);
  for (const char* name : {"nproc", "nofile", "memlock", "sigpending", "msgqueue"})
    CHECK(value(result.out, std::string("limit.") + name) == "300 400");
  for (const char* name : {"cpu", "fsize", "data", "stack", "core", "rss", "as", "locks", "rttime"})
    CHECK(value(result.out, std::string("limit.") + name) == "6000000 7000000");
  CHECK(value(result.out, "limit.nice") == "0 0");
}

TEST_CASE("sizes, \"unlimited\", and one of the two alone") {
  const auto result = launch(
      "[rlimits]\nstack = { soft = '4M', hard = 'unlimited' }\ncore = { hard = 0 }\n"
      "fsize = { soft = '1K' }\n");
  CHECK(value(result.out, "limit.stack") == "4194304 unlimited");
  CHECK(value(result.out, "limit.core") == "0 0");
  CHECK(value(result.out, "limit.fsize") == "1024 1024");
}

TEST_CASE("what is not named stays, and the host's own limits do too") {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const auto result = launch("[rlimits]\ncore = { soft = 0 }\n", {"prlimit", "--nofile=123:456"});
  CHECK(value(result.out, "limit.nofile") == "123 456");
  rlimit after{};
  ::getrlimit(RLIMIT_NOFILE, &after);
  CHECK(before.rlim_cur == after.rlim_cur);
}

TEST_CASE("a limit of very few descriptors does not hinder the start") {
  CHECK(value(launch("[rlimits]\nnofile = { soft = 3 }\n").out, "limit.nofile") == "3 3");
}

TEST_CASE("raising a hard limit without CAP_SYS_RESOURCE is refused, by name") {
  const HostUnchanged unchanged;
  const auto result =
      launch("[rlimits]\nnofile = { soft = 1000 }\n",
             {"setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource", "prlimit",
              "--nofile=100:200"});
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("raise the hard limit nofile from 200 to 1000") !=
        std::string::npos);
  CHECK(result.last_error().find("CAP_SYS_RESOURCE") != std::string::npos);
}

TEST_CASE("a soft limit above the hard one, a negative one and an unknown one are refused") {
  const HostUnchanged unchanged;
  const auto above = launch("[rlimits]\nnofile = { soft = 20, hard = 10 }\n");
  CHECK(above.exit_code == 125);
  CHECK(above.last_error().find("the soft limit 20 is above the hard limit 10") !=
        std::string::npos);
  const auto negative = launch("[rlimits]\nnofile = { soft = -1 }\n");
  CHECK(negative.exit_code == 125);
  CHECK(negative.last_error().find("nofile") != std::string::npos);
  const auto overflow = launch("[rlimits]\nas = { soft = '99999999999T' }\n");
  CHECK(overflow.exit_code == 125);
  const auto unknown = launch("[rlimits]\nnofiles = { soft = 1 }\n");
  CHECK(unknown.exit_code == 125);
  CHECK(unknown.last_error().find("did you mean 'nofile'") != std::string::npos);
}
