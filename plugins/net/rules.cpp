// SPDX-License-Identifier: Apache-2.0
#include "rules.hpp"

#include <dlfcn.h>
#include <nftables/libnftables.h>

#include <cstring>
#include <memory>

namespace net {
namespace {

// What is used of libnftables, resolved once. It takes milliseconds to load.
struct Nftables {
  decltype(&::nft_ctx_new) ctx_new = nullptr;
  decltype(&::nft_ctx_free) ctx_free = nullptr;
  decltype(&::nft_ctx_buffer_output) buffer_output = nullptr;
  decltype(&::nft_ctx_buffer_error) buffer_error = nullptr;
  decltype(&::nft_ctx_get_error_buffer) error_text = nullptr;
  decltype(&::nft_run_cmd_from_buffer) run = nullptr;
};

template <class Function>
void resolve(void* library, Function& function, const char* name) {
  void* const symbol = ::dlsym(library, name);
  if (symbol == nullptr) mc::fail("libnftables.so.1 lacks ", name);
  std::memcpy(&function, &symbol, sizeof function);
}

const Nftables& library() {
  static Nftables out;
  if (out.run != nullptr) return out;
  void* const handle = ::dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    mc::fail("load libnftables.so.1: ", ::dlerror(), mc::Hint{"install the package libnftables1"});
  resolve(handle, out.ctx_new, "nft_ctx_new");
  resolve(handle, out.ctx_free, "nft_ctx_free");
  resolve(handle, out.buffer_output, "nft_ctx_buffer_output");
  resolve(handle, out.buffer_error, "nft_ctx_buffer_error");
  resolve(handle, out.error_text, "nft_ctx_get_error_buffer");
  resolve(handle, out.run, "nft_run_cmd_from_buffer");
  return out;
}

// Commits all commands, or none of them; gives what libnftables said where it took none.
std::string try_commit(const std::string& commands) {
  const Nftables& nft = library();
  const std::unique_ptr<nft_ctx, decltype(nft.ctx_free)> context(nft.ctx_new(NFT_CTX_DEFAULT),
                                                                 nft.ctx_free);
  if (!context) return "out of memory";
  nft.buffer_output(context.get());
  nft.buffer_error(context.get());
  if (nft.run(context.get(), commands.c_str()) == 0) return {};
  std::string said = nft.error_text(context.get());
  if (const auto end = said.find('\n'); end != std::string::npos) said.resize(end);
  return said.empty() ? "refused without a reason" : said;
}

void commit(const std::string& attempt, const std::string& commands) {
  const std::string said = try_commit(commands);
  if (!said.empty())
    mc::fail(attempt, ": ", said,
             mc::Hint{"nftables needs CAP_NET_ADMIN, and a kernel with nat, fib and inet tables"});
}

// A port as a key of the maps below, and the map that it is in.
struct Element {
  std::string map;
  std::string key;
};

Element element_of(const std::string& port, int family) {
  const std::size_t first = port.find('.');
  const std::size_t second = port.find('.', first + 1);
  const std::string key =
      port.substr(0, first) + " . " + port.substr(first + 1, second - first - 1);
  const std::string host = port.substr(second + 1);
  const char* const suffix = family == AF_INET ? "4" : "6";
  if (host == "*" || host == "::") return {std::string("ports") + suffix, key};
  return {std::string("host_ports") + suffix, host + " . " + key};
}

// The families that a port leads to: its own address's, or every one that the container has.
bool leads_to(const Publish& item, const Family& family) {
  return !item.host || item.host->family == family.subnet.base.family;
}

}  // namespace

std::string table_name(const std::string& bridge) { return "mini_container_" + bridge; }

std::string port_key(const Publish& item) {
  return mc::concat(item.protocol, ".", item.host_port, ".", item.host ? item.host->text() : "*");
}

void create_table(const std::string& bridge, bool nat) {
  const std::string redirect =
      "    dnat ip to ip daddr . meta l4proto . th dport map @host_ports4\n"
      "    dnat ip6 to ip6 daddr . meta l4proto . th dport map @host_ports6\n"
      "    fib daddr type local dnat ip to meta l4proto . th dport map @ports4\n"
      "    fib daddr type local dnat ip6 to meta l4proto . th dport map @ports6\n";
  std::string leave;
  if (nat)
    leave = mc::concat("    ip saddr @subnets4 oifname != \"", bridge, "\" masquerade\n",
                       "    ip6 saddr @subnets6 oifname != \"", bridge, "\" masquerade\n");
  // guarded: the bridge has route_localnet for ports published on 127.0.0.1; that must not lead
  //   from a container to what listens on the host's loopback.
  // leaving, after the way out: a container that comes back to its own network through a
  //   published port, and the host's loopback, must be answered through the host.
  // entering: other networks reach a container through its published ports only.
  commit(mc::concat("create nftables table '", table_name(bridge), "'"),
         mc::concat("table inet ", table_name(bridge), " {\n",
                    "  set subnets4 { type ipv4_addr; flags interval; }\n"
                    "  set subnets6 { type ipv6_addr; flags interval; }\n"
                    "  map ports4 { type inet_proto . inet_service : ipv4_addr . inet_service; }\n"
                    "  map ports6 { type inet_proto . inet_service : ipv6_addr . inet_service; }\n"
                    "  map host_ports4 { type ipv4_addr . inet_proto . inet_service : "
                    "ipv4_addr . inet_service; }\n"
                    "  map host_ports6 { type ipv6_addr . inet_proto . inet_service : "
                    "ipv6_addr . inet_service; }\n"
                    "  chain guarded {\n"
                    "    type filter hook prerouting priority raw; policy accept;\n"
                    "    iifname \"",
                    bridge, "\" ip daddr 127.0.0.0/8 drop\n",
                    "  }\n"
                    "  chain published_in {\n"
                    "    type nat hook prerouting priority dstnat; policy accept;\n",
                    redirect,
                    "  }\n"
                    "  chain published_out {\n"
                    "    type nat hook output priority -100; policy accept;\n",
                    redirect,
                    "  }\n"
                    "  chain leaving {\n"
                    "    type nat hook postrouting priority srcnat; policy accept;\n",
                    leave, "    ip saddr @subnets4 oifname \"", bridge,
                    "\" ct status dnat masquerade\n", "    ip6 saddr @subnets6 oifname \"", bridge,
                    "\" ct status dnat masquerade\n", "    ip saddr 127.0.0.0/8 oifname \"", bridge,
                    "\" masquerade\n",
                    "  }\n"
                    "  chain entering {\n"
                    "    type filter hook forward priority filter; policy accept;\n"
                    "    iifname \"",
                    bridge, "\" oifname \"", bridge, "\" accept\n", "    oifname \"", bridge,
                    "\" ct state established,related accept\n", "    oifname \"", bridge,
                    "\" ct status dnat accept\n", "    oifname \"", bridge, "\" drop\n",
                    "  }\n"
                    "}\n"));
}

void add_subnet(const std::string& bridge, const Subnet& subnet) {
  commit(mc::concat("add subnet ", subnet.text(), " to the rules of '", bridge, "'"),
         mc::concat("add element inet ", table_name(bridge),
                    subnet.base.family == AF_INET ? " subnets4 { " : " subnets6 { ", subnet.text(),
                    " }\n"));
}

void add_ports(const std::string& bridge, const std::vector<Publish>& ports,
               const std::vector<Family>& families) {
  std::string commands;
  for (const Publish& item : ports)
    for (const Family& family : families) {
      if (!leads_to(item, family)) continue;
      const Element element = element_of(port_key(item), family.subnet.base.family);
      commands += mc::concat("add element inet ", table_name(bridge), " ", element.map, " { ",
                             element.key, " : ", family.address.text(), " . ", item.port, " }\n");
    }
  if (!commands.empty()) commit(mc::concat("publish ports on '", bridge, "'"), commands);
}

void remove_ports(const std::string& bridge, const Record& record) {
  std::vector<std::string> commands;
  for (const std::string& port : record.ports)
    for (const std::string& text : record.addresses) {
      const auto address = parse_address(text);
      const bool six = port.find(':') != std::string::npos;
      const bool any = port.back() == '*';
      if (!address || (!any && six != (address->family == AF_INET6))) continue;
      const Element element = element_of(port, address->family);
      commands.push_back(mc::concat("delete element inet ", table_name(bridge), " ", element.map,
                                    " { ", element.key, " }\n"));
    }
  std::string all;
  for (const std::string& command : commands) all += command;
  if (all.empty() || try_commit(all).empty()) return;
  // Where one is not there, since the launch failed or was killed before, none was removed.
  for (const std::string& command : commands) {
    const std::string said = try_commit(command);
    if (!said.empty() && said.find("No such file or directory") == std::string::npos)
      mc::fail("remove published ports of '", record.id, "': ", said);
  }
}

void remove_table(const std::string& bridge) {
  commit(mc::concat("remove nftables table '", table_name(bridge), "'"),
         mc::concat("delete table inet ", table_name(bridge), "\n"));
}

}  // namespace net
