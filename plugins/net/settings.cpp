// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <algorithm>
#include <iterator>

#include "options.hpp"
#include "publish.hpp"

namespace net {
namespace {

template <class... Parts>
[[noreturn]] void refuse(const mc::Node& node, const char* key, const Parts&... parts) {
  mc::fail(node.where(), ": net.", key, ": ", parts...);
}

// An option that does nothing in this mode is a misunderstanding, better said than ignored.
void refuse_unused(const mc::Node& config, const std::string& mode) {
  struct Rule {
    const char* key;
    const char* modes;  // where it has a meaning, as the hint shows them
  };
  static constexpr Rule rules[] = {
      {"join", "loopback"},
      {"address", "bridge, macvlan or ipvlan"},
      {"subnet", "bridge, macvlan or ipvlan"},
      {"gateway", "bridge, macvlan or ipvlan"},
      {"address6", "bridge, macvlan or ipvlan"},
      {"subnet6", "bridge, macvlan or ipvlan"},
      {"gateway6", "bridge, macvlan or ipvlan"},
      {"parent", "macvlan or ipvlan"},
      {"parent_mode", "macvlan or ipvlan"},
      {"mtu", "bridge, macvlan, ipvlan or user"},
      {"mac", "bridge or macvlan"},
      {"publish", "bridge"},
      {"helper_path", "user"},
  };
  for (const Rule& rule : rules) {
    const mc::Node node = config[rule.key];
    if (!node || std::string_view(rule.modes).find(mode) != std::string_view::npos) continue;
    if (std::string_view(rule.key) == "publish" && node.size() == 0) continue;
    refuse(node, rule.key, "has no meaning with mode '", mode, "'",
           mc::Hint{mc::concat("set net.mode to ", rule.modes, ", or drop net.", rule.key)});
  }
  if (mode == "host" && config["devices"].size() > 0)
    refuse(config["devices"], "devices", "has no meaning with mode 'host'",
           mc::Hint{"set net.mode to loopback, or drop net.devices"});
}

std::string interface_name(const mc::Node& config, const char* key) {
  const mc::Node node = config[key];
  std::string name = node ? node.text() : std::string();
  if (node && !valid_interface(name))
    refuse(node, key, "'", name, "' is not the name of an interface",
           mc::Hint{"at most 15 of the characters A-Z a-z 0-9 _ . -, not starting with . or -"});
  return name;
}

std::optional<Address> address_option(const mc::Node& config, const char* key, int family) {
  const mc::Node node = config[key];
  if (!node) return std::nullopt;
  const auto address = parse_address(node.text());
  if (!address || address->family != family)
    refuse(node, key, "'", node.text(), "' is not an ", family == AF_INET ? "IPv4" : "IPv6",
           " address",
           mc::Hint{family == AF_INET ? "write it like 10.0.0.2, without a prefix"
                                      : "write it like fd00::2, without a prefix"});
  return address;
}

void check_member(const mc::Node& config, const char* key, const Subnet& subnet,
                  const Address& address, const char* subnet_key) {
  const bool ends = subnet.base.family == AF_INET && subnet.prefix < 31;
  if (!subnet.contains(address))
    refuse(config[key], key, address.text(), " is outside the subnet ", subnet.text(),
           mc::Hint{mc::concat("choose one inside it, or set net.", subnet_key)});
  if (address == subnet.base && (ends || address.family == AF_INET6))
    refuse(config[key], key, address.text(), " is the subnet's own address",
           mc::Hint{"choose a higher one"});
  if (ends && address == subnet.broadcast())
    refuse(config[key], key, address.text(), " is the broadcast address of ", subnet.text(),
           mc::Hint{"choose a lower one"});
}

struct FamilyKeys {
  int family;
  const char* address;
  const char* subnet;
  const char* gateway;
};
constexpr FamilyKeys family_keys[] = {{AF_INET, "address", "subnet", "gateway"},
                                      {AF_INET6, "address6", "subnet6", "gateway6"}};

std::optional<Family> read_family(const mc::Node& config, const FamilyKeys& keys, Mode mode) {
  const bool bridge = mode == Mode::Bridge;
  const mc::Node subnet_node = config[keys.subnet];
  std::string text = subnet_node ? subnet_node.text() : std::string();
  if (text.empty() && bridge && keys.family == AF_INET) text = "10.0.0.0/16";
  if (text.empty()) {
    for (const char* key : {keys.address, keys.gateway})
      if (config.has(key))
        refuse(config[key], key, "needs the subnet as well",
               mc::Hint{mc::concat("set net.", keys.subnet)});
    return std::nullopt;
  }
  const auto subnet = parse_subnet(text);
  if (!subnet || subnet->base.family != keys.family)
    refuse(subnet_node, keys.subnet, "'", text, "' is not an ",
           keys.family == AF_INET ? "IPv4" : "IPv6", " subnet",
           mc::Hint{keys.family == AF_INET ? "write it like 10.0.0.0/16, host bits zero"
                                           : "write it like fd00:1::/64, host bits zero"});
  const unsigned bits = 8 * subnet->base.size();
  if (subnet->prefix > bits - 2 || subnet->prefix < 8)
    refuse(subnet_node, keys.subnet, "a prefix of ", subnet->prefix,
           " leaves no room for a gateway and a container, or is too wide",
           mc::Hint{"choose a prefix of 8 to 30 (IPv6: 8 to 126)"});
  if (subnet->base.is_loopback() || subnet->base.bytes[0] >= (keys.family == AF_INET ? 224 : 255))
    refuse(subnet_node, keys.subnet, text, " is not for hosts",
           mc::Hint{"choose a private range, like 10.0.0.0/16 or fd00:1::/64"});
  Family out{*subnet,
             address_option(config, keys.gateway, keys.family),
             address_option(config, keys.address, keys.family),
             {},
             config.has(keys.address) ? config[keys.address] : subnet_node};
  if (out.gateway) check_member(config, keys.gateway, *subnet, *out.gateway, keys.subnet);
  if (!out.gateway && bridge) out.gateway = subnet->host(1);
  if (out.requested) {
    check_member(config, keys.address, *subnet, *out.requested, keys.subnet);
    if (out.requested == out.gateway)
      refuse(config[keys.address], keys.address, out.requested->text(), " is the gateway's",
             mc::Hint{mc::concat("choose another, or set net.", keys.gateway)});
  }
  return out;
}

std::vector<Device> read_devices(const mc::Node& config) {
  std::vector<Device> out;
  const mc::Node map = config["devices"];
  for (std::size_t i = 0; i < map.size(); ++i) {
    Device device{map.key_at(i), map.at(i).text(), map.at(i)};
    if (device.name.empty()) device.name = device.host;
    for (const std::string& name : {device.host, device.name})
      if (!valid_interface(name))
        refuse(map.at(i), "devices", "'", name, "' is not the name of an interface",
               mc::Hint{"at most 15 of the characters A-Z a-z 0-9 _ . -"});
    if (device.name == "lo" || device.host == "lo")
      refuse(map.at(i), "devices", "the loopback interface cannot be moved or replaced",
             mc::Hint{"choose another interface"});
    for (const Device& other : out)
      if (other.name == device.name)
        refuse(map.at(i), "devices", "two interfaces would be called '", device.name, "'",
               mc::Hint{"give each a name of its own"});
    out.push_back(std::move(device));
  }
  return out;
}

void read_parent(const mc::Node& config, Settings& out) {
  if (out.mode != Mode::Macvlan && out.mode != Mode::Ipvlan) return;
  out.parent = interface_name(config, "parent");
  if (out.parent.empty())
    refuse(config["mode"], "parent", "mode '", out.mode_text, "' needs an interface of the host",
           mc::Hint{"set net.parent, for example to \"eth0\""});
  const bool macvlan = out.mode == Mode::Macvlan;
  out.parent_mode = config.text("parent_mode", macvlan ? "bridge" : "l2");
  if (macvlan == (out.parent_mode[0] == 'l'))
    refuse(config["parent_mode"], "parent_mode", "'", out.parent_mode, "' is not a mode of ",
           out.mode_text,
           mc::Hint{macvlan ? "one of bridge, private, vepa, passthru" : "one of l2, l3, l3s"});
}

// RFC 8200, section 5; the kernel takes IPv6 away from an interface below it.
void check_mtu(const mc::Node& config, const Settings& settings) {
  constexpr unsigned least = 1280;
  if (settings.mtu == 0 || settings.mtu >= least) return;
  for (const Family& family : settings.families)
    if (family.subnet.base.family == AF_INET6)
      refuse(config["mtu"], "mtu", settings.mtu, " is too small for IPv6",
             mc::Hint{mc::concat("set it to ", least, " or more, or drop net.subnet6")});
}

// What leads to no address would be published to nobody.
void check_reachable(const Settings& settings) {
  for (const Publish& item : settings.publish)
    if (item.host && std::none_of(settings.families.begin(), settings.families.end(),
                                  [&item](const Family& family) {
                                    return family.subnet.base.family == item.host->family;
                                  }))
      refuse(item.source, "publish", publish_name(item), ": the container has no IPv6 address",
             mc::Hint{"set net.subnet6"});
}

}  // namespace

bool valid_interface(std::string_view name) {
  // dev_valid_name refuses more than 15 bytes, '/', ':' and blanks; nft's words a leading '-'.
  return !name.empty() && name.size() <= 15 && name[0] != '.' && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '.' || c == '-';
         });
}

Mode read_mode(const mc::Node& config) {
  if (config.has("join")) return Mode::Join;
  const std::string text = config["mode"].text();
  for (std::size_t i = 0; i + 1 < std::size(modes); ++i)
    if (text == modes[i]) return static_cast<Mode>(i);
  mc::fail("mode '", text, "' is unknown");
}

Settings read_settings(const mc::Node& config) {
  Settings out;
  out.mode = read_mode(config);
  out.mode_text = config["mode"].text();
  refuse_unused(config, out.mode_text);
  out.interface = interface_name(config, "interface");
  out.bridge = interface_name(config, "bridge");
  if (out.interface == "lo")
    refuse(config["interface"], "interface", "'lo' is the loopback interface",
           mc::Hint{"choose another name"});
  read_parent(config, out);
  out.mtu = static_cast<unsigned>(config.integer("mtu"));
  if (const mc::Node mac = config["mac"]) {
    out.mac = parse_hardware_address(mac.text());
    if (!out.mac)
      refuse(mac, "mac", "'", mac.text(), "' is not the hardware address of an interface",
             mc::Hint{"write it like 02:00:00:00:00:01, not a group address"});
  }
  const bool addressed =
      out.mode == Mode::Bridge || out.mode == Mode::Macvlan || out.mode == Mode::Ipvlan;
  for (const FamilyKeys& keys : family_keys)
    if (addressed)
      if (auto family = read_family(config, keys, out.mode)) out.families.push_back(*family);
  check_mtu(config, out);
  out.nat = config.boolean("nat", true);
  out.allow_overlap = config.boolean("allow_overlap");
  out.publish = read_publish(config["publish"]);
  check_reachable(out);
  out.devices = read_devices(config);
  for (const Device& device : out.devices)
    if (addressed && device.name == out.interface)
      refuse(device.source, "devices", "'", device.name, "' is the name of the container's own",
             mc::Hint{"give it another name, or set net.interface"});
  out.lease_dir = config["lease_dir"].text();
  return out;
}

}  // namespace net
