// SPDX-License-Identifier: Apache-2.0
// net with a network of the host: bridge, leases, NAT, published ports, macvlan, user mode. The
// test program's own network namespace plays the host, another one the world outside.
// ctest: TIMEOUT 300
#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <set>

#include "tests/skip.hpp"
#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

constexpr auto npos = std::string::npos;
constexpr const char* lease_dir = "/run/mini_container-net";

bool ping(const std::string& address) {
  return run_program({"busybox", "ping", "-c", "1", "-W", "2", address}).exit_code == 0;
}

// What a TCP server at that place says.
std::string ask(const std::string& address, const std::string& port) {
  return run_program({"busybox", "nc", "-w", "2", address, port}).out;
}

// A container on the bridge that stays; it says "serving" where asked on TCP port 7.
class Server {
 public:
  explicit Server(std::string id, std::vector<std::string> flags = {})
      : process_(std::make_unique<Process>(command(id, std::move(flags)))), id_(std::move(id)) {
    const bool ready = process_->wait_for("ready");
    INFO(process_->errors());
    REQUIRE(ready);
    const auto begin = process_->output().find("inet ") + 5;
    address_ = process_->output().substr(begin, process_->output().find('/', begin) - begin);
  }
  ~Server() {
    process_.reset();
    if (!id_.empty()) run({"delete", "--force", id_});
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  [[nodiscard]] const std::string& address() const { return address_; }
  /// Of its first process, as the host sees it.
  [[nodiscard]] std::string pid() const {
    const std::string label = "Container pid: ";
    const auto begin = process_->errors().find(label) + label.size();
    return process_->errors().substr(begin, process_->errors().find('\n', begin) - begin);
  }
  Process& process() { return *process_; }
  /// kill -9 of the agent; the container's state stays for `delete`.
  void kill_agent() {
    process_->signal(SIGKILL);
    process_->finish();
    id_.clear();
  }

 private:
  static std::vector<std::string> command(const std::string& id, std::vector<std::string> flags) {
    std::vector<std::string> out{"run",   "-v",   "--rootfs", shared_root(),
                                 "--pid", "--id", id,         "--net.mode=bridge"};
    out.insert(out.end(), flags.begin(), flags.end());
    out.insert(out.end(), {"--", "sh", "-c",
                           "ip -o addr show dev eth0; nc -ll -p 7 -e echo serving & "
                           "until busybox netstat -ltn | grep -q :7; do sleep 0.01; done; "
                           "trap 'exit 0' TERM; echo ready; sleep 60 & wait"});
    return mini_container::test::mini_container(out);
  }

  std::unique_ptr<Process> process_;
  std::string id_;
  std::string address_;
};

std::string inside(const Server& server, std::vector<std::string> command) {
  command.insert(command.begin(), {"nsenter", "--target", server.pid(), "--mount", "--net"});
  return run_program(command).out;
}

// The world outside: a network namespace with an address, linked to the host, that knows no route
// to the containers.
class Outside {
 public:
  Outside() : process_({"unshare", "-n", "sh", "-c", "ip link set lo up; echo ready; sleep 60"}) {
    REQUIRE(process_.wait_for("ready"));
    const std::string pid = std::to_string(process_.pid());
    host({"ip", "link", "add", "up0", "type", "veth", "peer", "name", "eth0", "netns", pid});
    host({"ip", "addr", "add", "192.0.2.1/24", "dev", "up0"});
    host({"ip", "addr", "add", "2001:db8::1/64", "dev", "up0", "nodad"});
    host({"ip", "link", "set", "up0", "up"});
    there({"ip", "addr", "add", "192.0.2.2/24", "dev", "eth0"});
    there({"ip", "addr", "add", "2001:db8::2/64", "dev", "eth0", "nodad"});
    there({"ip", "link", "set", "eth0", "up"});
  }
  ~Outside() { run_program({"ip", "link", "del", "up0"}); }
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> rest) const {
    rest.insert(rest.begin(),
                {"nsenter", "--net=/proc/" + std::to_string(process_.pid()) + "/ns/net"});
    return rest;
  }
  std::string there(const std::vector<std::string>& rest) const {
    return run_program(command(rest)).out;
  }

 private:
  static void host(const std::vector<std::string>& command) {
    const auto result = run_program(command);
    INFO(result);
    REQUIRE(result.exit_code == 0);
  }
  Process process_;
};

std::string forwarding() { return read_file("/proc/sys/net/ipv4/ip_forward"); }
std::string tables() { return run_program({"nft", "list", "tables"}).out; }

// Everything that a bridge brings is gone when the object goes.
class NothingLeft {
 public:
  NothingLeft() : forwarding_(forwarding()) {}
  ~NothingLeft() {
    CHECK(::access(lease_dir, F_OK) != 0);
    CHECK(tables().empty());
    CHECK(::access("/proc/sys/net/ipv4/conf/mini_container0", F_OK) != 0);
    CHECK(forwarding() == forwarding_);
  }
  NothingLeft(const NothingLeft&) = delete;
  NothingLeft& operator=(const NothingLeft&) = delete;

 private:
  HostUnchanged unchanged_;
  std::string forwarding_;
};

void end(Server& server) {
  server.process().signal(SIGTERM);
  const auto result = server.process().finish();
  INFO(result);
  CHECK(!result.timed_out);
}

}  // namespace

TEST_CASE("two containers and the host ping each other and pass TCP") {
  const NothingLeft nothing;
  Server one("one");
  Server two("two");
  CHECK(one.address() == "10.0.0.2");
  CHECK(two.address() == "10.0.0.3");
  CHECK(ping(one.address()));
  CHECK(ping(two.address()));
  CHECK(ask(one.address(), "7") == "serving\n");
  CHECK(inside(one, {"ping", "-c", "1", "-W", "2", two.address()}).find(" 0% packet loss") != npos);
  CHECK(inside(two, {"ping", "-c", "1", "-W", "2", "10.0.0.1"}).find(" 0% packet loss") != npos);
  CHECK(inside(one, {"nc", "-w", "2", two.address(), "7"}) == "serving\n");
  Process host_server({"busybox", "nc", "-ll", "-p", "9", "-e", "echo", "host"});
  CHECK(eventually([&] { return inside(one, {"nc", "-w", "1", "10.0.0.1", "9"}) == "host\n"; }));
  end(one);
  end(two);
}

TEST_CASE("a container does not see another's configuration, nor its abstract sockets") {
  const NothingLeft nothing;
  Server one("one");
  Server two("two");
  const auto seen = inside(two, {"ip", "-o", "addr"});
  CHECK(seen.find(two.address()) != npos);
  CHECK(seen.find(one.address()) == npos);
  CHECK(seen.find("mini_container0") == npos);
  CHECK(inside(two, {"cat", "/proc/net/unix"}).find("@net-one") == npos);
  Process listener({"nsenter", "--target", one.pid(), "--mount", "--net", "attest",
                    "abstract-listen", "net-one"});
  REQUIRE(listener.wait_for("ready"));
  CHECK(inside(one, {"attest", "abstract-connect", "net-one"}).find("ok") != npos);
  CHECK(inside(two, {"attest", "abstract-connect", "net-one"}).find("ECONNREFUSED") != npos);
  // Configuring one's own interface changes nobody else's.
  inside(two, {"ip", "addr", "add", "10.0.0.77/32", "dev", "eth0"});
  CHECK(inside(one, {"ip", "-o", "addr"}).find("10.0.0.77") == npos);
  end(one);
  end(two);
}

TEST_CASE("published ports answer on the host's loopback, its addresses, and from outside") {
  const NothingLeft nothing;
  const Outside outside;
  Server server("web", {"--publish=8080:7", "--publish=192.0.2.1:8081:7"});
  CHECK(ask("127.0.0.1", "8080") == "serving\n");
  CHECK(ask("192.0.2.1", "8080") == "serving\n");
  CHECK(ask("192.0.2.1", "8081") == "serving\n");
  CHECK(ask("127.0.0.1", "8081").empty());
  CHECK(outside.there({"busybox", "nc", "-w", "2", "192.0.2.1", "8080"}) == "serving\n");
  CHECK(outside.there({"busybox", "nc", "-w", "2", "192.0.2.1", "8081"}) == "serving\n");
  // Through its own published port, over the host and back.
  CHECK(inside(server, {"nc", "-w", "2", "192.0.2.1", "8080"}) == "serving\n");
  // What is not published stays closed to others, also to those who know the way.
  outside.there({"ip", "route", "add", "10.0.0.0/16", "via", "192.0.2.1"});
  CHECK(outside.there({"busybox", "nc", "-w", "1", server.address(), "7"}).empty());
  end(server);
  CHECK(ask("127.0.0.1", "8080").empty());
}

TEST_CASE("UDP and ranges of ports are published") {
  const NothingLeft nothing;
  const Outside outside;
  Server server("web", {"--publish=5353:53/udp", "--publish=127.0.0.1:5354:53/udp",
                        "--publish=8000-8003:5-8"});
  Process udp({"nsenter", "--target", server.pid(), "--mount", "--net", "attest", "udp-serve", "53",
               "word"});
  REQUIRE(udp.wait_for("serving"));
  const auto asked = [](const std::string& address, const std::string& port) {
    return run_program({build_directory() + "/attest", "udp-ask", address, port}).out;
  };
  CHECK(asked("127.0.0.1", "5353") == "word\n");
  CHECK(asked("192.0.2.1", "5353") == "word\n");
  CHECK(asked("127.0.0.1", "5354") == "word\n");
  CHECK(asked("192.0.2.1", "5354") != "word\n");
  CHECK(outside.there({build_directory() + "/attest", "udp-ask", "192.0.2.1", "5353"}) == "word\n");
  CHECK(outside.there({build_directory() + "/attest", "udp-ask", "192.0.2.1", "5354"}) != "word\n");
  // 8000 is 5, so 8002 is 7, where it serves; the ends of the range lead nowhere else.
  CHECK(ask("127.0.0.1", "8002") == "serving\n");
  CHECK(outside.there({"busybox", "nc", "-w", "2", "192.0.2.1", "8002"}) == "serving\n");
  for (const char* port : {"8000", "8001", "8003", "8004"}) CHECK(ask("127.0.0.1", port).empty());
  const auto clash = run({"run", "--rootfs", shared_root(), "--net.mode=bridge",
                          "--publish=8003-8010:1-8", "--", "true"});
  CHECK_MESSAGE(clash.last_error().find("*:8003/tcp is published by container 'web'") != npos,
                clash);
  udp.signal(SIGKILL);
  udp.finish();
  end(server);
  CHECK(asked("127.0.0.1", "5353") != "word\n");
}

TEST_CASE("a published port goes with its container, while others keep the network") {
  const NothingLeft nothing;
  Server stays("stays");
  Server first("first", {"--publish=8080:7"});
  CHECK(ask("127.0.0.1", "8080") == "serving\n");
  end(first);
  CHECK(run_program({"nft", "list", "ruleset"}).out.find("8080") == npos);
  Server second("second", {"--ip=10.0.0.9", "--publish=8080:7"});
  CHECK(ask("127.0.0.1", "8080") == "serving\n");
  end(second);
  end(stays);
}

TEST_CASE("the container's link goes with it, though somebody holds its namespace") {
  const NothingLeft nothing;
  Server stays("stays");
  Server held("held");
  const mc::Fd space(::open(("/proc/" + held.pid() + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(space);
  const auto links = [] {
    return run_program({"ip", "-o", "link", "show", "master", "mini_container0"}).out;
  };
  const auto both = links();
  CHECK(std::count(both.begin(), both.end(), '\n') == 2);
  end(held);
  const auto left = links();
  CHECK_MESSAGE(std::count(left.begin(), left.end(), '\n') == 1, left);
  end(stays);
}

TEST_CASE("the default route leads to the gateway, and the names are those of the host") {
  const NothingLeft nothing;
  const auto conf = write_file(
      "resolv.conf", "nameserver 127.0.0.53\nnameserver 192.0.2.53\nsearch example.org\n");
  REQUIRE(::mount(conf.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) == 0);
  Server server("routed", {"--net.subnet=10.7.0.0/24", "--net.gateway=10.7.0.254",
                           "--net.subnet6=fd00:7::/64"});
  ::umount2("/etc/resolv.conf", MNT_DETACH);
  const auto route = inside(server, {"ip", "route"});
  CHECK(route.find("default via 10.7.0.254 dev eth0") != npos);
  CHECK(route.find("10.7.0.0/24 dev eth0") != npos);
  CHECK(inside(server, {"ip", "-6", "route"}).find("default via fd00:7::1 dev eth0") != npos);
  CHECK(inside(server, {"cat", "/etc/resolv.conf"}) ==
        "nameserver 192.0.2.53\nsearch example.org\n");
  CHECK(inside(server, {"cat", "/etc/hosts"}).find("10.7.0.1 routed\nfd00:7::2 routed\n") != npos);
  CHECK(run_program({"ip", "-o", "addr", "show", "dev", "mini_container0"})
            .out.find("10.7.0.254/24") != npos);
  end(server);
}

TEST_CASE("where the host asks a stub on its loopback, the container asks whom the stub asks") {
  namespace fs = std::filesystem;
  const NothingLeft nothing;
  const auto conf =
      write_file("resolv.conf", "nameserver 127.0.0.53\noptions trust-ad\nsearch stub.test\n");
  const std::string behind = "/run/systemd/resolve";
  REQUIRE_FALSE(fs::exists(behind));
  fs::create_directories(behind);
  REQUIRE(::mount(conf.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) == 0);
  const auto names = [] {
    Server server("stub");
    const auto out = inside(server, {"cat", "/etc/resolv.conf"});
    end(server);
    return out;
  };
  const auto unknown = names();
  write_file("resolv.conf", "nameserver 192.0.2.53\nsearch example.org\n", behind);
  const auto asked = names();
  ::umount2("/etc/resolv.conf", MNT_DETACH);
  fs::remove_all(behind);
  CHECK(unknown == "options trust-ad\nsearch stub.test\n");
  CHECK(asked == "nameserver 192.0.2.53\nsearch example.org\n");
}

TEST_CASE("a container does not reach what listens on the host's loopback alone") {
  const NothingLeft nothing;
  Server server("web", {"--publish=8080:7"});
  const auto directory = fresh_directory();
  write_file("secret", "secret", directory);
  Process listener({"busybox", "httpd", "-f", "-p", "127.0.0.1:9", "-h", directory});
  const std::vector<std::string> fetch{
      "sh", "-c",
      "printf 'GET /secret HTTP/1.0\\r\\n\\r\\n' | busybox timeout 2 busybox nc -w 1 127.0.0.1 9"};
  std::vector<std::string> on_host = fetch;
  on_host.insert(on_host.begin(), "busybox");
  REQUIRE(eventually([&] { return run_program(on_host).out.find("secret") != npos; }));
  inside(server, {"ip", "link", "set", "lo", "down"});
  inside(server, {"ip", "addr", "flush", "dev", "lo"});
  inside(server, {"ip", "route", "add", "127.0.0.1", "via", "10.0.0.1"});
  CHECK(
      inside(server, {"sh", "-c", "echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet"}).empty());
  CHECK(inside(server, fetch).empty());
  end(server);
}

TEST_CASE("traffic leaves under the host's address, with nat = false it does not") {
  const NothingLeft nothing;
  const Outside outside;
  {
    Server server("out");
    Process world(outside.command(
        {"busybox", "nc", "-ll", "-p", "9", "-e", "sh", "-c", "busybox netstat -tn"}));
    const auto answered = [&] {
      return inside(server, {"nc", "-w", "2", "192.0.2.2", "9"}).find("192.0.2.1:") != npos;
    };
    CHECK(eventually(answered));
    CHECK(inside(server, {"ping", "-c", "1", "-W", "2", "192.0.2.2"}).find(" 0% packet loss") !=
          npos);
    end(server);
  }
  Server closed("closed", {"--net.nat=false"});
  CHECK(tables().empty());
  CHECK(inside(closed, {"ping", "-c", "1", "-W", "1", "192.0.2.2"}).find(" 0% packet loss") ==
        npos);
  CHECK(ping(closed.address()));
  end(closed);
}

TEST_CASE("IPv6: addresses, the default route, NAT and published ports") {
  const NothingLeft nothing;
  const Outside outside;
  Server one("one", {"--net.subnet6=fd00:5::/64", "--publish=8080:7"});
  Server two("two", {"--net.subnet6=fd00:5::/64", "--ip6=fd00:5::77"});
  CHECK(inside(one, {"ip", "-6", "-o", "addr"}).find("fd00:5::2/64") != npos);
  CHECK(inside(two, {"ip", "-6", "-o", "addr"}).find("fd00:5::77/64") != npos);
  CHECK(ping("fd00:5::2"));
  CHECK(inside(one, {"ping", "-c", "1", "-W", "2", "fd00:5::77"}).find(" 0% packet loss") != npos);
  CHECK(inside(one, {"ping", "-c", "1", "-W", "2", "2001:db8::2"}).find(" 0% packet loss") != npos);
  CHECK(outside.there({"busybox", "nc", "-w", "2", "2001:db8::1", "8080"}) == "serving\n");
  end(one);
  end(two);
  CHECK(read_file("/proc/sys/net/ipv6/conf/all/forwarding") == "0\n");
}

TEST_CASE("a port published on every IPv6 address is no IPv4 port, and needs an IPv6 network") {
  const NothingLeft nothing;
  const Outside outside;
  Server one("one", {"--net.subnet6=fd00:5::/64", "--publish=[::]:8080:7"});
  // The links' own addresses are not there at once.
  CHECK(eventually([&] {
    return outside.there({"busybox", "nc", "-w", "2", "2001:db8::1", "8080"}) == "serving\n";
  }));
  CHECK(ask("127.0.0.1", "8080").empty());
  end(one);
  const auto none = run({"run", "--rootfs", shared_root(), "--net.mode=bridge",
                         "--publish=[::]:8080:7", "--", "true"});
  CHECK_MESSAGE(none.exit_code == 125, none);
  CHECK_MESSAGE(none.last_error().find("[::]:8080/tcp: the container has no IPv6 address; set "
                                       "net.subnet6") != npos,
                none);
}

TEST_CASE("an address, a hardware address, an MTU and a name that are asked for are given") {
  const NothingLeft nothing;
  Server server("named", {"--ip=10.0.9.9", "--net.mac=02:00:00:00:00:09", "--net.mtu=1400",
                          "--hostname=box.example.org"});
  CHECK(server.address() == "10.0.9.9");
  const auto link = inside(server, {"ip", "link", "show", "dev", "eth0"});
  CHECK(link.find("02:00:00:00:00:09") != npos);
  CHECK(link.find("mtu 1400") != npos);
  CHECK(inside(server, {"cat", "/etc/hosts"}).find("10.0.9.9 box.example.org named\n") != npos);
  end(server);
}

TEST_CASE("an address, a port or a shape that somebody else has is refused by name") {
  const NothingLeft nothing;
  Server one("one", {"--publish=8080:7"});
  const auto refused = [](std::vector<std::string> flags, const std::string& part,
                          const std::string& hint) {
    flags.insert(flags.begin(), {"run", "--rootfs", shared_root(), "--net.mode=bridge"});
    flags.insert(flags.end(), {"--", "true"});
    const auto result = run(flags);
    INFO(result);
    CHECK(result.exit_code == 125);
    CHECK(result.last_error().find(part) != npos);
    CHECK(result.last_error().find(hint) != npos);
  };
  refused({"--ip=10.0.0.2"}, "10.0.0.2 is in use by container 'one'", "another address");
  refused({"--publish=8080:80"}, "*:8080/tcp is published by container 'one'", "another port");
  refused({"--publish=127.0.0.1:8080:80"}, "is published by container 'one'", "another port");
  refused({"--net.bridge=other0", "--net.subnet=10.9.0.0/24", "--publish=8080:80"},
          "is published by container 'one'", "another port");
  refused({"--net.subnet=10.9.0.0/24"}, "is used with subnet and gateway 10.0.0.0/16 10.0.0.1",
          "net.bridge");
  refused({"--net.nat=false"}, "is used with nat = true", "net.bridge");
  Process listener({"busybox", "nc", "-ll", "-p", "8082", "-e", "true"});
  REQUIRE(eventually([] {
    return run_program({"busybox", "nc", "-w", "1", "127.0.0.1", "8082"}).exit_code == 0;
  }));
  refused({"--publish=8082:80"}, "a process of the host uses *:8082/tcp", "another port");
  // A listener on IPv6 alone is in the way of a network that has IPv6, and of no other.
  Process six({build_directory() + "/attest", "listen6", "8083"});
  REQUIRE(six.wait_for("listening"));
  refused({"--net.bridge=six0", "--net.subnet=10.9.0.0/24", "--net.subnet6=fd00:9::/64",
           "--publish=8083:80"},
          "a process of the host uses *:8083/tcp", "another port");
  CHECK(run({"run", "--rootfs", shared_root(), "--net.mode=bridge", "--publish=8083:80", "--",
             "true"})
            .exit_code == 0);
  refused({"--publish=203.0.113.9:80:80"}, "the host has no address 203.0.113.9", "ip address");
  CHECK(ask("127.0.0.1", "8080") == "serving\n");
  end(one);
}

TEST_CASE("a subnet without a free address is refused, and a freed one is leased again") {
  const NothingLeft nothing;
  auto one = std::make_unique<Server>("one", std::vector<std::string>{"--net.subnet=10.7.0.0/30"});
  CHECK(one->address() == "10.7.0.2");
  const auto full = run({"run", "--rootfs", shared_root(), "--net.mode=bridge",
                         "--net.subnet=10.7.0.0/30", "--", "true"});
  INFO(full);
  CHECK(full.exit_code == 125);
  CHECK(full.last_error().find("every address of 10.7.0.0/30 is in use") != npos);
  end(*one);
  Server again("again", {"--net.subnet=10.7.0.0/30"});
  CHECK(again.address() == "10.7.0.2");
  end(again);
}

TEST_CASE("64 starts at once get 64 addresses, and leave nothing") {
  const NothingLeft nothing;
  std::vector<std::unique_ptr<Process>> all;
  for (int i = 0; i < 64; ++i)
    all.push_back(std::make_unique<Process>(
        ::mini_container::test::mini_container(
            {"run", "--rootfs", shared_root(), "--net.mode=bridge", "--", "sh", "-c",
             "ip -o -4 addr show dev eth0; echo ready; read line"}),
        RunOptions{.timeout = std::chrono::milliseconds(60000)}));
  std::set<std::string> addresses;
  for (auto& process : all) {
    const bool ready = process->wait_for("ready", false, std::chrono::milliseconds(60000));
    INFO(process->errors());
    REQUIRE(ready);
    const auto& out = process->output();
    const auto begin = out.find("inet ") + 5;
    addresses.insert(out.substr(begin, out.find('/', begin) - begin));
  }
  CHECK(addresses.size() == 64);
  CHECK(ping("10.0.0.2"));
  for (auto& process : all) process->close_input();
  for (auto& process : all) CHECK(process->finish().exit_code == 1);
}

TEST_CASE("after kill -9 of the agent the lease is free, and delete leaves nothing") {
  const NothingLeft nothing;
  {
    Server one("killed", {"--publish=8080:7"});
    one.kill_agent();
    CHECK(eventually([&] { return ::access(("/proc/" + one.pid()).c_str(), F_OK) != 0; }));
  }
  CHECK(tables().find("mini_container_mini_container0") != npos);
  {
    // The dead container's address and port are had by the next one that asks for them.
    Server two("next", {"--ip=10.0.0.2", "--publish=8080:7"});
    CHECK(ask("127.0.0.1", "8080") == "serving\n");
    // Nor does the late clean-up take them from it.
    CHECK(run({"delete", "killed"}).exit_code == 0);
    CHECK(ask("127.0.0.1", "8080") == "serving\n");
    CHECK(ping("10.0.0.2"));
    end(two);
  }
  CHECK(::access(lease_dir, F_OK) != 0);
  {
    Server one("killed", {"--publish=8080:7"});
    one.kill_agent();
  }
  // The kernel kills the container with its agent, but not at once.
  CHECK(eventually([] { return run({"delete", "killed"}).exit_code == 0; }));
}

TEST_CASE("an agent that nobody reaps has no lease any more") {
  const NothingLeft nothing;
  {
    Server one("unreaped");
    one.process().signal(SIGKILL);
    const auto stat = "/proc/" + std::to_string(one.process().pid()) + "/stat";
    REQUIRE(eventually([&] { return read_file(stat).find(") Z ") != npos; }));
    REQUIRE(eventually([&] { return ::access(("/proc/" + one.pid()).c_str(), F_OK) != 0; }));
    Server two("next", {"--ip=" + one.address()});
    end(two);
    one.kill_agent();
  }
  CHECK(run({"delete", "unreaped"}).exit_code == 0);
}

TEST_CASE("what a dead container has not got any more is not taken from whom it belongs to") {
  const NothingLeft nothing;
  const std::string subnet = "--net.subnet=10.7.0.0/30";
  Server one("one", {subnet});
  // Its own record once more, under the number of a process that is none.
  const auto shell = [](const std::string& script) {
    return run_program({"sh", "-c", "cd /run/mini_container-net/* && " + script}).exit_code;
  };
  REQUIRE(
      shell("sed -E 's/^(agent|container) .*/\\1 4194304 1/' container.* >container.0123456789ab "
            "&& grep -q '^address 10.7.0.2' container.0123456789ab") == 0);
  const auto full = run({"run", "--rootfs", shared_root(), "--net.mode=bridge", subnet, "true"});
  CHECK_MESSAGE(full.last_error().find("every address of 10.7.0.0/30 is in use") != npos, full);
  CHECK(shell("test -e container.0123456789ab") != 0);
  CHECK(shell("test -e address.10.7.0.2") == 0);
  CHECK(ping(one.address()));
  end(one);
}

TEST_CASE("kill -9 of the agent at any point leaves nothing that delete does not find") {
  const NothingLeft nothing;
  for (int i = 0; i < 24; ++i) {
    CAPTURE(i);
    {
      Process agent(mini_container::test::mini_container(
          {"run", "--id", "shot", "-r", shared_root(), "--pid", "--net.mode=bridge",
           "--net.subnet6=fd00:5::/64", "--publish=8080-8083:80-83", "--", "sleep", "20"}));
      std::this_thread::sleep_for(std::chrono::milliseconds(i * 3 / 2));
      agent.signal(SIGKILL);
      agent.finish();
    }
    // Killed before it recorded itself, there is nothing to delete.
    std::string said;
    const bool gone = eventually([&] {
      const auto result = run({"delete", "--force", "shot"});
      said = result.err;
      return result.exit_code == 0;
    });
    CHECK_MESSAGE(gone, said);
    CHECK(tables().empty());
    CHECK(::access(lease_dir, F_OK) != 0);
  }
}

TEST_CASE("a bridge that was there before is used and stays") {
  REQUIRE(run_program({"ip", "link", "add", "lan0", "type", "bridge"}).exit_code == 0);
  REQUIRE(run_program({"ip", "addr", "add", "10.8.0.1/24", "dev", "lan0"}).exit_code == 0);
  REQUIRE(run_program({"ip", "link", "set", "lan0", "up"}).exit_code == 0);
  {
    const NothingLeft nothing;
    Server server("guest", {"--net.bridge=lan0", "--net.subnet=10.8.0.0/24"});
    CHECK(server.address() == "10.8.0.2");
    CHECK(ping(server.address()));
    end(server);
  }
  CHECK(run_program({"ip", "-o", "addr", "show", "dev", "lan0"}).out.find("10.8.0.1/24") != npos);
  CHECK(run_program({"ip", "link", "del", "lan0"}).exit_code == 0);
}

TEST_CASE("a launch that fails after the lease gives everything back") {
  const NothingLeft nothing;
  const auto result = run({"run", "--rootfs", shared_root(), "--net.mode=bridge", "--publish=80:80",
                           "--", "/no/such/command"});
  INFO(result);
  CHECK(result.exit_code == 127);
}

TEST_CASE("a lease directory that others may write to is refused") {
  const auto directory = fresh_directory();
  REQUIRE(::chmod(directory.c_str(), 0777) == 0);
  const auto result = run({"run", "--rootfs", shared_root(), "--net.mode=bridge",
                           "--net.lease_dir=" + directory, "--", "true"});
  INFO(result);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("others may write to it") != npos);
  CHECK(tables().empty());
}

TEST_CASE("macvlan: an interface on one of the host's, with an address beside it") {
  const NothingLeft nothing;
  const Outside outside;
  const auto result = run({"run", "--rootfs", shared_root(), "--net.mode=macvlan",
                           "--net.parent=up0", "--net.subnet=192.0.2.0/24", "--ip=192.0.2.50", "--",
                           "ping", "-c", "1", "-W", "2", "192.0.2.2"});
  INFO(result);
  CHECK(result.out.find(" 0% packet loss") != npos);
}

TEST_CASE("macvlan without a subnet: an interface without an address, which is up") {
  const NothingLeft nothing;
  const Outside outside;
  const auto result = run({"run", "--rootfs", shared_root(), "--net.mode=macvlan",
                           "--net.parent=up0", "--", "ip", "-4", "-o", "address"});
  INFO(result);
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("eth0") == npos);
  CHECK(run({"run", "--rootfs", shared_root(), "--net.mode=macvlan", "--net.parent=up0", "--", "ip",
             "link", "show", "dev", "eth0", "up"})
            .out.find("eth0") != npos);
}

TEST_CASE("macvlan: a larger MTU than the parent's is refused, and told") {
  const NothingLeft nothing;
  const Outside outside;
  const auto result = run({"run", "--rootfs", shared_root(), "--net.mode=macvlan",
                           "--net.parent=up0", "--net.mtu=9000", "--", "true"});
  INFO(result);
  CHECK(result.exit_code == 125);
  CHECK(result.last_error().find("may not be above the parent's") != npos);
}

TEST_CASE("ipvlan: an interface on one of the host's, or one clear error") {
  const NothingLeft nothing;
  const Outside outside;
  const auto result = run({"run", "--rootfs", shared_root(), "--net.mode=ipvlan",
                           "--net.parent=up0", "--net.subnet=192.0.2.0/24", "--ip=192.0.2.50", "--",
                           "ping", "-c", "1", "-W", "2", "192.0.2.2"});
  INFO(result);
  if (result.exit_code == 125) {
    CHECK(result.last_error().find("create ipvlan 'eth0'") != npos);
    CHECK(result.last_error().find("this kernel has no such link") != npos);
    SKIP_CASE("this kernel has no ipvlan");
  }
  CHECK(result.out.find(" 0% packet loss") != npos);
}

// Where /dev/net/tun is everybody's, as udev makes it; this machine's may not be.
class Tun {
 public:
  Tun() {
    REQUIRE(::mount("tmpfs", "/dev/net", "tmpfs", 0, "mode=755") == 0);
    REQUIRE(run_program({"mknod", "-m", "666", "/dev/net/tun", "c", "10", "200"}).exit_code == 0);
  }
  ~Tun() { ::umount2("/dev/net", MNT_DETACH); }
  Tun(const Tun&) = delete;
  Tun& operator=(const Tun&) = delete;
};

TEST_CASE("user mode by an ordinary user: the world is reached, and no process stays") {
  const auto root = fresh_root();
  const auto home = fresh_directory();
  run_program({"chown", "-R", "1000:1000", root, home});
  for (const std::string helper : {"slirp4netns", "pasta"}) {
    CAPTURE(helper);
    const NothingLeft nothing;
    const Outside outside;
    const Tun tun;
    run_program({"ip", "route", "add", "default", "via", "192.0.2.2"});
    Process world(outside.command({"busybox", "nc", "-ll", "-p", "9", "-e", "echo", "world"}));
    const auto file = write_file(
        "user.toml",
        "[container]\ncommand = [\"sh\", \"-c\", \"id -u; ip -o addr; cat "
        "/etc/resolv.conf; busybox timeout 3 nc -w 3 192.0.2.2 9; true\"]\n[rootfs]\n"
        "path = \"" +
            root +
            "\"\noverlay = true\n[pid]\ninit = true\n[user]\n"
            "mode = \"single\"\n[net]\nmode = \"user\"\ndns = [\"192.0.2.53\"]\nhelper = \"" +
            helper + "\"\n");
    Result result;
    const auto answered = [&] {
      result = run({"run", "--config", file},
                   {.env = {{"HOME", home}, {"XDG_RUNTIME_DIR", home}}, .uid = 1000});
      return result.out.find("world\n") != npos;
    };
    CHECK(eventually(answered));
    INFO(result);
    CHECK(result.out.starts_with("0\n"));
    CHECK(result.out.find("eth0") != npos);
    CHECK(result.out.find("nameserver 192.0.2.53\n") != npos);
  }
}

TEST_CASE("user mode: the container reaches the world through a process of the host") {
  for (const std::string helper : {"slirp4netns", "pasta"}) {
    CAPTURE(helper);
    const NothingLeft nothing;
    const Outside outside;
    run_program({"ip", "route", "add", "default", "via", "192.0.2.2"});
    Process world(outside.command({"busybox", "nc", "-ll", "-p", "9", "-e", "echo", "world"}));
    Result result;
    // nc leaves when the other side ends, which pasta does not always pass on.
    const auto answered = [&] {
      result = run({"run", "--rootfs", shared_root(), "--net.mode=user", "--net.helper=" + helper,
                    "--", "sh", "-c", "ip -o addr; busybox timeout 3 nc -w 3 192.0.2.2 9"});
      return result.out.find("world\n") != npos;
    };
    CHECK(eventually(answered));
    INFO(result);
    CHECK(result.out.find("eth0") != npos);
  }
}

// In slirp4netns's place, and tells its number: it gets ready, and does what `then` says.
std::string helper_program(const std::string& note, const std::string& then) {
  const auto path =
      write_file("helper", "#!/bin/sh\necho $$ > " + note + "\nprintf r >&3\n" + then);
  std::filesystem::permissions(path, std::filesystem::perms::all);
  return path;
}

TEST_CASE("user mode: a helper that does not end by itself is ended with the container") {
  const NothingLeft nothing;
  const auto note = fresh_directory() + "/pid";
  const auto helper = helper_program(note, "trap '' TERM\nwhile :; do sleep 0.05; done\n");
  const auto result =
      run({"run", "--rootfs", shared_root(), "--net.mode=user", "--net.helper=slirp4netns",
           "--net.helper_path=" + helper, "--", "true"});
  CHECK_MESSAGE(result.exit_code == 0, result);
  CHECK(!read_file(note).empty());
}

TEST_CASE("user mode: a helper that cannot be noted is not left waiting to be started") {
  const NothingLeft nothing;
  const auto state = fresh_directory();
  // The record fills it.
  const auto size = "mode=700,size=" + std::to_string(::sysconf(_SC_PAGESIZE));
  REQUIRE(::mount("tmpfs", state.c_str(), "tmpfs", 0, size.c_str()) == 0);
  const auto result =
      run({"--root", state, "run", "--detach", "--output=/dev/null", "--rootfs", shared_root(),
           "--net.mode=user", "--net.helper_path=/bin/true", "--", "true"});
  CHECK(::umount2(state.c_str(), MNT_DETACH) == 0);
  CHECK_MESSAGE(result.exit_code == 125, result);
  CHECK(result.err.find("note the helper: No space left on device (ENOSPC)") != npos);
}

TEST_CASE("user mode: the helper ends with an agent that is killed") {
  const NothingLeft nothing;
  const auto note = fresh_directory() + "/pid";
  const auto helper = helper_program(note, "exec sleep 60\n");
  Process agent(mini_container::test::mini_container(
      {"run", "--id", "shot", "--rootfs", shared_root(), "--pid", "--net.mode=user",
       "--net.helper=slirp4netns", "--net.helper_path=" + helper, "--", "sh", "-c",
       "echo up; sleep 60"}));
  REQUIRE(agent.wait_for("up"));
  const auto pid = read_file(note);
  const auto process = "/proc/" + pid.substr(0, pid.find('\n'));
  REQUIRE(::access(process.c_str(), F_OK) == 0);
  agent.signal(SIGKILL);
  agent.finish();
  CHECK(eventually([&] { return ::access(process.c_str(), F_OK) != 0; }));
  CHECK(eventually([] { return run({"delete", "shot"}).exit_code == 0; }));
}
