// SPDX-License-Identifier: Apache-2.0
#include "name_files.hpp"

#include <algorithm>

namespace net {
namespace {

constexpr const char* host_file = "/etc/resolv.conf";
// Where the host's own resolver is a stub on its loopback, whom that asks: systemd-resolved(8).
constexpr const char* file_behind_stub = "/run/systemd/resolve/resolv.conf";

// A word that goes into a line of the files as it is.
bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':';
  });
}

std::vector<std::string> words(const mc::Node& config, const char* key) {
  std::vector<std::string> out;
  for (const mc::Node node : config[key]) {
    out.push_back(node.text());
    if (!is_word(out.back()))
      mc::fail(node.where(), ": net.", key, ": '", out.back(), "' is not one word",
               mc::Hint{"letters, digits and . - _ : only"});
  }
  return out;
}

std::string joined(const char* keyword, const std::vector<std::string>& items) {
  if (items.empty()) return {};
  std::string out = keyword;
  for (const std::string& item : items) out += " " + item;
  return out + "\n";
}

struct HostConf {
  std::vector<std::string> servers;
  std::string rest;  // its other lines
};

HostConf read_conf(const char* path) {
  HostConf out;
  const mc::Fd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return out;
  const std::string text = mc::read_all(file.get(), path) + "\n";
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    std::string line = text.substr(begin, end - begin);
    if (line.rfind("nameserver", 0) == 0) {
      const auto first = line.find_first_not_of(" \t", 10);
      const auto last = first == std::string::npos ? first : line.find_first_of(" \t#;", first);
      if (first == std::string::npos) continue;
      const auto address = parse_address(std::string_view(line).substr(first, last - first));
      // The host's own loopback is not the container's.
      if (address && !address->is_loopback()) out.servers.push_back(address->text());
    } else if (line.rfind("search", 0) == 0 || line.rfind("options", 0) == 0) {
      out.rest += line + "\n";
    }
  }
  return out;
}

HostConf read_host_conf() {
  HostConf own = read_conf(host_file);
  if (!own.servers.empty()) return own;
  // All of it: the stub's options are about what it does itself.
  HostConf behind = read_conf(file_behind_stub);
  return behind.servers.empty() ? own : behind;
}

}  // namespace

bool wants_name_files(const mc::Node& config, bool connected) {
  if (config.has("name_files")) return config.boolean("name_files");
  if (connected) return true;
  for (const char* key : {"dns", "dns_search", "dns_options", "hosts"})
    if (config[key].size() > 0) return true;
  return false;
}

std::string resolv_conf(const mc::Node& config, const std::string& forwarder) {
  std::vector<std::string> servers;
  for (const mc::Node node : config["dns"]) {
    const auto address = parse_address(node.text());
    if (!address)
      mc::fail(node.where(), ": net.dns: '", node.text(), "' is not an address",
               mc::Hint{"write it like 192.0.2.53 or 2001:db8::53"});
    servers.push_back(address->text());
  }
  const auto search = words(config, "dns_search");
  const auto options = words(config, "dns_options");
  std::string rest = joined("search", search) + joined("options", options);
  if (servers.empty()) {
    HostConf host = read_host_conf();
    servers = std::move(host.servers);
    if (servers.empty() && !forwarder.empty()) servers.push_back(forwarder);
    if (rest.empty()) rest = host.rest;
  }
  std::string out;
  for (const std::string& server : servers) out += "nameserver " + server + "\n";
  return out + rest;
}

std::string hosts(const mc::Node& config, const std::vector<std::string>& names,
                  const std::vector<Address>& own) {
  std::string all;
  for (const std::string& name : names)
    if (is_word(name) && all != " " + name) all += " " + name;
  std::string out = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
  if (!all.empty() && own.empty()) out += "127.0.1.1" + all + "\n";
  for (const Address& address : own)
    if (!all.empty()) out += address.text() + all + "\n";
  const mc::Node map = config["hosts"];
  for (std::size_t i = 0; i < map.size(); ++i) {
    const auto address = parse_address(map.at(i).text());
    if (!address)
      mc::fail(map.at(i).where(), ": net.hosts: '", map.at(i).text(), "' is not an address",
               mc::Hint{"write it like db = \"10.0.0.9\""});
    if (!is_word(map.key_at(i)))
      mc::fail(map.at(i).where(), ": net.hosts: '", map.key_at(i), "' is not the name of a host",
               mc::Hint{"letters, digits and . - _ only"});
    out += address->text() + " " + map.key_at(i) + "\n";
  }
  return out;
}

void add_file(mc::Host& host, const char* destination, const std::string& content,
              const mc::Node& source) {
  mc_mount file = mc::mount_entry(MC_MOUNT_FILE, destination);
  file.mode = 0644;
  file.content = content.data();
  file.content_size = content.size();
  host.add_mount(file, source);
}

}  // namespace net
