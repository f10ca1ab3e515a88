// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <signal.h>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

double uptime_in(const std::string& text) { return std::stod(text); }

TEST_CASE("time: the boot-time clock is shifted inside, and the host's is not") {
  const HostUnchanged unchanged;
  const double before = uptime_in(read_file("/proc/uptime"));
  const double inside = uptime_in(
      run_inside({"pid", "time", "--time.boottime=864000", "--time.boottime_nanosecs=500000000"},
                 {"cat", "/proc/uptime"}));
  CHECK(inside > before + 864000);
  CHECK(inside < before + 864000 + 60);
  CHECK(uptime_in(read_file("/proc/uptime")) < before + 60);
}

TEST_CASE("time: the namespace is the container's own, and the offsets are in it") {
  const auto clocks = [](const std::string& report, const char* clock) {
    return std::stol(value(report, clock));
  };
  const std::vector<std::string> outside{build_directory() + "/attest", "time"};
  const auto before = run_program(outside).out;
  // The monotonic clock may not fall below zero: a host that was just started has little of it.
  const auto inside = run_inside(
      {"pid", "time", "--time.monotonic=-5", "--time.monotonic_nanosecs=1", "--time.boottime=7000"},
      {"attest", "time"});
  const auto after = run_program(outside).out;
  CHECK(clocks(inside, "time.monotonic") >= clocks(before, "time.monotonic") - 5);
  CHECK(clocks(inside, "time.monotonic") <= clocks(after, "time.monotonic") - 4);
  CHECK(clocks(inside, "time.boottime") >= clocks(before, "time.boottime") + 7000);
  CHECK(clocks(inside, "time.boottime") <= clocks(after, "time.boottime") + 7000);
  CHECK(clocks(after, "time.boottime") < clocks(before, "time.boottime") + 60);
  const auto report = run_inside({"time"}, {"/bin/attest", "namespaces"});
  CHECK(value(report, "ns.time") !=
        value(run_program({build_directory() + "/attest", "namespaces"}).out, "ns.time"));
}

TEST_CASE("time: exec sees the container's clocks") {
  Process box(mini_container::test::runtime_command(
      {"run", "--id", "clocks", "-r", shared_root(), "--pid", "--pid.init", "--time",
       "--time.boottime=864000", "--", "sh", "-c", "echo up; sleep 20"}));
  REQUIRE(box.wait_for("up"));
  const auto seen = run({"exec", "clocks", "cat", "/proc/uptime"});
  CHECK_MESSAGE(uptime_in("0" + seen.out) > 864000, seen);
  box.signal(SIGTERM);
  box.finish();
}

TEST_CASE("time: another container's namespace is joined by path") {
  Process holder(mini_container::test::runtime_command({"-r", shared_root(), "--time",
                                                        "--time.boottime=864000", "--", "/bin/sh",
                                                        "-c", "echo up; sleep 20"}));
  REQUIRE(holder.wait_for("up"));
  const auto children = read_file("/proc/" + std::to_string(holder.pid()) + "/task/" +
                                  std::to_string(holder.pid()) + "/children");
  const std::string path = "/proc/" + std::to_string(std::stoi(children)) + "/ns/time";
  const auto inside = run_inside({"pid", "--time.join=" + path}, {"cat", "/proc/uptime"});
  CHECK(uptime_in(inside) > 864000);
  const auto both =
      run({"-r", shared_root(), "--time.join=" + path, "--time.monotonic=1", "--", "true"});
  CHECK(both.exit_code == 125);
  CHECK(both.last_error().find("join") != std::string::npos);
  holder.signal(SIGKILL);
  holder.finish();
  CHECK(eventually(
      [&] { return read_file("/proc/" + std::to_string(std::stoi(children)) + "/stat").empty(); }));
}

TEST_CASE("time: bad input gets one line and nothing is left") {
  const HostUnchanged unchanged;
  for (const char* flag :
       {"--time.boottime=-4000000000", "--time.monotonic_nanosecs=1000000000",
        "--time.boottime=99999999999", "--time.boottime=1h", "--time.join=/etc/passwd",
        "--time.join=/proc/self/ns/net", "--time.join=/nonexistent"}) {
    const auto result = run({"-r", shared_root(), "--time", flag, "--", "true"});
    CHECK_MESSAGE(result.exit_code == 125, flag, ": ", result);
    CHECK_MESSAGE(result.last_error().find("time") != std::string::npos, flag);
  }
  const auto late = run({"-r", shared_root(), "--time.boottime=4611686018", "--", "true"});
  CHECK_MESSAGE(late.last_error().find("nor pass 4611686018 s") != std::string::npos, late);
}

}  // namespace
