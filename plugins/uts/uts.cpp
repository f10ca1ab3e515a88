// SPDX-License-Identifier: Apache-2.0
// The container's own hostname and NIS domain name: uts_namespaces(7).
#include <unistd.h>

#include "mini_container/namespace_file.hpp"
#include "mini_container/plugin.hpp"

namespace {

class Uts {
 public:
  explicit Uts(const mc::Host& host)
      : hostname_(host.config()["hostname"]),
        domainname_(host.config()["domainname"]),
        join_(host.config()["join"]) {}

  void plan(mc::Host& host) {
    if (hostname_) host.tell("uts.hostname", hostname_.text());
    if (!join_) {
      host.new_namespace(CLONE_NEWUTS);
      return;
    }
    const mc::Fd space = mc::open_namespace(join_.text(), CLONE_NEWUTS, join_.where());
    const mc::Node name = hostname_ ? hostname_ : domainname_;
    if (name && mc::is_own_namespace(space.get(), "uts"))
      mc::fail(name.where(), ": the name would be the host's, whose namespace '", join_.text(),
               "' is", mc::Hint{"leave out the name, or make a namespace in place of joining one"});
    host.join_namespace(CLONE_NEWUTS, space.get(), join_);
  }

  void after_pivot(mc::Host& host, const mc::Call&) {
    if (hostname_) {
      const std::string name = hostname_.text();
      mc::check(::sethostname(name.data(), name.size()), "sethostname '", name, "'");
      host.debug("hostname '", name, "'");
    }
    if (domainname_) {
      const std::string name = domainname_.text();
      mc::check(::setdomainname(name.data(), name.size()), "setdomainname '", name, "'");
      host.debug("NIS domain name '", name, "'");
    }
  }

 private:
  mc::Node hostname_;
  mc::Node domainname_;
  mc::Node join_;
};

constexpr std::int64_t longest_name = 64;  // __NEW_UTS_LEN of the kernel

constexpr mc_option options[] = {
    mc::option({.type = MC_STRING,
                .key = "hostname",
                .help = "The hostname, 1 to 64 bytes; the host's own where it is left out",
                .minimum = 1,
                .maximum = longest_name,
                .value_name = "NAME",
                .long_flag = "hostname"}),
    mc::option({.type = MC_STRING,
                .key = "domainname",
                .help = "The NIS domain name, 1 to 64 bytes; the host's own where it is left out",
                .minimum = 1,
                .maximum = longest_name,
                .value_name = "NAME",
                .long_flag = "domain,domainname",
                .short_flag = 'd'}),
    mc::option({.type = MC_PATH,
                .key = "join",
                .help = "A UTS namespace to join instead of making one: /proc/PID/ns/uts"}),
};

}  // namespace

MC_PLUGIN(Uts, {.name = "uts",
                .summary = "A hostname and a NIS domain name of the container's own",
                .namespaces = CLONE_NEWUTS,
                .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_KEEPS_ROOT | MC_PLUGIN_SHARES_MEMORY,
                .options = options})
