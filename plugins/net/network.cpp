// SPDX-License-Identifier: Apache-2.0
#include "network.hpp"

#include <net/if.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>

#include "publish.hpp"
#include "rules.hpp"
#include "sysctl_file.hpp"

namespace net {
namespace {

constexpr const char* state_file = "network";

// What the state directory says: which leases are this container's.
struct State {
  std::string lease_dir;
  std::string network;  // "4026531840.mini_container0"
  std::string token;
};

// What all containers of a network agree on; the file `network` of its directory.
struct Shape {
  std::string mac;  // of the bridge that was made here; empty: it was there before
  bool nat = false;
  std::vector<std::string> subnets;  // "10.0.0.0/16 10.0.0.1"

  [[nodiscard]] std::string text() const {
    std::string out = mc::concat("mac ", mac, "\nnat ", nat ? "1" : "0", "\n");
    for (const std::string& subnet : subnets) out += "subnet " + subnet + "\n";
    return out;
  }
};

Shape parse_shape(const std::string& text) {
  Shape out;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = text.substr(begin, end - begin);
    if (line.rfind("mac ", 0) == 0) out.mac = line.substr(4);
    if (line == "nat 1") out.nat = true;
    if (line.rfind("subnet ", 0) == 0) out.subnets.push_back(line.substr(7));
  }
  return out;
}

std::string host_namespace() { return namespace_number("/proc/self/ns/net"); }

std::string network_name(const Settings& settings) {
  return host_namespace() + "." +
         (settings.mode == Mode::Bridge ? settings.bridge : settings.parent);
}

std::string bridge_of(const std::string& network) { return network.substr(network.find('.') + 1); }

std::string random_digits(std::size_t bytes) {
  unsigned char raw[16];
  if (::getrandom(raw, bytes, 0) != static_cast<ssize_t>(bytes))
    mc::fail_with(errno, "read random bytes");
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i)
    for (const int shift : {4, 0}) out += "0123456789abcdef"[raw[i] >> shift & 15];
  return out;
}

HardwareAddress random_hardware_address() {
  HardwareAddress out{};
  if (::getrandom(out.data(), out.size(), 0) != static_cast<ssize_t>(out.size()))
    mc::fail_with(errno, "read random bytes");
  out[0] = static_cast<unsigned char>((out[0] & 0xfcU) | 2U);  // locally administered, one host's
  return out;
}

// Gives back all that a container had, where it ended without giving it back itself.
void reclaim(const NetworkLeases& leases, const Record& record) {
  const std::string bridge = bridge_of(leases.network());
  if (leases.network() == host_namespace() + "." + bridge) {
    Netlink::load();
    Netlink().remove(veth_name(record));
    if (!record.ports.empty() && Netlink::has_table(table_name(bridge)))
      remove_ports(bridge, record);
  }
  leases.release(record);
}

// Whether nobody has it; a dead container's lease is taken back for that.
std::optional<Record> live_holder(const NetworkLeases& leases, const std::string& name) {
  auto holder = leases.holder(name);
  if (!holder || holder->alive()) return holder;
  reclaim(leases, *holder);
  return std::nullopt;
}

void reclaim_all(const NetworkLeases& leases) {
  for (const Record& record : leases.records())
    if (!record.alive()) reclaim(leases, record);
}

std::optional<Address> free_address(const NetworkLeases& leases, const Family& family) {
  std::vector<std::uint64_t> used;
  const std::string prefix = "address.";
  for (const std::string& name : leases.names(prefix)) {
    const auto address = parse_address(name.substr(prefix.size()));
    if (address && family.subnet.contains(*address)) used.push_back(family.subnet.number(*address));
  }
  if (family.gateway) used.push_back(family.subnet.number(*family.gateway));
  std::sort(used.begin(), used.end());
  // Neither the subnet's own address nor, for IPv4, its broadcast address.
  const std::uint64_t end = family.subnet.count() - (family.subnet.base.family == AF_INET ? 1 : 0);
  std::uint64_t number = 1;
  for (const std::uint64_t taken : used) {
    if (taken > number) break;
    if (taken == number) ++number;
  }
  if (number >= end) return std::nullopt;
  return family.subnet.host(number);
}

void lease_address(const NetworkLeases& leases, Family& family, Record& record) {
  if (family.requested) {
    if (const auto holder = live_holder(leases, "address." + family.requested->text()))
      mc::fail(family.source.where(), ": net.address: ", family.requested->text(),
               " is in use by container '", holder->id, "'",
               mc::Hint{"choose another address, or none to have a free one leased"});
    family.address = *family.requested;
  } else {
    auto found = free_address(leases, family);
    if (!found) {
      reclaim_all(leases);
      found = free_address(leases, family);
    }
    if (!found)
      mc::fail(family.source.where(), ": net.subnet: every address of ", family.subnet.text(),
               " is in use", mc::Hint{"set a larger net.subnet, or another net.bridge"});
    family.address = *found;
  }
  record.addresses.push_back(family.address.text());
}

// Ports meet across networks, since they are the host's: all of this host's are looked at.
void lease_ports(const LeaseDirectory& all, const Settings& settings, Record& record) {
  const bool six =
      std::any_of(settings.families.begin(), settings.families.end(),
                  [](const Family& family) { return family.subnet.base.family == AF_INET6; });
  for (const Publish& item : settings.publish) {
    const std::string prefix = mc::concat("port.", item.protocol, ".", item.host_port, ".");
    for (const std::string& network : all.names(host_namespace() + ".")) {
      const auto leases = NetworkLeases::open(all, network, false);
      if (!leases) continue;
      for (const std::string& name : leases->names(prefix)) {
        const std::string host = name.substr(prefix.size());
        if (item.host && host != "*" && host != item.host->text()) continue;
        if (const auto holder = live_holder(*leases, name))
          mc::fail(item.source.where(), ": net.publish: ", publish_name(item),
                   " is published by container '", holder->id, "'",
                   mc::Hint{"choose another port of the host"});
      }
    }
    check_port_free(item, six);
    record.ports.push_back(port_key(item));
  }
}

Record new_record(const std::string& id, int state_fd) {
  Record out;
  out.token = random_digits(6);
  out.id = id;
  out.state_dir = directory_path(state_fd);
  struct stat info {};
  mc::check(mc::stat_of(state_fd, &info), "look at the state directory");
  out.state_inode = mc::concat(info.st_dev, ":", info.st_ino);
  out.pid_namespace = namespace_number("/proc/self/ns/pid");
  out.agent = process_identity(::getpid());
  return out;
}

void write_state(int state_fd, const State& state) {
  const mc::Fd file(mc::check(
      ::openat(state_fd, state_file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600),
      "note the network in the state directory"));
  const std::string text =
      mc::concat(state.lease_dir, "\n", state.network, "\n", state.token, "\n");
  if (mc::check(::write(file.get(), text.data(), text.size()), "note the network") !=
      static_cast<ssize_t>(text.size()))
    mc::fail_with(ENOSPC, "note the network in the state directory");
}

std::optional<State> read_state(int state_fd) {
  const mc::Fd file(::openat(state_fd, state_file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;
  mc::check(file.get(), "open the note of the network");
  const std::string text = mc::read_all(file.get(), state_file);
  const std::size_t first = text.find('\n');
  const std::size_t second = text.find('\n', first + 1);
  // Cut short: the agent was killed while it wrote, before anything was made.
  if (second == std::string::npos || text.back() != '\n') return std::nullopt;
  return State{text.substr(0, first), text.substr(first + 1, second - first - 1),
               text.substr(second + 1, text.size() - second - 2)};
}

std::string shape_subnet(const Family& family) {
  return family.subnet.text() + " " + family.gateway->text();
}

// The network's shape with this launch in it; refuses what contradicts those who are there.
Shape agreed_shape(const NetworkLeases& leases, const Settings& settings) {
  const auto text = leases.read("network");
  if (!text) return {{}, settings.nat, {}};
  Shape out = parse_shape(*text);
  for (const Family& family : settings.families) {
    const bool six = family.subnet.base.family == AF_INET6;
    for (const std::string& there : out.subnets)
      if ((there.find(':') != std::string::npos) == six && there != shape_subnet(family))
        mc::fail(family.source.where(), ": net.subnet: bridge '", settings.bridge,
                 "' is used with subnet and gateway ", there, ", not ", shape_subnet(family),
                 mc::Hint{"use the same, or set another net.bridge"});
  }
  if (out.nat != settings.nat)
    mc::fail("net.nat: bridge '", settings.bridge,
             "' is used with nat = ", out.nat ? "true" : "false",
             mc::Hint{"use the same, or set another net.bridge"});
  return out;
}

// Finds or makes the bridge; gives its link. `shape.mac` says whether it is ours.
Link ensure_bridge(Netlink& netlink, const NetworkLeases& leases, const Settings& settings,
                   Shape& shape) {
  auto link = netlink.find(settings.bridge);
  if (link && link->kind != "bridge")
    mc::fail("net.bridge: interface '", settings.bridge, "' of the host is not a bridge",
             mc::Hint{"set net.bridge to another name"});
  if (!link && shape.mac.empty()) shape.mac = hardware_address_text(random_hardware_address());
  const auto mac = parse_hardware_address(shape.mac);
  if (link && mac && link->mac != mac)
    mc::fail("net.bridge: bridge '", settings.bridge, "' was replaced while containers use it",
             mc::Hint{"end them, or set another net.bridge"});
  for (const Family& family : settings.families)
    if (std::find(shape.subnets.begin(), shape.subnets.end(), shape_subnet(family)) ==
        shape.subnets.end())
      shape.subnets.push_back(shape_subnet(family));
  leases.write("network", shape.text());
  if (!link) {
    netlink.create_bridge(settings.bridge, *mac, settings.mtu);
    link = netlink.find(settings.bridge);
    if (!link) mc::fail("bridge '", settings.bridge, "' vanished");
  }
  if (!shape.mac.empty()) {
    if (!link->up) netlink.set_up(settings.bridge, link->index);
    for (const Family& family : settings.families)
      netlink.add_address(settings.bridge, link->index, {*family.gateway, family.subnet.prefix});
  }
  return *link;
}

void ensure_rules(const LeaseDirectory& all, const Settings& settings, const Shape& shape,
                  std::size_t known_subnets) {
  if (!settings.nat && settings.publish.empty()) return;
  const bool there = Netlink::has_table(table_name(settings.bridge));
  if (!there) create_table(settings.bridge, settings.nat);
  if (!there || shape.subnets.size() > known_subnets)
    for (const std::string& subnet : shape.subnets)
      add_subnet(settings.bridge, *parse_subnet(subnet.substr(0, subnet.find(' '))));
  for (const Family& family : settings.families)
    set_forwarding(all, host_namespace(), family.subnet.base.family);
  if (settings.publish.empty()) return;
  if (!shape.mac.empty()) allow_local_routes(settings.bridge);
  add_ports(settings.bridge, settings.publish, settings.families);
}

// The last one out removes what was made for the network.
void dissolve(const LeaseDirectory& all, const NetworkLeases& leases, bool here) {
  const std::string bridge = bridge_of(leases.network());
  if (const auto text = leases.read("network"); text && here) {
    const Shape shape = parse_shape(*text);
    if (Netlink::has_table(table_name(bridge))) remove_table(bridge);
    Netlink netlink;
    const auto link = netlink.find(bridge);
    if (link && !shape.mac.empty() && link->mac == parse_hardware_address(shape.mac))
      netlink.remove(bridge);
  }
  leases.remove("network");
  // Addresses and ports whose record is gone: of somebody who was killed while he took them.
  for (const char* const prefix : {"address.", "port."})
    for (const std::string& name : leases.names(prefix)) leases.remove(name);
  leases.remove_directory(all);
}

bool in_use(const NetworkLeases& leases) {
  const std::string prefix = "container.";
  for (const std::string& name : leases.names(prefix)) {
    const auto record = leases.record(name.substr(prefix.size()));
    if (!record) continue;
    if (record->alive()) return true;
    reclaim(leases, *record);
  }
  return false;
}

// By the name that its link has now: others make and remove the bridge meanwhile, and a link that
// is gone has taken its routes along.
bool is_anothers(const Route& route, const std::string& bridge) {
  char name[IF_NAMESIZE];
  return ::if_indextoname(route.link, name) != nullptr && name != bridge;
}

}  // namespace

void check_overlap(const Settings& settings) {
  if (settings.allow_overlap || settings.mode != Mode::Bridge) return;
  Netlink::load();
  Netlink netlink;
  for (const Family& family : settings.families)
    for (const Route& route : netlink.routes(family.subnet.base.family))
      if (family.subnet.overlaps(route.destination) && is_anothers(route, settings.bridge)) {
        const bool six = family.subnet.base.family == AF_INET6;
        mc::fail(family.source.where(), ": net.subnet", six ? "6" : "", ": ", family.subnet.text(),
                 " overlaps the host's route to ", route.destination.text(),
                 mc::Hint{six ? "set net.subnet6 to a free range, or net.allow_overlap = true"
                              : "set net.subnet to a free range, or net.allow_overlap = true"});
      }
}

std::string veth_name(const Record& record) { return "mc" + record.token; }

Record join_network(Settings& settings, const std::string& id, int state_fd) {
  Netlink::load();
  // Asked first, so that a caller without the right to the host's network leaves nothing behind.
  static_cast<void>(Netlink::has_table(table_name(settings.bridge)));
  // One that is there but cannot be used is refused before anything is noted.
  static_cast<void>(LeaseDirectory::open(settings.lease_dir, false));
  const auto network = network_name(settings);
  Record record = new_record(id, state_fd);
  // Noted before it is made: killed in between, it would be nobody's.
  write_state(state_fd, {settings.lease_dir, network, record.token});
  const auto all = LeaseDirectory::open(settings.lease_dir, true);
  const auto leases = NetworkLeases::open(*all, network, true);
  Shape shape = agreed_shape(*leases, settings);
  for (Family& family : settings.families) lease_address(*leases, family, record);
  lease_ports(*all, settings, record);
  leases->take(record);
  if (settings.mode != Mode::Bridge) return record;
  Netlink netlink;
  const std::size_t known_subnets = shape.subnets.size();
  ensure_bridge(netlink, *leases, settings, shape);
  ensure_rules(*all, settings, shape, known_subnets);
  return record;
}

void note_container(const Settings& settings, Record& record, int pid) {
  const auto all = LeaseDirectory::open(settings.lease_dir, false);
  const auto leases = all ? NetworkLeases::open(*all, network_name(settings), false) : std::nullopt;
  if (!leases) mc::fail("the lease of '", record.id, "' vanished");
  record.container = process_identity(pid);
  leases->write("container." + record.token, record.text());
}

std::string leave_network(int state_fd) {
  const auto state = read_state(state_fd);
  if (!state) return {};
  const auto all = LeaseDirectory::open(state->lease_dir, false);
  if (!all) return {};
  const std::string host = state->network.substr(0, state->network.find('.'));
  const bool here = host == host_namespace();
  if (const auto leases = NetworkLeases::open(*all, state->network, false)) {
    Netlink::load();
    if (const auto record = leases->record(state->token)) reclaim(*leases, *record);
    if (!in_use(*leases)) dissolve(*all, *leases, here);
  }
  if (here && all->names(host + ".").empty()) restore_forwarding(*all, host);
  all->remove_if_empty();
  ::unlinkat(state_fd, state_file, 0);
  if (here) return {};
  return "the container was made in another network namespace; its links and rules are there";
}

}  // namespace net
