// SPDX-License-Identifier: Apache-2.0
// What a filter does with the calls of a real container.
#include <doctest/doctest.h>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

const std::string confined = "[pid]\n[no_new_privs]\n[capabilities]\n";

Result launch(const std::string& text, const std::vector<std::string>& command) {
  std::vector<std::string> arguments = {"run", "--config", launch_file(text), "--"};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return run(arguments);
}

/// "ok", or the errno, of a system call in a container of this launch.
std::string call(const std::string& text, long number, const std::vector<std::string>& more = {}) {
  std::vector<std::string> command = {"attest", "syscall", std::to_string(number)};
  command.insert(command.end(), more.begin(), more.end());
  const auto result = launch(text, command);
  if (result.out.starts_with("syscall ")) return result.out.substr(8, result.out.find('\n') - 8);
  return "exit " + std::to_string(result.exit_code) + " " + result.last_error();
}

const std::string by_default = confined + "[seccomp]\n";

/// The last line of a launch that must be refused.
std::string refusal(const std::string& text) {
  const HostUnchanged unchanged;
  const auto result = launch(text, {"true"});
  CHECK(result.exit_code == 125);
  return result.last_error();
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("a filter is in force inside, and nowhere else") {
  const HostUnchanged unchanged;
  CHECK(value(launch(by_default, {"attest", "privileges"}).out, "seccomp") == "2");
  CHECK(value(launch(confined, {"attest", "privileges"}).out, "seccomp") == "0");
  CHECK(::prctl(PR_GET_SECCOMP) == 0);
}

TEST_CASE("the default lets ordinary programs work") {
  CHECK(launch(by_default, {"sh", "-c", "ls /bin | wc -l; sleep 0.01; ps > /tmp/x; rm /tmp/x"})
            .exit_code == 0);
  CHECK(launch(by_default, {"attest", "all"}).exit_code == 0);
}

TEST_CASE("the default closes what opens much of the kernel") {
  for (const long number : {SYS_keyctl, SYS_add_key, SYS_userfaultfd, SYS_io_uring_setup, SYS_bpf,
                            SYS_perf_event_open, SYS_mount, SYS_setns, SYS_kexec_load, SYS_swapon})
    CHECK(call(by_default, number) == "EPERM");
  // Without a filter the kernel says something else of these.
  CHECK(call(confined, SYS_keyctl) != "EPERM");
  CHECK(call(confined, SYS_io_uring_setup) != "EPERM");
}

TEST_CASE("no new namespaces, unless CAP_SYS_ADMIN may be had") {
  const std::string new_user = std::to_string(CLONE_NEWUSER);
  CHECK(call(confined, SYS_unshare, {new_user}) == "ok");
  CHECK(call(by_default, SYS_unshare, {new_user}) == "EPERM");
  CHECK(call(by_default, SYS_clone, {std::to_string(CLONE_NEWUSER | 17)}) == "EPERM");
  CHECK(call(by_default, SYS_clone, {"17"}).starts_with("ok"));
  CHECK(call(by_default, SYS_clone3) == "ENOSYS");
  CHECK(call("[pid]\n[capabilities]\nkeep = ['sys_admin']\n[seccomp]", SYS_unshare,
             {std::to_string(CLONE_NEWUTS)}) == "ok");
}

TEST_CASE("calls that the list does not know do not exist") {
  CHECK(call(by_default, 1023) == "ENOSYS");
}

TEST_CASE("some calls are open for some arguments") {
  CHECK(call(by_default, SYS_socket, {"2", "1", "0"}) == "ok");
  CHECK(call(by_default, SYS_socket, {"40", "1", "0"}) == "EPERM");
  CHECK(call(by_default, SYS_personality, {"0xffffffff"}) == "ok");
  CHECK(call(by_default, SYS_personality, {"0x40000"}) == "ENOSYS");
}

#ifdef __x86_64__
TEST_CASE("the other architectures are closed") {
  constexpr long x32 = 0x40000000;
  constexpr int bad_system_call = 128 + 31;
  const std::vector<std::string> i386_getpid = {"attest", "i386", "20"};
  const std::vector<std::string> x32_getpid = {"attest", "syscall",
                                               std::to_string(x32 + SYS_getpid)};
  CHECK(launch(confined, i386_getpid).out == "i386 ok\n");
  // A container's first process takes no deadly signal from itself; the filter's it does.
  CHECK(launch(by_default, i386_getpid).exit_code == bad_system_call);
  CHECK(launch(by_default, x32_getpid).exit_code == bad_system_call);
  // Where the launch opens one, its calls go by the same rules.
  const std::string both = by_default + "architectures = ['native', 'SCMP_ARCH_X86']\n";
  CHECK(launch(both, i386_getpid).out == "i386 ok\n");
  CHECK(launch(both, {"attest", "i386", "310"}).out == "i386 EPERM\n");  // unshare
  CHECK(launch(both, x32_getpid).exit_code == bad_system_call);
}
#endif

TEST_CASE("allow, deny and groups change the base") {
  CHECK(call(by_default + "allow = ['keyctl']", SYS_keyctl) != "EPERM");
  CHECK(call(by_default + "allow = ['@keyring']", SYS_keyctl) != "EPERM");
  CHECK(call(by_default, SYS_getcwd) != "EPERM");
  CHECK(call(by_default + "deny = ['getcwd']", SYS_getcwd) == "EPERM");
  CHECK(call(by_default + "deny = ['@network']", SYS_connect) == "EPERM");
}

TEST_CASE("rules have actions, errnos and conditions on arguments") {
  const std::string rules = by_default +
                            "[[seccomp.syscalls]]\nnames = ['getpgid']\naction = 'errno'\n"
                            "errno = 54\nargs = [{ index = 0, op = 'eq', value = 77 }]\n"
                            "[[seccomp.syscalls]]\nnames = ['getpgid']\naction = 'allow'\n"
                            "args = [{ index = 0, op = 'ne', value = 77 }]\n"
                            "[[seccomp.syscalls]]\nnames = ['getsid']\naction = 'kill_process'\n";
  CHECK(call(rules, SYS_getpgid, {"77"}) == "EXFULL");
  CHECK(call(rules, SYS_getpgid, {"0"}) == "ok");
  CHECK(launch(rules, {"attest", "syscall", std::to_string(SYS_getsid)}).exit_code == 128 + 31);
  const std::string masked = by_default +
                             "[[seccomp.syscalls]]\nnames = ['getpgid']\naction = 'errno'\n"
                             "errno = 54\nargs = [{ index = 0, op = 'SCMP_CMP_MASKED_EQ', "
                             "value = 0xf0, value_two = 0x30 }]\n"
                             "default_action = 'allow'\nbase = 'none'\n";
  const auto at = masked.find("default_action");
  const std::string open = confined + "[seccomp]\n" + masked.substr(at) +
                           masked.substr(by_default.size(), at - by_default.size());
  CHECK(call(open, SYS_getpgid, {"0x35"}) == "EXFULL");
  CHECK(call(open, SYS_getpgid, {"0"}) == "ok");
}

TEST_CASE("two conditions on one argument are refused: no filter can ask for both") {
  const auto result = refusal(by_default +
                              "[[seccomp.syscalls]]\nnames = ['getpgid']\n"
                              "action = 'allow'\n"
                              "args = [{ index = 0, op = 'ge', value = 5 },\n"
                              "        { index = 0, op = 'le', value = 9 }]\n");
  has(result, "launch.toml:5:1: a second condition on the argument 0");
}

TEST_CASE("a launch may list everything itself") {
  const std::string text = confined + R"([seccomp]
base = 'none'
default_action = 'SCMP_ACT_ALLOW'
flags = ['SECCOMP_FILTER_FLAG_LOG', 'spec_allow']
[[seccomp.syscalls]]
names = ['getcwd', 'a_call_of_tomorrow']
action = 'SCMP_ACT_ERRNO'
errno = 2
)";
  CHECK(has(refusal(text), "unknown system call 'a_call_of_tomorrow'"));
  std::string lenient = text;
  lenient.insert(lenient.find("base ="), "ignore_unknown = true\n");
  CHECK(call(lenient, SYS_getcwd) == "ENOENT");
}

TEST_CASE("a list without anything but what the command needs is enough") {
  const std::string text = confined + R"([seccomp]
base = 'none'
allow = ['execve', 'exit_group', 'brk', 'mmap', 'munmap', 'mprotect', 'read', 'write', 'close',
  'arch_prctl', 'set_tid_address', 'set_robust_list', 'rseq', 'prlimit64', 'readlink', 'getrandom',
  'readlinkat', 'newfstatat', 'fstat', 'getuid', 'prctl', 'ioctl', 'fcntl', 'uname']
)";
  CHECK(launch(text, {"echo", "here"}).out == "here\n");
}

TEST_CASE(
    "without no_new_privs and CAP_SYS_ADMIN no filter can be loaded, and the way out is named") {
  auto argv = mini_container::test::mini_container({"--seccomp", "--", "true"});
  argv.insert(argv.begin(), {"setpriv", "--bounding-set=-sys_admin"});
  const auto result = run_program(argv);
  CHECK(result.exit_code == 125);
  has(result.last_error(), "load the seccomp filter");
  has(result.last_error(), "no_new_privs");
}

TEST_CASE("an unknown call, group or architecture is refused with the nearest") {
  has(refusal(by_default + "allow = ['opneat']"),
      "unknown system call 'opneat'; did you mean 'openat'?");
  has(refusal(by_default + "deny = ['@netwrok']"),
      "unknown group '@netwrok'; did you mean '@network'?");
  has(refusal(by_default + "architectures = ['native', 'x86_46']"),
      "unknown architecture 'x86_46'; did you mean 'x86_64'?");
  has(refusal(by_default + "architectures = ['x86']"), "leave out this machine's own");
  has(refusal(by_default + "architectures = ['native', 's390']"), "cannot be in one filter");
}

TEST_CASE("a filter that forbids execve is refused, and says so") {
  has(refusal(by_default + "deny = ['execve']"), "the filter forbids execve");
  has(refusal(by_default + "deny = ['@start']"), "the filter forbids execve");
  has(refusal(confined + "[seccomp]\nbase = 'none'"), "the filter forbids execve");
}

TEST_CASE("a filter that kills for what the runtime itself still calls is refused, and says so") {
  const std::string all_but_fcntl =
      confined + "[seccomp]\nbase = 'none'\ndefault_action = 'allow'\n[[seccomp.syscalls]]\n" +
      "names = ['fcntl']\naction = ";
  has(refusal(all_but_fcntl + "'kill'"), "the filter kills for fcntl");
  has(refusal(all_but_fcntl + "'trap'"), "the filter kills for fcntl");
  has(refusal("[[seccomp.syscalls]]\nnames = ['close']\naction = 'kill'\n"),
      "the filter kills for close");
  CHECK(launch(all_but_fcntl + "'errno'", {"true"}).exit_code == 0);
}

TEST_CASE("every flag is taken, also where nothing notifies") {
  const auto result =
      launch(by_default + "flags = ['log', 'spec_allow', 'wait_killable_recv']\n", {"true"});
  CHECK_MESSAGE(result.exit_code == 0, result);
}

TEST_CASE("a filter that forbids what `pid.init` needs ends the launch, and says so") {
  const std::string with_init = "[pid]\ninit = true\n[no_new_privs]\n[capabilities]\n[seccomp]\n";
  CHECK(launch(with_init, {"true"}).exit_code == 0);
  for (const auto& [call, says] :
       {std::pair{"wait4", "wait4 fails"}, std::pair{"rt_sigtimedwait", "rt_sigtimedwait fails"},
        std::pair{"clone", "EPERM"}}) {
    CAPTURE(call);
    const HostUnchanged unchanged;
    const auto result = launch(with_init + "deny = ['" + call + "']", {"true"});
    CHECK(!result.timed_out);
    CHECK(result.exit_code != 0);
    has(result.err, says);
  }
}

#ifdef __x86_64__
TEST_CASE("the other architectures are closed whatever the filter starts from") {
  const std::string profile = write_file("profile.json", R"({"defaultAction":"SCMP_ACT_ALLOW",
    "architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["acct"],"action":"SCMP_ACT_ERRNO"}]})");
  const std::vector<std::string> i386_getpid = {"attest", "i386", "20"};
  const std::vector<std::string> x32_getpid = {"attest", "syscall",
                                               std::to_string(0x40000000 + SYS_getpid)};
  for (const auto& text :
       {confined + "[seccomp]\nbase = 'none'\ndefault_action = 'allow'\ndeny = ['acct']\n",
        confined + "[seccomp]\nprofile = '" + profile + "'\n"}) {
    CAPTURE(text);
    CHECK(launch(text, {"true"}).exit_code == 0);
    CHECK(launch(text, i386_getpid).exit_code == 128 + 31);
    CHECK(launch(text, x32_getpid).exit_code == 128 + 31);
  }
}
#endif

TEST_CASE("an action, a comparison, an errno and an index that do not exist are refused") {
  const std::string rule = by_default + "[[seccomp.syscalls]]\nnames = ['read']\n";
  has(refusal(rule + "action = 'refuse'"), "action");
  has(refusal(rule + "action = 'errno'\nerrno = -1"), "errno");
  has(refusal(rule + "action = 'errno'\nerrno = 65536"), "errno");
  has(refusal(rule + "action = 'errno'\nerrno = 4095"), "the errno 4095 is above 4094");
  has(refusal("[seccomp]\nbase = 'none'\ndefault_action = 'errno'\ndefault_errno = 4095\n"),
      "default_errno: the errno 4095 is above 4094");
  CHECK(
      launch(rule + "action = 'errno'\nerrno = 4094\nargs = [{ index = 0, op = 'eq', value = 99 }]",
             {"true"})
          .exit_code == 0);
  has(refusal(rule + "action = 'allow'\nargs = [{ index = 6, op = 'eq', value = 1 }]"), "index");
  has(refusal(rule + "action = 'allow'\nargs = [{ index = 0, op = 'like', value = 1 }]"), "op");
}
