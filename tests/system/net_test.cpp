// SPDX-License-Identifier: Apache-2.0
// net without a network of the host: loopback, empty, joined, devices that move in; and what bad
// input gets. The test program's own host has a network namespace of its own.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

std::string host_net() {
  struct stat info {};
  ::stat("/proc/self/ns/net", &info);
  return std::to_string(info.st_ino);
}

std::string inode(const std::string& report) {
  const std::string link = value(report, "ns.net");
  return link.substr(link.find('[') + 1, link.find(']') - link.find('[') - 1);
}

// A network namespace of its own, as long as the object lives.
class OtherHost {
 public:
  OtherHost() : process_({"unshare", "-n", "sh", "-c", "ip link set lo up; echo ready; sleep 60"}) {
    REQUIRE(process_.wait_for("ready"));
  }
  [[nodiscard]] std::string path() const {
    return "/proc/" + std::to_string(process_.pid()) + "/ns/net";
  }
  [[nodiscard]] Result run(std::vector<std::string> command) const {
    std::vector<std::string> argv{"nsenter", "--net=" + path()};
    argv.insert(argv.end(), command.begin(), command.end());
    return run_program(argv);
  }

 private:
  Process process_;
};

Result refused(std::vector<std::string> flags) {
  flags.insert(flags.begin(), {"run", "--rootfs", shared_root()});
  flags.insert(flags.end(), {"--", "true"});
  const HostUnchanged unchanged;
  Result result = run(flags);
  CHECK(result.exit_code == 125);
  CHECK(result.out.empty());
  CHECK(read_file("/run/mini_container-net").empty());
  CHECK(::access("/run/mini_container-net", F_OK) != 0);
  return result;
}

void check_refused(std::vector<std::string> flags, const std::string& part,
                   const std::string& hint) {
  const Result result = refused(std::move(flags));
  INFO(result);
  CHECK(result.last_error().find(part) != std::string::npos);
  CHECK(result.last_error().find(hint) != std::string::npos);
}

}  // namespace

TEST_CASE("loopback is up and is all there is") {
  const HostUnchanged unchanged;
  const auto links = run_inside({"net"}, {"ip", "-o", "link"});
  CHECK(links.find("lo: <LOOPBACK,UP,LOWER_UP>") != std::string::npos);
  CHECK(std::count(links.begin(), links.end(), '\n') == 1);
  const auto addresses = run_inside({"net"}, {"ip", "-o", "addr"});
  CHECK(addresses.find("127.0.0.1/8") != std::string::npos);
  CHECK(addresses.find("::1/128") != std::string::npos);
  // Who asks keeps his side open: at its end the other one leaves, said or not.
  CHECK(run_inside({"net"}, {"sh", "-c",
                             "echo hello | nc -l -p 7 & i=0; until sleep 0.2 | nc -w 1 127.0.0.1 7;"
                             " do i=$((i+1)); [ $i -lt 50 ] || exit 1; done"}) == "hello\n");
}

TEST_CASE("the network namespace is the container's own, or with mode host the host's") {
  const auto own = inode(run_inside({"net"}, {"attest", "namespaces"}));
  CHECK(!own.empty());
  CHECK(own != host_net());
  CHECK(inode(run_inside({"--net.mode=host"}, {"attest", "namespaces"})) == host_net());
}

TEST_CASE("mode none leaves loopback down") {
  const auto links = run_inside({"--net.mode=none"}, {"ip", "-o", "link"});
  CHECK(links.find("lo: <LOOPBACK> ") != std::string::npos);
}

TEST_CASE("an abstract socket of the host is out of reach, and without net within") {
  Process listener({build_directory() + "/attest", "abstract-listen", "net-test"});
  REQUIRE(listener.wait_for("ready"));
  const std::vector<std::string> connect{"attest", "abstract-connect", "net-test"};
  CHECK(run_inside({"uts"}, connect).find("ok") != std::string::npos);
  const auto result = run(
      {"run", "--rootfs", shared_root(), "--net", "--", "attest", "abstract-connect", "net-test"});
  CHECK(result.out.find("ECONNREFUSED") != std::string::npos);
}

TEST_CASE("a namespace is joined by path") {
  const OtherHost other;
  REQUIRE(other.run({"ip", "link", "add", "seen0", "type", "veth", "peer", "name", "seen1"})
              .exit_code == 0);
  const auto links = run_inside({"--net.join=" + other.path()}, {"ip", "-o", "link"});
  CHECK(links.find("seen0") != std::string::npos);
  CHECK(other.run({"ip", "-o", "link"}).out.find("seen0") != std::string::npos);
}

TEST_CASE("an interface of the host moves in with its addresses under a new name, and back out") {
  REQUIRE(run_program({"ip", "link", "add", "lan0", "type", "veth", "peer", "name", "lan1"})
              .exit_code == 0);
  REQUIRE(run_program({"ip", "addr", "add", "192.0.2.9/24", "brd", "+", "dev", "lan0"}).exit_code ==
          0);
  REQUIRE(run_program({"ip", "addr", "add", "2001:db8::9/64", "dev", "lan0", "nodad"}).exit_code ==
          0);
  REQUIRE(run_program({"ip", "link", "set", "lan0", "up"}).exit_code == 0);
  const std::vector<std::string> look{"ip", "-o", "addr", "show", "dev", "lan0", "scope", "global"};
  const auto before = run_program(look).out;
  {
    const HostUnchanged unchanged;
    const auto out =
        run_inside({"--net.devices=lan0=wan0"}, {"sh", "-c", "ip -o addr; ip addr flush dev wan0"});
    INFO(out);
    CHECK(out.find("wan0    inet 192.0.2.9/24") != std::string::npos);
    CHECK(out.find("wan0    inet6 2001:db8::9/64") != std::string::npos);
    CHECK(out.find("lan0") == std::string::npos);
    // Also where the launch fails once it is inside.
    const auto failed = run(
        {"run", "--rootfs", shared_root(), "--net.devices=lan0=wan0", "--", "/no/such/command"});
    CHECK_MESSAGE(failed.exit_code == 127, failed);
  }
  CHECK(before.find("192.0.2.9/24") != std::string::npos);
  CHECK(run_program(look).out == before);
  CHECK(run_program({"ip", "-o", "link", "show", "lan0"}).out.find(",UP") != std::string::npos);
  // Why it cannot have its name back is told.
  {
    Process box(runtime_command({"run", "--rootfs", shared_root(), "--net.devices=lan0=wan0", "--",
                                 "sh", "-c", "echo up; read line"}));
    REQUIRE(box.wait_for("up"));
    REQUIRE(run_program({"ip", "link", "add", "lan0", "type", "bridge"}).exit_code == 0);
    box.close_input();
    const auto clash = box.finish();
    CHECK_MESSAGE(
        clash.err.find("'wan0' back to the host as 'lan0': File exists") != std::string::npos,
        clash);
    CHECK(run_program({"ip", "link", "del", "lan0"}).exit_code == 0);
  }
  // The kernel has moved it all the same, under the name that it had inside.
  REQUIRE(run_program({"ip", "link", "set", "wan0", "name", "lan0"}).exit_code == 0);
  // What the container has done away with is told.
  // So is what it has put in its place, which does not come out.
  const auto gone =
      run({"run", "--rootfs", shared_root(), "--net.devices=lan0=wan0", "--", "sh", "-c",
           "ip link set wan0 down; ip link set wan0 name other0 && ip link add wan0 type bridge"});
  CHECK_MESSAGE(gone.exit_code == 0, gone);
  CHECK_MESSAGE(gone.err.find("'lan0' of the host, 'wan0' in the container, is no longer there") !=
                    std::string::npos,
                gone);
  CHECK(::access("/proc/sys/net/ipv4/conf/lan0", F_OK) != 0);
  // The kernel removes a virtual link with its namespace, and its other end with it.
  CHECK(eventually([] { return ::access("/proc/sys/net/ipv4/conf/lan1", F_OK) != 0; }));
}

TEST_CASE("names that a launch gives reach /etc/hosts and /etc/resolv.conf") {
  const auto root = fresh_root();
  const auto file = launch_file(
      "[container]\ncommand = [\"cat\", \"/etc/hosts\", "
      "\"/etc/resolv.conf\"]\n[rootfs]\npath = \"" +
      root +
      "\"\n[uts]\nhostname = \"box\"\n[net]\ndns = [\"192.0.2.53\"]\ndns_search = "
      "[\"example.org\"]\n"
      "dns_options = [\"ndots:2\"]\n[net.hosts]\ndb = \"192.0.2.7\"\n");
  const auto result = run({"run", "--config", file});
  INFO(result);
  CHECK(result.out.find("127.0.0.1 localhost\n") == 0);
  CHECK(result.out.find("\n127.0.1.1 box\n") != std::string::npos);
  CHECK(result.out.find("\n192.0.2.7 db\n") != std::string::npos);
  CHECK(result.out.find("nameserver 192.0.2.53\nsearch example.org\noptions ndots:2\n") !=
        std::string::npos);
}

TEST_CASE("a namespace to join that is none is refused") {
  check_refused({"--net.join=/nowhere"}, "'/nowhere'", "No such file or directory (ENOENT)");
  check_refused({"--net.join=/proc/self/ns/uts"}, "another type", "net.join");
  check_refused({"--net.join=/etc/passwd"}, "is not a namespace", "net.join");
  check_refused({"--net.join=/proc/self/ns/net", "--net.mode=bridge"}, "net.join", "loopback");
}

TEST_CASE("addresses that cannot be are refused") {
  const std::string bridge = "--net.mode=bridge";
  for (const std::string address : {"10.0.0.300", "10.0.0", "10.0.0.2/16", "010.0.0.2", "$(reboot)",
                                    "10.0.0.2;ls", "fd00::2", "10.0.0.2 ", "-1"}) {
    CAPTURE(address);
    check_refused({bridge, "--ip=" + address}, "'" + address + "' is not an IPv4 address",
                  "write it like 10.0.0.2");
  }
  check_refused({bridge, "--ip=10.1.0.2"}, "is outside the subnet 10.0.0.0/16", "net.subnet");
  check_refused({bridge, "--ip=10.0.0.0"}, "the subnet's own address", "higher");
  check_refused({bridge, "--ip=10.0.255.255"}, "the broadcast address", "lower");
  check_refused({bridge, "--ip=10.0.0.1"}, "10.0.0.1 is the gateway's", "net.gateway");
  check_refused({bridge, "--ip6=fd00::2"}, "needs the subnet as well", "net.subnet6");
  check_refused({"--ip=10.0.0.2"}, "net.address: has no meaning with mode 'loopback'",
                "set net.mode to bridge");
}

TEST_CASE("subnets and gateways that cannot be are refused") {
  const std::string bridge = "--net.mode=bridge";
  for (const std::string subnet : {"10.0.0.0", "10.0.0.1/16", "10.0.0.0/33", "10.0.0.0/-1",
                                   "10.0.0.0/16x", "fd00::/64", "/16", "`id`/8"}) {
    CAPTURE(subnet);
    check_refused({bridge, "--net.subnet=" + subnet}, "is not an IPv4 subnet", "10.0.0.0/16");
  }
  check_refused({bridge, "--net.subnet=10.0.0.0/31"}, "no room", "8 to 30");
  check_refused({bridge, "--net.subnet=127.0.0.0/8"}, "not for hosts", "private range");
  check_refused({bridge, "--net.subnet=224.0.0.0/8"}, "not for hosts", "private range");
  check_refused({bridge, "--net.gateway=192.0.2.1"}, "outside the subnet", "net.subnet");
}

TEST_CASE("ports that cannot be are refused") {
  const std::string bridge = "--net.mode=bridge";
  for (const std::string port : {"80",
                                 "0:80",
                                 "80:0",
                                 "65536:80",
                                 "80:65536",
                                 "-1:80",
                                 "80:80/icmp",
                                 "a:b",
                                 "1:2:3",
                                 "1.2.3:80:80",
                                 "::1:80:80",
                                 "80:80;ls",
                                 "8000-8002:80-81",
                                 "8002-8000:80-82",
                                 "80-:80-",
                                 "-80:-80",
                                 "1-65536:1-65536",
                                 "1-2000:1-2000",
                                 "80-90:80",
                                 "99999999999999999999:80"}) {
    CAPTURE(port);
    check_refused({bridge, "--publish=" + port}, "net.publish: '" + port + "'", "8080:80");
  }
  check_refused({bridge, "--publish=80:80", "--publish=127.0.0.1:80:81"}, "published twice",
                "8080:80");
  check_refused({bridge, "--publish=80-90:80-90", "--publish=85:1"}, "published twice", "8080:80");
  check_refused({bridge, "--publish=[::1]:80:80"}, "the kernel", "127.0.0.1");
  check_refused({"--publish=80:80"}, "no meaning with mode 'loopback'", "bridge");
}

TEST_CASE("names, hardware addresses and other words that cannot be are refused") {
  const std::string bridge = "--net.mode=bridge";
  check_refused({bridge, "--net.bridge=a/b"}, "'a/b' is not the name of an interface",
                "at most 15");
  check_refused({bridge, "--net.bridge=\";x"}, "is not the name of an interface", "at most 15");
  check_refused({bridge, "--net.bridge=sixteen_bytes_xx"}, "net.bridge", "15");
  check_refused({bridge, "--net.bridge=lo"}, "'lo' of the host is not a bridge", "another name");
  check_refused({bridge, "--net.interface=lo"}, "loopback", "another name");
  check_refused({bridge, "--net.mac=01:00:00:00:00:01"}, "hardware address", "02:00:00:00:00:01");
  check_refused({bridge, "--net.mac=02:00:00:00:00:0g"}, "hardware address", "02:00:00:00:00:01");
  check_refused({bridge, "--net.mtu=67"}, "net.mtu", "68");
  check_refused({bridge, "--net.mtu=1279", "--net.subnet6=fd00:9::/64"}, "net.mtu: 1279", "1280");
  check_refused({"--net.mode=brigde"}, "net.mode", "bridge");
  check_refused({"--net.mode=macvlan"}, "needs an interface of the host", "net.parent");
  check_refused({"--net.mode=macvlan", "--net.parent=nowhere0"}, "no interface 'nowhere0'",
                "ip link");
  check_refused({"--net.mode=macvlan", "--net.parent=lo", "--net.parent_mode=l2"},
                "not a mode of macvlan", "passthru");
  check_refused({"--net.devices=nowhere0="}, "no interface 'nowhere0'", "ip link");
  check_refused({"--net.devices=lo=lo9"}, "loopback", "another interface");
  check_refused({"--dns=example.org"}, "'example.org' is not an address", "192.0.2.53");
  check_refused({"--add-host=db=nowhere"}, "'nowhere' is not an address", "10.0.0.9");
  check_refused({"--net.dns_search=a\nnameserver 192.0.2.1"}, "is not one word", "only");
}

TEST_CASE("a subnet that overlaps a route of the host is refused unless it is allowed") {
  REQUIRE(
      run_program({"ip", "link", "add", "up0", "type", "veth", "peer", "name", "up1"}).exit_code ==
      0);
  REQUIRE(run_program({"ip", "addr", "add", "10.0.4.1/24", "dev", "up0"}).exit_code == 0);
  REQUIRE(run_program({"ip", "link", "set", "up0", "up"}).exit_code == 0);
  check_refused({"--net.mode=bridge"}, "10.0.0.0/16 overlaps the host's route to 10.0.4.0/24",
                "set net.subnet to a free range, or net.allow_overlap");
  check_refused({"--net.mode=bridge", "--net.subnet=10.0.0.0/8"},
                "10.0.0.0/8 overlaps the host's route to 10.0.4.0/24", "net.allow_overlap");
  REQUIRE(run_program({"ip", "-6", "route", "add", "fd00:9::/48", "dev", "up0"}).exit_code == 0);
  check_refused({"--net.mode=bridge", "--net.subnet=10.7.0.0/24", "--net.subnet6=fd00:9::/64"},
                "fd00:9::/64 overlaps the host's route to fd00:9::/48",
                "set net.subnet6 to a free range, or net.allow_overlap");
  CHECK(run_inside({"--net.mode=bridge", "--net.allow_overlap"}, {"ip", "-o", "-4", "addr"})
            .find("10.0.0.2/16") != std::string::npos);
  CHECK(run_inside({"--net.mode=bridge", "--net.subnet=10.7.0.0/24"}, {"ip", "-o", "-4", "addr"})
            .find("10.7.0.2/24") != std::string::npos);
  CHECK(run_program({"ip", "link", "del", "up0"}).exit_code == 0);
}

TEST_CASE("without CAP_NET_ADMIN a bridge is refused with the way out") {
  const auto result = run_program({"setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin",
                                   build_directory() + "/mini_container", "run", "--rootfs",
                                   shared_root(), "--net.mode=bridge", "--", "true"});
  INFO(result);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("EPERM") != std::string::npos);
  CHECK(result.last_error().find("mode user") != std::string::npos);
  CHECK(::access("/run/mini_container-net", F_OK) != 0);
}
