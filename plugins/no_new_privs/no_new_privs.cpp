// SPDX-License-Identifier: Apache-2.0
// No execve gives the command more rights than it has: set-user-ID bits and file capabilities
// count for nothing. PR_SET_NO_NEW_PRIVS of prctl(2).
#include <sys/prctl.h>

#include "mini_container/plugin.hpp"

namespace no_new_privs {

class NoNewPrivs {
 public:
  explicit NoNewPrivs(const mc::Host& host) : enabled_(host.config().boolean("enabled")) {}

  void seal(mc::Host&, const mc::Call&) {
    if (enabled_) mc::check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
  }

 private:
  bool enabled_;
};

namespace {

constexpr mc_option options[] = {
    mc::option({.type = MC_BOOL,
                .key = "enabled",
                .help = "Whether set-user-ID bits and file capabilities count for nothing",
                .default_text = "true"}),
};

}  // namespace

}  // namespace no_new_privs

MC_PLUGIN(no_new_privs::NoNewPrivs,
          {.name = "no_new_privs",
           .summary = "Keeps the command from gaining rights by running a program",
           .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_SHARES_MEMORY,
           .options = no_new_privs::options})
