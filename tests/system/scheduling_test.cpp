// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/system/container_root.hpp"
#include "tests/system/find_process.hpp"
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
  const auto report_of = [](std::vector<std::string> flags) {
    flags.push_back("pid");
    return run_inside(flags, {"attest", "scheduling"});
  };
  CHECK(value(report_of({"--scheduling.policy=batch", "--scheduling.nice=4"}), "policy") == "3");
  CHECK(value(report_of({"--scheduling.policy=batch", "--scheduling.nice=4"}), "nice") == "4");
  CHECK(value(report_of({"--scheduling.policy=idle"}), "policy") == "5");
  for (const auto& [name, number] : {std::pair{"fifo", "1"}, std::pair{"rr", "2"}}) {
    const auto report =
        report_of({"--scheduling.policy=" + std::string(name), "--scheduling.priority=7"});
    CHECK(value(report, "policy") == number);
    CHECK(value(report, "sched.priority") == "7");
  }
  const auto deadline = report_of({"--scheduling.policy=deadline", "--scheduling.runtime=1000000",
                                   "--scheduling.deadline=20000000", "--scheduling.period=40000000",
                                   "--scheduling.flags=reset_on_fork"});
  CHECK(value(deadline, "sched.deadline") == "1000000 20000000 40000000");
  CHECK(value(deadline, "sched.flags") == "1");
}

TEST_CASE("scheduling: all of it seen from the host") {
  const HostUnchanged unchanged;
  Process container(runtime_command({"-r", shared_root(), "--pid", "--id", "scheduling-test",
                                     "--scheduling.nice=5", "--scheduling.oom_score_adj=555",
                                     "--scheduling.cpu_affinity=0", "--scheduling.io_class=idle",
                                     "--", "sh", "-c", "echo up; exec cat"}));
  REQUIRE(container.wait_for("up"));
  const auto process = "/proc/" + first_process("scheduling-test");
  CHECK(stat_field(read_file(process + "/stat"), 19) == "5");
  CHECK(read_file(process + "/oom_score_adj") == "555\n");
  CHECK(read_file(process + "/status").find("Cpus_allowed_list:\t0\n") != std::string::npos);
  CHECK(run_program({"ionice", "-p", process.substr(6)}).out == "idle\n");
  container.close_input();
  CHECK(container.finish().exit_code == 0);
}

TEST_CASE("scheduling: a class without a priority gets the kernel's usual one") {
  CHECK(run_inside({"--scheduling.io_class=best_effort"}, {"/bin/busybox", "ionice"}) ==
        "best-effort: prio 4\n");
  CHECK(run_inside({"--scheduling.io_class=realtime"}, {"/bin/busybox", "ionice"}) ==
        "realtime: prio 4\n");
}

TEST_CASE("scheduling: each memory policy, seen from inside") {
  const auto policy = [](std::vector<std::string> flags) {
    flags.push_back("pid");
    return value(run_inside(flags, {"attest", "scheduling"}), "mempolicy");
  };
  const auto on_node_0 = [&](const std::string& name) {
    return policy({"--scheduling.memory_policy=" + name, "--scheduling.memory_nodes=0"});
  };
  CHECK(policy({}) == "0");
  CHECK(on_node_0("preferred") == "1");
  CHECK(on_node_0("bind") == "2");
  CHECK(on_node_0("interleave") == "3");
  CHECK(policy({"--scheduling.memory_policy=local"}) == "4");
  CHECK(on_node_0("preferred_many") == "5");
  // MPOL_F_STATIC_NODES beside MPOL_BIND.
  CHECK(policy({"--scheduling.memory_policy=bind", "--scheduling.memory_nodes=0",
                "--scheduling.memory_flags=static_nodes"}) == std::to_string((1 << 15) | 2));
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
  CHECK(refused({"--scheduling.policy=iso"}).find("this kernel has no such policy") !=
        std::string::npos);
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
