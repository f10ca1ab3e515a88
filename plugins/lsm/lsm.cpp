// SPDX-License-Identifier: Apache-2.0
// The AppArmor profile or the SELinux label that the command runs under: aa_change_onexec(2),
// setexeccon(3), through /proc/thread-self/attr as both of them do.
#include <linux/magic.h>
#include <sys/vfs.h>

#include "mini_container/own_proc.hpp"
#include "mini_container/plugin.hpp"

namespace lsm {

namespace {

bool apparmor_is_active() {
  const mc::Fd file(::open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC));
  char answer = 'N';
  return file && ::read(file.get(), &answer, 1) == 1 && answer == 'Y';
}

bool selinux_is_active() {
  struct statfs info {};
  return ::statfs("/sys/fs/selinux", &info) == 0 &&
         static_cast<std::uint64_t>(info.f_type) == SELINUX_MAGIC;
}

/// Writes an attribute of this thread that takes effect at its next execve.
void write_attribute(const char* name, const std::string& value, const std::string& where) {
  const mc::Fd file = mc::open_in_proc(mc::concat("thread-self/attr/", name), O_WRONLY);
  const auto written = mc::check(::write(file.get(), value.data(), value.size()), where,
                                 ": write '", value, "' to the attribute '", name, "'",
                                 mc::Hint{"the profile or label must be loaded and permitted"});
  if (static_cast<std::size_t>(written) != value.size())
    mc::fail(where, ": write '", value, "' to the attribute '", name,
             "': the kernel took only a part");
}

}  // namespace

class Lsm {
 public:
  explicit Lsm(const mc::Host& host) : config_(host.config()) {
    if (config_.has("mount_label")) host.tell("lsm.mount_label", config_.text("mount_label"));
  }

  void plan(mc::Host& host) {
    need(host, "apparmor", "AppArmor", apparmor_is_active);
    need(host, "selinux", "SELinux", selinux_is_active);
    need(host, "mount_label", "SELinux", selinux_is_active);
  }

  void seal(mc::Host&, const mc::Call&) {
    if (config_.has("apparmor") && usable(apparmor_))
      write_attribute("apparmor/exec", mc::concat("exec ", config_.text("apparmor")),
                      config_["apparmor"].where());
    if (config_.has("selinux") && usable(selinux_))
      write_attribute("exec", config_.text("selinux"), config_["selinux"].where());
  }

 private:
  enum class Found { not_asked, active, missing };

  void need(const mc::Host& host, const char* key, const char* name, bool (*is_active)()) {
    if (!config_.has(key)) return;
    Found& found = key == std::string_view("apparmor") ? apparmor_ : selinux_;
    found = is_active() ? Found::active : Found::missing;
    if (found == Found::active) return;
    if (!config_.boolean("optional"))
      mc::fail(config_[key].where(), ": ", name, " is not active on this system",
               mc::Hint{"leave it out; a launch file may also say lsm.optional = true"});
    host.warn(name, " is not active on this system: '", key, "' has no effect");
  }

  // Where plan did not run (exec), the write itself tells.
  static bool usable(Found found) { return found != Found::missing; }

  mc::Node config_;
  Found apparmor_ = Found::not_asked;
  Found selinux_ = Found::not_asked;
};

namespace {

constexpr mc_option options[] = {
    mc::option({.type = MC_STRING,
                .key = "apparmor",
                .help = "The AppArmor profile of the command, which must be loaded",
                .minimum = 1,
                .maximum = 1024}),
    mc::option({.type = MC_STRING,
                .key = "selinux",
                .help = "The SELinux label of the command, USER:ROLE:TYPE:LEVEL",
                .minimum = 1,
                .maximum = 1024}),
    mc::option({.type = MC_STRING,
                .key = "mount_label",
                .help = "The SELinux label of the container's own filesystems",
                .minimum = 1,
                .maximum = 1024}),
    mc::option({.type = MC_BOOL,
                .key = "optional",
                .help = "Warn and go on where the module is not active",
                .default_text = "false"}),
};
// rootfs reads what this one tells.
constexpr const char* before[] = {"rootfs", nullptr};

}  // namespace

}  // namespace lsm

MC_PLUGIN(lsm::Lsm, {.name = "lsm",
                     .summary = "The AppArmor profile or SELinux label of the command",
                     .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_SHARES_MEMORY,
                     .options = lsm::options,
                     .before = lsm::before})
