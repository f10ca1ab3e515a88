// SPDX-License-Identifier: Apache-2.0
// The container's own process ids, with its command as process 1, or an init: pid_namespaces(7).
#include <sys/mman.h>

#include "init_image.hpp"
#include "mini_container/namespace_file.hpp"
#include "mini_container/plugin.hpp"

namespace {

// Sealed, so that nothing in the container can change what /proc/1/exe is.
mc::Fd init_program() {
  mc::Fd program(mc::check(::memfd_create("init", MFD_CLOEXEC | MFD_ALLOW_SEALING),
                           "memfd_create for the init"));
  const std::string_view image = init_image();
  const auto written =
      mc::check(::write(program.get(), image.data(), image.size()), "write the init");
  if (static_cast<std::size_t>(written) != image.size()) mc::fail("the init was not written whole");
  mc::check(::fchmod(program.get(), 0555), "chmod the init");
  mc::check(
      ::fcntl(program.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
      "seal the init");
  return program;
}

class Pid {
 public:
  explicit Pid(const mc::Host& host) : config_(host.config()) {}

  void plan(mc::Host& host) {
    const mc::Node join = config_["join"];
    const mc::Node init = config_["init"];
    if (!join) {
      host.new_namespace(CLONE_NEWPID);
      return;
    }
    if (init.boolean())
      mc::fail(init.where(), ": a namespace that is joined has its process 1 already",
               mc::Hint{"leave out `init`, or `join`"});
    const mc::Fd space = mc::open_namespace(join.text(), CLONE_NEWPID, join.where());
    host.join_namespace(CLONE_NEWPID, space.get(), join);
  }

  void pre_clone(mc::Host& host, const mc::Call&) {
    const mc::Node init = config_["init"];
    if (init.boolean()) host.set_init(init_program().get(), init);
  }

 private:
  mc::Node config_;
};

constexpr mc_option options[] = {
    mc::option({.type = MC_BOOL,
                .key = "init",
                .help =
                    "Puts a minimal init at process 1, which reaps orphans and hands signals on "
                    "to the command",
                .default_text = "false",
                .long_flag = "init"}),
    mc::option({.type = MC_PATH,
                .key = "join",
                .help = "A PID namespace to join instead of making one: /proc/PID/ns/pid"}),
};

// The host's /proc would go on showing the host's processes.
constexpr const char* needs[] = {"rootfs", nullptr};

}  // namespace

MC_PLUGIN(Pid, {.name = "pid",
                .summary = "Process ids of the container's own: it sees no others",
                .namespaces = CLONE_NEWPID,
                .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_KEEPS_ROOT,
                .options = options,
                .needs = needs,
                .short_flag = 'p'})
