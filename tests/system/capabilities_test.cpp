// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <linux/capability.h>

#include <cstdint>
#include <cstdlib>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

Result launch(const std::string& text, const std::vector<std::string>& command) {
  std::vector<std::string> arguments = {"run", "--config", launch_file(text), "--"};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return run(arguments);
}

std::string caps(const std::string& text) { return launch(text, {"attest", "caps"}).out; }

std::string mask(std::initializer_list<unsigned> numbers) {
  std::uint64_t bits = 0;
  for (const unsigned number : numbers) bits |= std::uint64_t{1} << number;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(bits));
  return text;
}

const std::string none = mask({});

}  // namespace

TEST_CASE("by default the command has what container engines leave, and nothing inheritable") {
  const HostUnchanged unchanged;
  const std::string expected =
      mask({CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID,
            CAP_SETPCAP, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_SETFCAP});
  const auto report = caps("[capabilities]");
  for (const char* set : {"cap.bounding", "cap.permitted", "cap.effective"})
    CHECK(value(report, set) == expected);
  CHECK(value(report, "cap.inheritable") == none);
  CHECK(value(report, "cap.ambient") == none);
}

TEST_CASE("keep and drop make the set, names in any spelling") {
  const auto report =
      caps("[capabilities]\nkeep = ['CAP_CHOWN', 'net_raw', 'Kill']\ndrop = ['kill']");
  CHECK(value(report, "cap.effective") == mask({CAP_CHOWN, CAP_NET_RAW}));
  CHECK(value(report, "cap.bounding") == mask({CAP_CHOWN, CAP_NET_RAW}));
  CHECK(value(caps("[capabilities]\ndrop = ['all']"), "cap.bounding") == none);
}

TEST_CASE("\"all\" is everything that the runtime has, and not more") {
  const auto outside = run_program({"grep", "CapBnd", "/proc/self/status"}).out;
  const auto all = value(caps("[capabilities]\nkeep = ['all']"), "cap.bounding");
  CHECK(outside.find(all) != std::string::npos);
}

TEST_CASE("the five sets can differ, and CAP_SYS_ADMIN does not stay behind") {
  const auto report = caps(
      "[container]\nuser = '1000:1000'\n"
      "[capabilities]\nbounding = ['chown', 'kill', 'net_raw']\npermitted = ['chown', 'kill']\n"
      "inheritable = ['chown', 'kill']\nambient = ['chown']");
  CHECK(value(report, "cap.bounding") == mask({CAP_CHOWN, CAP_KILL, CAP_NET_RAW}));
  CHECK(value(report, "cap.inheritable") == mask({CAP_CHOWN, CAP_KILL}));
  CHECK(value(report, "cap.ambient") == mask({CAP_CHOWN}));
  // The kernel's rule for a user other than 0: what is ambient, and nothing else.
  CHECK(value(report, "cap.permitted") == mask({CAP_CHOWN}));
  CHECK(value(report, "cap.effective") == mask({CAP_CHOWN}));
}

TEST_CASE("what the runtime's own caller made ambient is not ambient for the command") {
  const auto with_ambient = [](const std::vector<std::string>& rest) {
    std::vector<std::string> words{"setpriv", "--inh-caps=+chown,+kill",
                                   "--ambient-caps=+chown,+kill"};
    words.insert(words.end(), rest.begin(), rest.end());
    return run_program(words);
  };
  CHECK(value(with_ambient({build_directory() + "/attest", "caps"}).out, "cap.ambient") ==
        mask({CAP_CHOWN, CAP_KILL}));
  const auto result = with_ambient(
      runtime_command({"run", "--config",
                       launch_file("[capabilities]\nkeep = ['chown', 'kill']\n"
                                   "inheritable = ['chown', 'kill']\nambient = ['kill']"),
                       "--", "attest", "caps"}));
  INFO(result);
  CHECK(value(result.out, "cap.inheritable") == mask({CAP_CHOWN, CAP_KILL}));
  CHECK(value(result.out, "cap.ambient") == mask({CAP_KILL}));
}

TEST_CASE("where execve gives user 0 more than was asked for, a warning says so") {
  const std::string asked = "[capabilities]\nbounding = ['chown', 'kill']\npermitted = ['chown']\n";
  const auto more = launch(asked, {"attest", "caps"});
  CHECK(value(more.out, "cap.permitted") == mask({CAP_CHOWN, CAP_KILL}));
  CHECK(more.err.find("execve(2) gives user 0 CAP_KILL too") != std::string::npos);
  const auto exact = launch(asked + "[no_new_privs]\n", {"attest", "caps"});
  CHECK(value(exact.out, "cap.permitted") == mask({CAP_CHOWN}));
  CHECK(value(exact.out, "cap.bounding") == mask({CAP_CHOWN, CAP_KILL}));
  CHECK(exact.err == "");
  const auto other = launch(asked + "[container]\nuser = '1000'\n", {"attest", "caps"});
  CHECK(value(other.out, "cap.permitted") == none);
  CHECK(other.err == "");
}

TEST_CASE("a user other than root has no capability unless it is ambient") {
  const auto report = caps("[container]\nuser = '1000:1000'\n[capabilities]\nkeep = ['all']");
  CHECK(value(report, "cap.effective") == none);
  CHECK(value(report, "cap.permitted") == none);
}

TEST_CASE("what was dropped is refused inside") {
  CHECK(launch("[capabilities]\ndrop = ['chown']", {"attest", "stat", "/"}).exit_code == 0);
  CHECK(launch("[uts]\n[capabilities]", {"attest", "sethostname", "x"}).out ==
        "sethostname EPERM\n");
  CHECK(launch("[uts]\n[capabilities]\nkeep = ['sys_admin']", {"attest", "sethostname", "x"}).out ==
        "sethostname ok\n");
}

TEST_CASE("securebits are set") {
  const auto report = launch("[capabilities]\nsecurebits = ['noroot', 'noroot_locked']",
                             {"attest", "caps", "privileges"})
                          .out;
  CHECK(value(report, "securebits") == "3");
  // uid 0 is nothing special any more.
  CHECK(value(report, "cap.effective") == none);
}

TEST_CASE("an unknown capability is refused with the nearest name") {
  const HostUnchanged unchanged;
  const auto result = launch("[capabilities]\nkeep = ['net_admn']", {"true"});
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("unknown capability 'net_admn'") != std::string::npos);
  CHECK(result.last_error().find("did you mean 'CAP_NET_ADMIN'?") != std::string::npos);
  CHECK(result.last_error().find("launch.toml:2:") != std::string::npos);
}

TEST_CASE("a capability that the runtime has not got is refused, or passed over on best effort") {
  // The runtime itself is started with fewer.
  const auto limited = [](const std::string& text) {
    auto argv = mini_container::test::runtime_command(
        {"run", "--config", launch_file(text), "--", "attest", "caps"});
    argv.insert(argv.begin(), {"setpriv", "--bounding-set=-net_raw"});
    return run_program(argv);
  };
  const auto refused = limited("[capabilities]\nkeep = ['net_raw', 'chown']");
  CHECK(refused.exit_code == 125);
  CHECK(refused.last_error().find("CAP_NET_RAW: the runtime itself has not got it") !=
        std::string::npos);
  const auto passed =
      limited("[capabilities]\nkeep = ['net_raw', 'chown', 'no_such_thing']\nbest_effort = true");
  CHECK(passed.exit_code == 0);
  CHECK(value(passed.out, "cap.bounding") == mask({CAP_CHOWN}));
  CHECK(passed.err.find("CAP_NET_RAW") != std::string::npos);
  CHECK(passed.err.find("no_such_thing") != std::string::npos);
}

TEST_CASE("ambient capabilities that engines list without inheritable ones are no warning") {
  const std::string sets =
      "[capabilities]\nbest_effort = true\nambient = ['chown']\ninheritable = []";
  const auto quiet = launch(sets, {"attest", "caps"});
  CHECK(quiet.exit_code == 0);
  CHECK(quiet.err.empty());
  CHECK(value(quiet.out, "cap.ambient") == mask({}));
  const auto others = launch(sets + "\npermitted = ['kill']\neffective = ['chown']", {"true"});
  CHECK(others.err.find("effective CAP_CHOWN is not in permitted") != std::string::npos);
}

TEST_CASE("sets that contradict each other are refused") {
  const auto ambient = launch("[capabilities]\nambient = ['chown']", {"true"});
  CHECK(ambient.exit_code == 125);
  CHECK(ambient.last_error().find("ambient has CAP_CHOWN, which inheritable has not") !=
        std::string::npos);
  const auto effective =
      launch("[capabilities]\npermitted = ['kill']\neffective = ['chown']", {"true"});
  CHECK(effective.last_error().find("effective has CAP_CHOWN, which permitted has not") !=
        std::string::npos);
}
