// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

std::string stat_field(const std::string& stat, int number) {
  // After the name in parentheses comes field 3: proc_pid_stat(5).
  std::string rest = stat.substr(stat.rfind(')') + 2);
  for (int i = 3; i < number; ++i) rest.erase(0, rest.find(' ') + 1);
  return rest.substr(0, rest.find(' '));
}

TEST_CASE("scheduling: nice, OOM score, affinity and personality reach the program") {
  const HostUnchanged unchanged;
  const auto out = run_inside(
      {"pid", "--scheduling.nice=-3", "--scheduling.oom_score_adj=777",
       "--scheduling.cpu_affinity=1", "--scheduling.personality=linux32"},
      {"sh", "-c",
       "cat /proc/self/stat /proc/self/oom_score_adj; grep Cpus_allowed_list /proc/self/status; "
       "cat /proc/self/personality"});
  CHECK(stat_field(out, 19) == "-3");
  CHECK(out.find("\n777\n") != std::string::npos);
  CHECK(out.find("Cpus_allowed_list:\t1\n") != std::string::npos);
  CHECK(out.find("00000008\n") != std::string::npos);
}

TEST_CASE("scheduling: the policies of sched_setattr") {
  const auto policy_of = [](std::vector<std::string> flags) {
    flags.push_back("pid");
    return stat_field(run_inside(flags, {"cat", "/proc/self/stat"}), 41);
  };
  CHECK(policy_of({"--scheduling.policy=batch"}) == "3");
  CHECK(policy_of({"--scheduling.policy=idle"}) == "5");
  CHECK(policy_of({"--scheduling.policy=fifo", "--scheduling.priority=7"}) == "1");
  CHECK(policy_of({"--scheduling.policy=deadline", "--scheduling.runtime=1000000",
                   "--scheduling.deadline=20000000", "--scheduling.flags=reset_on_fork"}) == "6");
}

TEST_CASE("scheduling: input/output class and memory policy") {
  const auto maps = run_inside({"pid", "--scheduling.memory_policy=bind",
                                "--scheduling.memory_nodes=0", "--scheduling.io_class=idle"},
                               {"cat", "/proc/self/numa_maps"});
  CHECK_MESSAGE(maps.find("bind:0") != std::string::npos, maps.substr(0, 200));
  CHECK(run_inside({"--scheduling.io_class=best_effort", "--scheduling.io_priority=6"},
                   {"/bin/busybox", "ionice"}) == "best-effort: prio 6\n");
}

TEST_CASE("scheduling: bad input gets one line") {
  const HostUnchanged unchanged;
  const auto refused = [](std::vector<std::string> flags) {
    std::vector<std::string> all = {"-r", shared_root()};
    all.insert(all.end(), flags.begin(), flags.end());
    all.insert(all.end(), {"--", "true"});
    const auto result = run(all);
    CHECK_MESSAGE(result.exit_code == 125, result);
    CHECK(result.last_error().find("scheduling") != std::string::npos);
    return result.last_error();
  };
  refused({"--scheduling.nice=-21"});
  refused({"--scheduling.oom_score_adj=1001"});
  refused({"--scheduling.policy=fifo"});
  refused({"--scheduling.policy=fast"});
  refused({"--scheduling.priority=5"});
  refused({"--scheduling.io_priority=1"});
  refused({"--scheduling.policy=deadline", "--scheduling.runtime=5", "--scheduling.deadline=4"});
  CHECK(refused({"--scheduling.cpu_affinity=5000"}).find("none of them") != std::string::npos);
  refused({"--scheduling.cpu_affinity=3-1"});
  refused({"--scheduling.cpu_affinity=x"});
  refused({"--scheduling.cpu_affinity=0,"});
  refused({"--scheduling.memory_nodes=0"});
  refused({"--scheduling.memory_policy=bind"});
  refused({"--scheduling.memory_policy=bind", "--scheduling.memory_nodes=63"});
}

}  // namespace
