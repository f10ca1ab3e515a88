// SPDX-License-Identifier: Apache-2.0
#include "interface.hpp"

#include <sched.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>

#include "network.hpp"

namespace net {
namespace {

NewLink own_link(const Settings& settings, int pid) {
  NewLink out{settings.interface, pid, settings.mac, settings.mtu};
  if (out.mac || settings.mode == Mode::Ipvlan) return out;
  // One address, one hardware address: neighbours that remember the last holder of a lease still
  // reach the next one.
  for (const Family& family : settings.families) {
    if (family.subnet.base.family != AF_INET) continue;
    out.mac = HardwareAddress{0x02, 0x6d};
    std::copy_n(family.address.bytes.begin(), 4, out.mac->begin() + 2);
  }
  return out;
}

Link need_link(Netlink& netlink, const std::string& name) {
  const auto link = netlink.find(name);
  if (!link) mc::fail("interface '", name, "' is not in the network namespace");
  return *link;
}

// A socket in another network namespace; this process is in its own again afterwards.
std::unique_ptr<Netlink> open_there(int space, int own) {
  mc::check(::setns(space, CLONE_NEWNET), "enter the container's network namespace");
  std::unique_ptr<Netlink> out;
  std::exception_ptr problem;
  try {
    out = std::make_unique<Netlink>();
  } catch (const mc::Error&) {
    problem = std::current_exception();
  }
  mc::check(::setns(own, CLONE_NEWNET), "return to the host's network namespace");
  if (problem) std::rethrow_exception(problem);
  return out;
}

void return_device(Netlink& there, Netlink& here, const MovingDevice& item, int own) {
  const auto inside = there.find(item.device.name);
  // The container may have given the name to one of its making; none of those is hardware.
  if (!inside || inside->kind != item.kind) {
    // The launch failed before this one moved.
    if (const auto stayed = here.find(item.device.host); stayed && stayed->index == item.index)
      return;
    mc::fail("interface '", item.device.host, "' of the host, '", item.device.name,
             "' in the container, is no longer there to be moved back");
  }
  there.give_back(item.device.name, inside->index, own, item.device.host);
  const Link back = need_link(here, item.device.host);
  for (const LinkAddress& address : item.addresses)
    here.add_address(item.device.host, back.index, address);
  if (item.up) here.set_up(item.device.host, back.index);
}

}  // namespace

std::vector<MovingDevice> find_devices(const std::vector<Device>& devices) {
  std::vector<MovingDevice> out;
  if (devices.empty()) return out;
  Netlink::load();
  Netlink netlink;
  for (const Device& device : devices) {
    const auto link = netlink.find(device.host);
    if (!link)
      mc::fail_with(ENODEV, device.source.where(), ": net.devices: the host has no interface '",
                    device.host, "'", mc::Hint{"name one that 'ip link' shows"});
    out.push_back({device, link->index, link->kind, link->up, netlink.addresses(link->index)});
  }
  return out;
}

void make_interface(const Settings& settings, const Record& record, int pid) {
  Netlink netlink;
  const bool bridge = settings.mode == Mode::Bridge;
  const std::string& under = bridge ? settings.bridge : settings.parent;
  const auto link = netlink.find(under);
  if (!link)
    mc::fail_with(ENODEV, "net.", bridge ? "bridge" : "parent", ": the host has no interface '",
                  under, "'", mc::Hint{"name one that 'ip link' shows"});
  const NewLink own = own_link(settings, pid);
  if (!bridge)
    return netlink.create_over(settings.mode_text, settings.parent_mode, link->index, own);
  netlink.create_veth(veth_name(record), link->index, own);
  if (!settings.publish.empty()) netlink.set_hairpin(veth_name(record));
}

void move_devices(const std::vector<MovingDevice>& devices, int pid) {
  if (devices.empty()) return;
  Netlink netlink;
  for (const MovingDevice& item : devices)
    netlink.move(item.device.host, item.index, pid, item.device.name);
}

std::vector<std::string> return_devices(const std::vector<MovingDevice>& devices, int space) {
  const mc::Fd own(mc::check(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC),
                             "open the host's network namespace"));
  const auto there = open_there(space, own.get());
  Netlink here;
  std::vector<std::string> problems;
  for (const MovingDevice& item : devices) try {
      return_device(*there, here, item, own.get());
    } catch (const mc::Error& error) {
      const int number = error.error_number();
      problems.push_back(mc::concat(error.attempt(), number != 0 ? ": " : "",
                                    number != 0 ? ::strerror(number) : ""));
    }
  return problems;
}

void set_up_interface(const Settings& settings) {
  Netlink netlink;
  const Link link = need_link(netlink, settings.interface);
  for (const Family& family : settings.families)
    netlink.add_address(settings.interface, link.index, {family.address, family.subnet.prefix});
  netlink.set_up(settings.interface, link.index);
  for (const Family& family : settings.families)
    if (family.gateway) netlink.add_default_route(settings.interface, link.index, *family.gateway);
}

void set_up_devices(const std::vector<MovingDevice>& devices) {
  if (devices.empty()) return;
  Netlink netlink;
  for (const MovingDevice& item : devices) {
    const Link link = need_link(netlink, item.device.name);
    for (const LinkAddress& address : item.addresses)
      netlink.add_address(item.device.name, link.index, address);
    netlink.set_up(item.device.name, link.index);
  }
}

}  // namespace net
