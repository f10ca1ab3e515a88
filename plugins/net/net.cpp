// SPDX-License-Identifier: Apache-2.0
// The network namespace: empty, with loopback, joined, or connected to a network of the host.
#include "helper.hpp"
#include "interface.hpp"
#include "loopback.hpp"
#include "mini_container/namespace_file.hpp"
#include "mini_container/plugin.hpp"
#include "name_files.hpp"
#include "network.hpp"
#include "options.hpp"
#include "settings.hpp"

namespace net {
namespace {

class Net {
 public:
  explicit Net(const mc::Host& host) : mode_(read_mode(host.config())) {}

  void plan(mc::Host& host) {
    const mc::Node config = host.config();
    settings_ = read_settings(config);
    if (mode_ == Mode::Join)
      join(host);
    else if (mode_ != Mode::Host)
      host.new_namespace(CLONE_NEWNET, config["mode"]);
    check_overlap(settings_);
    if (mode_ == Mode::User) helper_ = find_helper(config);
    // A namespace alone ends with its processes.
    if (!addressed() && mode_ != Mode::User && settings_.devices.empty()) host.skip("cleanup");
    const bool connected = addressed() || mode_ == Mode::User;
    name_files_ = wants_name_files(config, connected);
    if (!name_files_) return;
    add_file(host, "/etc/resolv.conf", resolv_conf(config, helper_name_server(helper_)),
             config["dns"]);
    if (const auto hostname = host.ask("uts.hostname")) names_ = {*hostname};
    // With a lease, hosts(5) has an address that is not known yet.
    const std::string text = hosts(config, names_, {});
    if (!leased()) add_file(host, "/etc/hosts", text, config["hosts"]);
  }

  void pre_clone(mc::Host& host, const mc::Call& call) {
    if (mode_ == Mode::None || mode_ == Mode::Loopback || mode_ == Mode::Join)
      if (settings_.devices.empty()) return host.skip("post_clone");
    devices_ = find_devices(settings_.devices);
    // Before the clone: the child needs it too, and has what the agent had then.
    if (addressed()) Netlink::load();
    if (!leased()) return;
    record_ = join_network(settings_, call->id, call->state_fd);
    std::vector<Address> own;
    for (const Family& family : settings_.families) {
      own.push_back(family.address);
      host.info("address ", family.address.text(), "/", family.subnet.prefix);
    }
    names_.emplace_back(call->id);
    if (name_files_)
      add_file(host, "/etc/hosts", hosts(host.config(), names_, own), host.config()["hosts"]);
  }

  void post_clone(mc::Host&, const mc::Call& call) {
    if (addressed()) make_interface(settings_, record_, call->pid);
    if (leased()) note_container(settings_, record_, call->pid);
    if (!devices_.empty()) {
      const std::string space = mc::concat("/proc/", call->pid, "/ns/net");
      // Held open, so that it outlives the container until they are back.
      moved_to_.reset(mc::check(::open(space.c_str(), O_RDONLY | O_CLOEXEC), "open '", space, "'"));
      move_devices(devices_, call->pid);
    }
    if (mode_ == Mode::User)
      start_helper(
          helper_, settings_,
          {call->pid, call->pidfd, call.find_namespace(CLONE_NEWUSER) != nullptr, call.detached()},
          call->state_fd);
  }

  void before_pivot(mc::Host&, const mc::Call&) {
    if (mode_ != Mode::Host && mode_ != Mode::Join && mode_ != Mode::None) bring_up_loopback();
    if (addressed()) set_up_interface(settings_);
    set_up_devices(devices_);
  }

  void cleanup(mc::Host& host, const mc::Call& call) {
    if (moved_to_) {
      const mc::Fd space = std::move(moved_to_);
      for (const std::string& problem : return_devices(devices_, space.get())) host.warn(problem);
    }
    if (mode_ == Mode::User) return stop_helper(call->state_fd);
    if (!addressed()) return;
    const std::string warning = leave_network(call->state_fd);
    if (!warning.empty()) host.warn(warning);
  }

 private:
  // Whether the container gets an interface made for it, and whether with addresses of ours.
  [[nodiscard]] bool addressed() const {
    return mode_ == Mode::Bridge || mode_ == Mode::Macvlan || mode_ == Mode::Ipvlan;
  }
  [[nodiscard]] bool leased() const { return addressed() && !settings_.families.empty(); }

  static void join(mc::Host& host) {
    const mc::Node node = host.config()["join"];
    const mc::Fd space =
        mc::open_namespace(node.text(), CLONE_NEWNET, mc::concat(node.where(), ": net.join"));
    host.join_namespace(CLONE_NEWNET, space.get(), node);
  }

  Mode mode_;
  Settings settings_;
  Helper helper_;
  bool name_files_ = false;
  Record record_;
  std::vector<std::string> names_;  // in hosts(5)
  std::vector<MovingDevice> devices_;
  mc::Fd moved_to_;  // the network namespace that they are in
};

constexpr const char* after[] = {"user", "cgroup", "uts", nullptr};

}  // namespace
}  // namespace net

MC_PLUGIN(net::Net, {.name = "net",
                     .summary = "Gives the container a network of its own, or none",
                     .namespaces = CLONE_NEWNET,
                     .flags = MC_PLUGIN_KEEPS_ROOT | MC_PLUGIN_SHARES_MEMORY,
                     .options = net::options,
                     .after = net::after})
