// SPDX-License-Identifier: Apache-2.0
// Real programs under config/hardened.toml and config/rootless.toml as they are: busybox, and the
// machine's own shell, perl, tar, sort from a read-only bind of its /usr.
// ctest: RESOURCE_LOCK cgroups
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/system/container_root.hpp"
#include "tests/system/find_process.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;
namespace fs = std::filesystem;

namespace {

/// busybox, and the links and mount points that programs of the machine's /usr need.
std::string program_root() {
  auto root = fresh_root();
  for (const char* name : {"usr", "lib", "lib64", "sbin"})
    if (fs::is_symlink(std::string("/") + name))
      fs::copy_symlink(std::string("/") + name, root + "/" + name);
    else
      fs::create_directories(root + "/" + name);
  return root;
}

constexpr const char* machine_programs =
    "rootfs.mounts=[{ source = '/usr', destination = '/usr', options = ['rbind', 'rro', 'nosuid', "
    "'nodev'] }, { type = 'tmpfs', destination = '/tmp', options = ['nosuid', 'nodev', "
    "'mode=1777', "
    "'size=64M'] }]";

struct Launch {
  const char* config;
  uid_t user;
};
constexpr Launch hardened{"hardened.toml", 0};
constexpr Launch rootless{"rootless.toml", 1000};

std::vector<std::string> command(const Launch& launch, const std::string& script,
                                 const std::string& id) {
  std::vector<std::string> out;
  if (launch.user != 0) {
    const auto state = fresh_directory();
    REQUIRE(::chown(state.c_str(), launch.user, launch.user) == 0);
    out = {"--root", state};
  }
  for (const auto& word :
       {std::string("run"), std::string("--id"), id, std::string("--config"),
        TEST_SOURCE_DIR + std::string("/config/") + launch.config, std::string("--set"),
        "rootfs.path=" + program_root(), std::string("--set"), std::string(machine_programs),
        std::string("--set"), std::string("container.env.PATH=/usr/bin:/usr/sbin:/bin"),
        std::string("--"), std::string("/bin/sh"), std::string("-c"), script})
    out.push_back(word);
  return out;
}

RunOptions as(const Launch& launch) {
  RunOptions out;
  out.uid = launch.user;
  out.timeout = std::chrono::milliseconds(60000);
  if (launch.user != 0) {
    const auto home = fresh_directory();
    REQUIRE(::chown(home.c_str(), launch.user, launch.user) == 0);
    out.env = {{"HOME", home}};
  }
  return out;
}

Result inside(const Launch& launch, const std::string& script) {
  return run(command(launch, script, "programs-test"), as(launch));
}

struct Script {
  std::string text;
  std::string prints;
};
const Script scripts[] = {
    {"seq 1 1000 | awk '{ sum += $1 } END { print sum }'", "500500\n"},
    {"seq 1 20000 >/tmp/in; /usr/bin/sort -R /tmp/in | tee /tmp/mixed | /usr/bin/sort -n "
     "--parallel=2 "
     "| cmp - /tmp/in && ! cmp -s /tmp/mixed /tmp/in && wc -l </tmp/mixed",
     "20000\n"},
    {"cd /tmp && mkdir -p a/b && seq 1 500 >a/b/file && ln -s b a/link && chmod 640 a/b/file && "
     "/usr/bin/tar -czf a.tar.gz a && mkdir out && /usr/bin/tar -xzf a.tar.gz -C out && "
     "cmp a/b/file out/a/link/file && stat -c '%a %F' out/a/b/file",
     "640 regular file\n"},
    {"perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "
     "\"127.0.0.1\") or die; if (my $p = fork) { for (1..50) { my $c = $s->accept; print {$c} "
     "readline($c); close $c } "
     "waitpid $p, 0; print $? >> 8, \"\\n\" } else { my $n = 0; for (1..50) { my $c = "
     "IO::Socket::INET->new(PeerAddr => \"127.0.0.1\", PeerPort => $s->sockport) or die; "
     "print $c \"$_\\n\"; $c->shutdown(1); my $l = <$c>; $n++ if $l == $_ } exit $n }'",
     "50\n"},
    {"perl -e 'for my $round (1..10) { my @p = map { fork || exit $_ % 7 } 1..60; my $sum = 0; "
     "for (@p) { waitpid $_, 0; $sum += $? >> 8 } $total += $sum } print \"$total\\n\"'",
     "1780\n"},
    {"perl -e '$SIG{ALRM} = sub { print \"late\\n\"; exit }; alarm 1; select undef, undef, undef, "
     "9'",
     "late\n"},
    {"perl -e 'use Fcntl \":flock\"; open F, \">/tmp/l\" or die; flock F, LOCK_EX or die; "
     "socketpair A, B, 1, 1, 0 or die $!; syswrite A, \"pair\\n\"; sysread B, $_, 9; print; "
     "open my $m, \"+<\", undef or die; print -s $m, \"\\n\"'",
     "pair\n0\n"},
    {"mkfifo /tmp/p && (echo through >/tmp/p &) && cat /tmp/p && (trap 'echo caught' TERM; "
     "sh -c 'kill -TERM $PPID'; true)",
     "through\ncaught\n"},
    {"find /usr/share/doc -maxdepth 1 -type d | grep -c base-files; id -u; test -e /proc/1/stat && "
     "echo seen",
     "1\n0\nseen\n"},
};

}  // namespace

TEST_CASE("hardened.toml and rootless.toml run real programs") {
  for (const auto& launch : {hardened, rootless}) {
    const HostUnchanged unchanged;
    for (const auto& script : scripts) {
      INFO(std::string(launch.config));
      CAPTURE(script.text);
      const auto result = inside(launch, script.text);
      CHECK_MESSAGE(result.out == script.prints, result);
      CHECK(result.err == "");
      CHECK(result.exit_code == 0);
    }
  }
}

TEST_CASE("hardened.toml: who eats memory is ended at the limit, and it is said") {
  const HostUnchanged unchanged;
  CHECK(inside(hardened, "attest eat-memory 200000000").out == "eat-memory ok\n");
  const auto result = inside(hardened, "attest eat-memory 300000000");
  CHECK(result.exit_code == 137);
  CHECK_MESSAGE(result.err.find("out of memory") != std::string::npos, result);
  CHECK(result.err.find("memory_max is 268435456 bytes") != std::string::npos);
  CHECK(cgroups_named("programs-test").empty());
}

TEST_CASE("hardened.toml: who forks without end stops at the limit, and the host forks on") {
  const HostUnchanged unchanged;
  const auto result = inside(hardened, "attest forks 512");
  const auto made = value(result.out, "forks");
  CHECK_MESSAGE(made.find("EAGAIN") != std::string::npos, result);
  CHECK(std::stoi(made) > 200);
  CHECK(std::stoi(made) < 256);
  CHECK(run_program({"true"}).exit_code == 0);
}

#ifdef __x86_64__
TEST_CASE("hardened.toml: no call by way of i386 or x32") {
  CHECK(inside(hardened, "attest i386 20").exit_code == 128 + 31);
  CHECK(inside(hardened, "attest syscall 1073741863").exit_code == 128 + 31);
}
#endif

TEST_CASE("hardened.toml: the descriptors, the CPU time and the core of a program are bounded") {
  CHECK(inside(hardened, "ulimit -n; ulimit -Hn; ulimit -c").out == "1024\n4096\n0\n");
  const auto opened =
      inside(hardened,
             "perl -e 'my @f; while (open my $f, \"<\", \"/dev/null\") { push @f, $f } print "
             "scalar @f, \" $!\\n\"'");
  CHECK(opened.out.find("Too many open files") != std::string::npos);
  CHECK(std::stoi(opened.out) < 1024);
}

TEST_CASE("hardened.toml: a program at work, seen from the host") {
  Process container(runtime_command(command(hardened, "echo up; exec cat", "programs-seen")));
  REQUIRE(container.wait_for("up"));
  const auto init = first_process("programs-seen");
  const auto children = read_file("/proc/" + init + "/task/" + init + "/children");
  const auto pid = children.substr(0, children.find(' '));
  REQUIRE(!pid.empty());
  const auto status = read_file("/proc/" + pid + "/status");
  for (const char* line :
       {"Uid:\t100000\t100000\t100000\t100000\n", "Gid:\t100000\t100000\t100000\t100000\n",
        "NoNewPrivs:\t1\n", "Seccomp:\t2\n", "CapInh:\t0000000000000000\n",
        "CapBnd:\t00000000800405fb\n", "CapEff:\t00000000800405fb\n"})
    CHECK_MESSAGE(status.find(line) != std::string::npos, status);
  for (const char* space : {"user", "mnt", "pid", "uts", "ipc", "net", "cgroup"})
    CHECK(fs::read_symlink("/proc/" + pid + "/ns/" + space) !=
          fs::read_symlink(std::string("/proc/self/ns/") + space));
  const auto groups = read_file("/proc/" + pid + "/cgroup");
  CHECK(groups.find("/mini_container-programs-seen") != std::string::npos);
  container.close_input();
  CHECK(container.finish().exit_code == 0);
  CHECK(!fs::exists("/run/mini_container/programs-seen"));
}
