// SPDX-License-Identifier: Apache-2.0
// Profiles from files, the cache of compiled filters, and the action notify.
#include <doctest/doctest.h>

#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <functional>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

const std::string confined = "[pid]\n[no_new_privs]\n[capabilities]\n[seccomp]\n";
const std::string library = LIBRARIES "/libseccomp.so.2";
const std::string cache = "/var/cache/mini_container/seccomp";

Result launch(const std::string& text, const std::vector<std::string>& command) {
  std::vector<std::string> arguments = {"run", "--config", launch_file(text), "--"};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return run(arguments);
}

std::string call(const std::string& text, long number) {
  const auto result = launch(text, {"attest", "syscall", std::to_string(number)});
  if (result.out.starts_with("syscall ")) return result.out.substr(8, result.out.find('\n') - 8);
  return "exit " + std::to_string(result.exit_code) + " " + result.last_error();
}

std::string with_profile(const std::string& json) {
  return confined + "profile = '" + write_file("profile.json", json) + "'\n";
}

std::string refusal(const std::string& text) {
  const HostUnchanged unchanged;
  const auto result = launch(text, {"true"});
  CHECK(result.exit_code == 125);
  return result.last_error();
}

void check_has(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
}

/// An empty cache of the private host's own.
class EmptyCache {
 public:
  EmptyCache() { REQUIRE(::mount("tmpfs", "/var/cache", "tmpfs", 0, "mode=755") == 0); }
  ~EmptyCache() { ::umount2("/var/cache", MNT_DETACH); }
  EmptyCache(const EmptyCache&) = delete;
  EmptyCache& operator=(const EmptyCache&) = delete;
};

/// Nobody can load libseccomp: the loader finds a file of that name which is no library.
class NoLibrary {
 public:
  NoLibrary() {
    const auto directory = fresh_directory();
    write_file("libseccomp.so.2", "no library", directory);
    ::setenv("LD_LIBRARY_PATH", directory.c_str(), 1);
  }
  ~NoLibrary() { ::unsetenv("LD_LIBRARY_PATH"); }
  NoLibrary(const NoLibrary&) = delete;
  NoLibrary& operator=(const NoLibrary&) = delete;
};

std::vector<std::string> cached() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(cache)) out.push_back(entry.path());
  return out;
}

}  // namespace

TEST_CASE("an OCI profile is taken as it is, and so is a whole config.json") {
  const std::string profile = R"({"defaultAction":"SCMP_ACT_ALLOW","unknownProperty":[1],
    "architectures":["SCMP_ARCH_X86_64"],"flags":["SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
    "syscalls":[{"names":["getcwd","call_of_tomorrow"],"action":"SCMP_ACT_ERRNO","errnoRet":54},
      {"names":["getpgid"],"action":"SCMP_ACT_ERRNO",
       "args":[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_NE"}]}]})";
  CHECK(call(with_profile(profile), SYS_getcwd) == "EXFULL");
  CHECK(call(with_profile(profile), SYS_getpgid) == "EPERM");
  CHECK(call(with_profile(profile), SYS_getsid) == "ok");
  CHECK(call(with_profile("{\"linux\":{\"seccomp\":" + profile + "}}"), SYS_getcwd) == "EXFULL");
}

TEST_CASE("of several conditions on one argument any is enough, as engines have it") {
  const std::string profile = R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
    {"names":["getpgid"],"action":"SCMP_ACT_ERRNO","errnoRet":54,
     "args":[{"index":0,"value":0,"op":"SCMP_CMP_EQ"},
             {"index":0,"value":78,"op":"SCMP_CMP_EQ"}]}]})";
  CHECK(call(with_profile(profile), SYS_getpgid) == "EXFULL");  // of process 0
}

TEST_CASE("an engine's conditions are settled for capabilities, machine and kernel") {
  const auto profile = [](const std::string& condition) {
    return with_profile(R"({"defaultAction":"SCMP_ACT_ALLOW","defaultErrnoRet":1,"archMap":[
      {"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86","SCMP_ARCH_X32"]}],
      "syscalls":[{"names":["getcwd"],"action":"SCMP_ACT_ERRNO","errno":"EXFULL",)" +
                        condition + "}]}");
  };
  CHECK(call(profile(R"("includes":{})"), SYS_getcwd) == "EXFULL");
  CHECK(call(profile(R"("includes":{"caps":["CAP_SYS_ADMIN"]})"), SYS_getcwd) != "EXFULL");
  CHECK(call(profile(R"("includes":{"caps":["CAP_SYS_CHROOT"]})"), SYS_getcwd) == "EXFULL");
  CHECK(call(profile(R"("includes":{"caps":["CAP_SETUID"]})"), SYS_getcwd) == "EXFULL");
  CHECK(call(profile(R"("excludes":{"caps":["CAP_NET_BIND_SERVICE"]})"), SYS_getcwd) != "EXFULL");
  CHECK(call(profile(R"("excludes":{"caps":["CAP_SYS_ADMIN"]})"), SYS_getcwd) == "EXFULL");
  CHECK(call(profile(R"("excludes":{"caps":["CAP_SYS_CHROOT"]})"), SYS_getcwd) != "EXFULL");
  CHECK(call(profile(R"("includes":{"arches":["mips"]})"), SYS_getcwd) != "EXFULL");
  CHECK(call(profile(R"("includes":{"minKernel":"4.8"})"), SYS_getcwd) == "EXFULL");
  CHECK(call(profile(R"("includes":{"minKernel":"99.0"})"), SYS_getcwd) != "EXFULL");
  CHECK(call(profile(R"("excludes":{"minKernel":"4.8"})"), SYS_getcwd) != "EXFULL");
}

TEST_CASE("a profile that cannot be read is refused with its name") {
  check_has(refusal(confined + "profile = '/no/such/profile'"), "/no/such/profile");
  check_has(refusal(confined + "profile = '/etc'"), "/etc");
  check_has(refusal(with_profile("")), "profile.json");
  check_has(refusal(with_profile("{\"defaultAction\":")), "profile.json");
  check_has(refusal(with_profile("[]")), "not an object");
  check_has(refusal(with_profile("{}")), "defaultAction is missing");
  check_has(refusal(with_profile(R"({"defaultAction":"SCMP_ACT_MAYBE"})")), "unknown action");
  check_has(refusal(with_profile(R"({"defaultAction":7})")), "text is wanted");
  check_has(refusal(with_profile(R"({"defaultAction":"SCMP_ACT_ERRNO"})")), "forbids execve");
  check_has(refusal(with_profile(R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":{}})")),
            "a list is wanted");
  check_has(refusal(with_profile(R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":
            ["read"]}]})")),
            "without an action");
  check_has(refusal(with_profile(R"({"defaultAction":"SCMP_ACT_ALLOW",
            "architectures":["SCMP_ARCH_Z80"]})")),
            "unknown architecture");
  check_has(refusal(with_profile(std::string(10000, '['))), "profile.json");
  check_has(refusal(with_profile(std::string(2 << 20, ' '))), "larger than");
}

TEST_CASE("a second start does not need libseccomp") {
  const EmptyCache empty;
  {
    const NoLibrary none;
    const auto cold = launch(confined, {"true"});
    CHECK(cold.exit_code == 125);
    check_has(cold.last_error(), "libseccomp.so.2");
  }
  CHECK(launch(confined, {"true"}).exit_code == 0);
  struct stat info {};
  REQUIRE(::stat(cache.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0700);
  CHECK(cached().size() == 1);
  {
    const NoLibrary none;
    CHECK(call(confined, SYS_keyctl) == "EPERM");
    // Another profile, and another set of capabilities, have to be compiled.
    CHECK(launch(confined + "deny = ['getcwd']", {"true"}).exit_code == 125);
    CHECK(launch("[pid]\n[seccomp]", {"true"}).exit_code == 125);
    CHECK(launch(confined + "cache = false", {"true"}).exit_code == 125);
  }
  CHECK(launch(confined + "deny = ['getcwd']\ncache = false", {"true"}).exit_code == 0);
  CHECK(cached().size() == 1);
}

TEST_CASE("a cached file is used only for the description that it was compiled from") {
  const EmptyCache empty;
  REQUIRE(launch(confined + "allow = ['keyctl']", {"true"}).exit_code == 0);
  const std::string weak = cached().front();
  std::filesystem::copy_file(weak, "/run/weak");
  std::filesystem::remove(weak);
  REQUIRE(launch(confined, {"true"}).exit_code == 0);
  const std::string strong = cached().front();
  std::filesystem::copy_file("/run/weak", strong,
                             std::filesystem::copy_options::overwrite_existing);
  CHECK(call(confined, SYS_keyctl) == "EPERM");
  // Cut short, it is compiled again.
  std::filesystem::resize_file(strong, 100);
  CHECK(call(confined, SYS_keyctl) == "EPERM");
  CHECK(std::filesystem::file_size(strong) > 1000);
}

namespace {

/// A file that would be taken for the filter of `strong`, with the program of `weak` in it.
std::string poison(const std::string& strong, const std::string& weak) {
  struct Header {
    std::uint32_t fields[3];
    std::uint32_t instructions;
    std::uint64_t description;
    std::uint64_t texts;
  } head{}, other{};
  std::memcpy(&head, strong.data(), sizeof head);
  std::memcpy(&other, weak.data(), sizeof other);
  head.instructions = other.instructions;
  std::string out(reinterpret_cast<const char*>(&head), sizeof head);
  out += strong.substr(sizeof head, head.description);
  out += weak.substr(sizeof other + other.description);
  return out;
}

/// Puts a poisoned file into the cache; gives its path.
std::string poison_cache() {
  REQUIRE(launch(confined + "allow = ['keyctl']", {"true"}).exit_code == 0);
  const std::string weak = read_file(cached().front());
  std::filesystem::remove(cached().front());
  REQUIRE(launch(confined, {"true"}).exit_code == 0);
  const std::string path = cached().front();
  const std::string poisoned = poison(read_file(path), weak);
  write_file(std::filesystem::path(path).filename(), poisoned, cache);
  return path;
}

bool is_poisoned() { return call(confined, SYS_keyctl) != "EPERM"; }

}  // namespace

TEST_CASE("a cached filter that another user could have made is not used") {
  namespace fs = std::filesystem;
  const auto check_refused = [](const char* how,
                                const std::function<void(const std::string&)>& make) {
    CAPTURE(how);
    const EmptyCache empty;
    const auto path = poison_cache();
    // Root's own it believes: the poison works.
    REQUIRE(is_poisoned());
    make(path);
    CHECK(!is_poisoned());
  };
  const auto give = [](const std::string& path) {
    REQUIRE(::lchown(path.c_str(), 1000, 1000) == 0);
  };
  check_refused("the file is another user's", give);
  check_refused("the directory is another user's", [&](const std::string&) { give(cache); });
  check_refused("others may write the file",
                [](const std::string& path) { fs::permissions(path, fs::perms(0620)); });
  check_refused("others may write the directory",
                [](const std::string&) { fs::permissions(cache, fs::perms(0777)); });
  check_refused("the file is a link", [](const std::string& path) {
    fs::rename(path, "/var/cache/poisoned");
    fs::create_symlink("/var/cache/poisoned", path);
  });
  check_refused("the directory is a link", [](const std::string&) {
    fs::rename(cache, "/var/cache/elsewhere");
    fs::create_directory_symlink("/var/cache/elsewhere", cache);
  });
  check_refused("the file is a FIFO", [](const std::string& path) {
    fs::remove(path);
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  });
}

TEST_CASE("an ordinary user's cache is his own, and none of it is root's") {
  const auto home = fresh_directory();
  const auto state = fresh_directory();
  REQUIRE(::chown(home.c_str(), 1000, 1000) == 0);
  REQUIRE(::chown(state.c_str(), 1000, 1000) == 0);
  RunOptions user;
  user.uid = 1000;
  user.env = {{"XDG_CACHE_HOME", home + "/cache"}};
  const auto start = [&] {
    return run({"--root", state, "run", "--config",
                launch_file("[user]\nmode = 'single'\n" + confined), "--", "true"},
               user);
  };
  const auto first = start();
  CHECK_MESSAGE(first.exit_code == 0, first);
  struct stat info {};
  REQUIRE(::stat((home + "/cache/mini_container/seccomp").c_str(), &info) == 0);
  CHECK(info.st_uid == 1000);
  CHECK((info.st_mode & 07777) == 0700);
  const NoLibrary none;
  CHECK(start().exit_code == 0);
  // Somebody else's cache is passed by.
  REQUIRE(::chown((home + "/cache/mini_container/seccomp").c_str(), 1001, 1001) == 0);
  CHECK(start().exit_code == 125);
}

TEST_CASE("for another kernel or another library the filter is compiled anew") {
  const EmptyCache empty;
  REQUIRE(launch(confined, {"true"}).exit_code == 0);
  {
    const NoLibrary none;
    CHECK(launch(confined, {"true"}).exit_code == 0);
    auto on_another = runtime_command({"run", "--config", launch_file(confined), "--", "true"});
    on_another.insert(on_another.begin(), {"setarch", "--uname-2.6"});
    CHECK(run_program(on_another).exit_code == 125);
  }
  CHECK(cached().size() == 1);
  // The same content, but a younger file.
  const std::string copy = fresh_directory() + "/libseccomp.so.2";
  std::filesystem::copy_file(library, copy);
  REQUIRE(::mount(copy.c_str(), library.c_str(), nullptr, MS_BIND, nullptr) == 0);
  CHECK(launch(confined, {"true"}).exit_code == 0);
  ::umount2(library.c_str(), MNT_DETACH);
  CHECK(cached().size() == 2);
}

TEST_CASE("a cache that others could write is not used, and the container still starts") {
  const EmptyCache empty;
  REQUIRE(launch(confined, {"true"}).exit_code == 0);
  std::filesystem::permissions(cache, std::filesystem::perms::all);
  {
    const NoLibrary none;
    CHECK(launch(confined, {"true"}).exit_code == 125);
  }
  const auto result = launch(confined, {"true"});
  CHECK(result.exit_code == 0);
  check_has(result.err, "is not kept");
}

namespace {

/// Plays the program that answers for notify.
class Listener {
 public:
  Listener() : path_(fresh_directory() + "/socket") {
    socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path_.c_str());
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket_.get(), 1) == 0);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Takes the descriptor; gives the JSON that came with it.
  std::string accept() {
    const mc::Fd connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    char text[4096];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    iovec content{text, sizeof text};
    msghdr message{};
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const auto got = ::recvmsg(connection.get(), &message, MSG_CMSG_CLOEXEC);
    REQUIRE(got > 0);
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    REQUIRE(header != nullptr);
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    notify_.reset(fd);
    return {text, static_cast<std::size_t>(got)};
  }
  /// Answers one call: lets it go on, or has it fail with `error`. Gives its number.
  int answer(int error) {
    seccomp_notif request{};
    REQUIRE(::ioctl(notify_.get(), SECCOMP_IOCTL_NOTIF_RECV, &request) == 0);
    seccomp_notif_resp response{};
    response.id = request.id;
    response.error = -error;
    response.flags = error == 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
    REQUIRE(::ioctl(notify_.get(), SECCOMP_IOCTL_NOTIF_SEND, &response) == 0);
    return request.data.nr;
  }

 private:
  std::string path_;
  mc::Fd socket_;
  mc::Fd notify_;
};

}  // namespace

TEST_CASE("a listener gets the descriptor with the state, and answers calls, execve among them") {
  const HostUnchanged unchanged;
  Listener listener;
  const std::string text = confined + "listener_path = '" + listener.path() +
                           "'\nlistener_metadata = 'a \"word\"'\n[[seccomp.syscalls]]\n"
                           "names = ['execve', 'getsid']\naction = 'notify'\n";
  Process container(mini_container::test::mini_container({"run", "--id", "notify-test", "--config",
                                                          launch_file(text), "--", "attest",
                                                          "syscall", std::to_string(SYS_getsid)}));
  const std::string state = listener.accept();
  check_has(state, "\"fds\":[\"seccompFd\"]");
  check_has(state, "\"id\":\"notify-test\"");
  check_has(state, "\"metadata\":\"a \\\"word\\\"\"");
  CHECK(state.find("\"pid\":-1") == std::string::npos);
  CHECK(listener.answer(0) == SYS_execve);
  CHECK(listener.answer(EXFULL) == SYS_getsid);
  CHECK(container.finish().out == "syscall EXFULL\n");
}

TEST_CASE(
    "the five capability sets, seen from the host right before the execve that changes them") {
  Listener listener;
  const std::string text =
      "[pid]\n[no_new_privs]\n[capabilities]\nbounding = ['chown', 'kill', 'setuid', 'net_raw']\n"
      "permitted = ['chown', 'kill', 'setuid']\neffective = ['kill']\n"
      "inheritable = ['chown', 'setuid', 'net_raw']\nambient = ['chown']\n[seccomp]\n"
      "listener_path = '" +
      listener.path() + "'\n[[seccomp.syscalls]]\nnames = ['execve']\naction = 'notify'\n";
  Process container(mini_container::test::mini_container(
      {"run", "--config", launch_file(text), "--", "attest", "caps"}));
  const std::string state = listener.accept();
  const auto at = state.find("\"pid\":") + 6;
  const std::string status =
      read_file("/proc/" + state.substr(at, state.find(',', at) - at) + "/status");
  check_has(status, "\nCapInh:\t0000000000002081\n");
  check_has(status, "\nCapPrm:\t00000000000000a1\n");
  check_has(status, "\nCapEff:\t0000000000000020\n");
  check_has(status, "\nCapBnd:\t00000000000020a1\n");
  check_has(status, "\nCapAmb:\t0000000000000001\n");
  CHECK(listener.answer(0) == SYS_execve);
  // From then on the kernel's rule for uid 0 under no_new_privs: what is permitted is effective.
  const auto result = container.finish();
  CHECK(value(result.out, "cap.permitted") == "00000000000000a1");
  CHECK(value(result.out, "cap.effective") == "00000000000000a1");
  CHECK(value(result.out, "cap.inheritable") == "0000000000002081");
  check_has(result.err, "execve(2) gives user 0 CAP_CHOWN,CAP_SETUID too");
}

TEST_CASE("notify without a listener, or with one that is not there, is refused") {
  const std::string rule = "[[seccomp.syscalls]]\nnames = ['getsid']\naction = 'notify'\n";
  check_has(refusal(confined + rule), "name its socket: listener_path");
  check_has(refusal(confined + "listener_path = '/run/nobody'\n" + rule),
            "connect to the seccomp listener '/run/nobody'");
  check_has(refusal(confined + "listener_path = '/run/nobody'\ndeny = ['sendmsg']\n" + rule),
            "must allow sendmsg");
}
