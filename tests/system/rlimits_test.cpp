// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "tests/system/container_root.hpp"
#include "tests/system/find_process.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

Result launch(const std::string& text, std::vector<std::string> before = {}) {
  auto argv = mini_container::test::runtime_command(
      {"run", "--config", launch_file(text), "--", "attest", "limits"});
  argv.insert(argv.begin(), before.begin(), before.end());
  return run_program(argv);
}

}  // namespace

TEST_CASE("each of the sixteen limits is set, seen from inside and from the host") {
  const HostUnchanged unchanged;
  struct Wanted {
    const char* name;
    const char* in_proc;  // proc_pid_limits(5)
    rlim_t soft;
    rlim_t hard;
  };
  // By their numbers.
  Wanted all[] = {{"cpu", "Max cpu time", 1001, 2001},
                  {"fsize", "Max file size", 6000002, 7000002},
                  {"data", "Max data size", 60000003, 70000003},
                  {"stack", "Max stack size", 6000004, 7000004},
                  {"core", "Max core file size", 1005, 2005},
                  {"rss", "Max resident set", 1006, 2006},
                  {"nproc", "Max processes", 1007, 2007},
                  {"nofile", "Max open files", 108, 208},
                  {"memlock", "Max locked memory", 1009, 2009},
                  {"as", "Max address space", 600000010, 700000010},
                  {"locks", "Max file locks", 1011, 2011},
                  {"sigpending", "Max pending signals", 1012, 2012},
                  {"msgqueue", "Max msgqueue size", 1013, 2013},
                  {"nice", "Max nice priority", 14, 24},
                  {"rtprio", "Max realtime priority", 15, 25},
                  {"rttime", "Max realtime timeout", 1000016, 2000016}};
  static_assert(std::size(all) == RLIM_NLIMITS);
  // Within what this process may give: it may have no CAP_SYS_RESOURCE.
  for (int number = 0; number < RLIM_NLIMITS; ++number) {
    rlimit own{};
    ::getrlimit(static_cast<__rlimit_resource>(number), &own);
    all[number].hard = std::min(all[number].hard, own.rlim_max);
    all[number].soft = std::min(all[number].soft, all[number].hard);
  }
  std::string text = "[pid]\n[rlimits]\n";
  for (const auto& each : all)
    text += std::string(each.name) + " = { soft = " + std::to_string(each.soft) +
            ", hard = " + std::to_string(each.hard) + " }\n";
  Process container(runtime_command({"run", "--id", "rlimits-test", "--config", launch_file(text),
                                     "--", "sh", "-c", "attest limits; echo said; exec cat"}));
  REQUIRE(container.wait_for("said"));
  std::istringstream limits(read_file("/proc/" + first_process("rlimits-test") + "/limits"));
  std::map<std::string, std::string> on_host;
  for (std::string line; std::getline(limits, line);) {
    std::istringstream rest(line.substr(25));
    std::string soft, hard;
    rest >> soft >> hard;
    on_host[line.substr(0, line.find("  "))] = soft + " " + hard;
  }
  for (const auto& each : all) {
    CAPTURE(each.name);
    const std::string both = std::to_string(each.soft) + " " + std::to_string(each.hard);
    CHECK(value(container.output(), std::string("limit.") + each.name) == both);
    CHECK(on_host[each.in_proc] == both);
  }
  container.close_input();
  CHECK(container.finish().exit_code == 0);
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
  const auto result = launch("[rlimits]\nnofile = { soft = 1000 }\n",
                             {"setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource",
                              "prlimit", "--nofile=100:200"});
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
  for (const char* size : {"'12Q'", "'K'", "''", "'-1K'", "18446744073709551616"}) {
    CAPTURE(size);
    const auto result = launch("[rlimits]\nas = { soft = " + std::string(size) + " }\n");
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find("launch.toml:2:") != std::string::npos);
  }
  const auto unknown = launch("[rlimits]\nnofiles = { soft = 1 }\n");
  CHECK(unknown.exit_code == 125);
  CHECK(unknown.last_error().find("did you mean 'nofile'") != std::string::npos);
}
