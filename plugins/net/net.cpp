// SPDX-License-Identifier: Apache-2.0
// The network namespace: empty, with loopback, joined, or connected to a network of the host.
#include "loopback.hpp"
#include "mini_container/namespace_file.hpp"
#include "mini_container/plugin.hpp"
#include "options.hpp"
#include "settings.hpp"

namespace net {
namespace {

class Net {
 public:
  explicit Net(const mc::Host& host) : mode_(read_mode(host.config())) {}

  void plan(mc::Host& host) {
    settings_ = read_settings(host.config());
    switch (mode_) {
      case Mode::Host:
        return;
      case Mode::Join:
        return join(host);
      case Mode::None:
      case Mode::Loopback:
        break;
      default:
        mc::fail("mode '", settings_.mode_text, "' is not available in this build");
    }
    host.new_namespace(CLONE_NEWNET, host.config()["mode"]);
  }

  void before_pivot(mc::Host&, const mc::Call&) {
    if (mode_ != Mode::Host && mode_ != Mode::Join && mode_ != Mode::None) bring_up_loopback();
  }

 private:
  static void join(mc::Host& host) {
    const mc::Node node = host.config()["path"];
    if (!node)
      mc::fail(host.config()["mode"].where(), ": net.path: mode 'join' needs a namespace",
               mc::Hint{"set net.path, for example to /proc/PID/ns/net"});
    const mc::Fd space =
        mc::open_namespace(node.text(), CLONE_NEWNET, mc::concat(node.where(), ": net.path"));
    host.join_namespace(CLONE_NEWNET, space.get(), node);
  }

  Mode mode_;
  Settings settings_;
};

constexpr const char* after[] = {"user", nullptr};

}  // namespace
}  // namespace net

MC_PLUGIN(net::Net, {.name = "net",
                     .summary = "Gives the container a network of its own, or none",
                     .namespaces = CLONE_NEWNET,
                     .options = net::options,
                     .after = net::after})
