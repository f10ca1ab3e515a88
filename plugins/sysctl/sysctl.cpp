// SPDX-License-Identifier: Apache-2.0
// Kernel parameters of the container's own namespaces. proc(5), namespaces(7).
#include <linux/magic.h>
#include <sys/vfs.h>

#include <string>
#include <vector>

#include "key.hpp"
#include "mini_container/in_root.hpp"
#include "mini_container/namespace_file.hpp"
#include "mini_container/plugin.hpp"

namespace {

constexpr mc_option options[] = {
    mc::option({.type = MC_MAP,
                .element = MC_STRING,
                .key = "set",
                .help = "Kernel parameters by name, each with its value as text: "
                        "\"net.ipv4.ip_forward\" = \"1\"",
                .maximum = 1024,
                .value_name = "KEY=VALUE"}),
};

constexpr std::size_t longest_value = 4096;

class Sysctl {
 public:
  explicit Sysctl(const mc::Host& host) {
    const mc::Node set = host.config()["set"];
    for (std::size_t i = 0; i < set.size(); ++i) {
      const mc::Node node = set.at(i);
      Setting setting{sysctl::read_key(set.key_at(i), node.where()), node.text(), node};
      if (setting.value.size() > longest_value || setting.value.find('\n') != std::string::npos)
        mc::fail(node.where(), ": the value of '", set.key_at(i), "' is not one line of at most ",
                 longest_value, " bytes");
      for (const Setting& other : settings_)
        if (other.key.path == setting.key.path)
          mc::fail(node.where(), ": '", set.key_at(i), "' is set twice, also at ",
                   other.node.where());
      settings_.push_back(std::move(setting));
    }
  }

  void pre_clone(mc::Host&, const mc::Call& call) {
    for (const Setting& setting : settings_)
      if (!is_the_containers(call, setting.key.name_space))
        mc::fail(setting.node.where(), ": '", setting.key.path, "' belongs to the host's ",
                 sysctl::table_of(setting.key.name_space), " namespace",
                 mc::Hint{"give the container one of its own"});
  }

  // The container's /proc/sys is read-only by the time a key can be written (an interface may
  // just have got its name), and its root's content decides what lies at /proc. So the host's is
  // kept by descriptor: what it shows depends on who asks, not on where it is mounted.
  void before_pivot(mc::Host&, const mc::Call&) {
    if (settings_.empty()) return;
    proc_sys_ = mc::check(::open("/proc/sys", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                          "open '/proc/sys'");
    struct statfs found {};
    mc::check(::fstatfs(proc_sys_, &found), "statfs '/proc/sys'");
    if (found.f_type != PROC_SUPER_MAGIC)
      mc::fail("'/proc/sys' of the host is not on a proc file system");
  }

  void after_pivot(mc::Host& host, const mc::Call&) {
    for (const Setting& setting : settings_) write(host, setting);
    if (proc_sys_ >= 0) ::close(proc_sys_);
  }

 private:
  struct Setting {
    sysctl::Key key;
    std::string value;
    mc::Node node;
  };

  // A joined namespace counts unless it is the agent's own, which is to say the host's.
  static bool is_the_containers(const mc::Call& call, std::uint64_t type) {
    const mc_namespace* space = call.find_namespace(type);
    if (space == nullptr) return false;
    if (space->is_new != 0) return true;
    return !mc::is_own_namespace(space->fd, sysctl::table_of(type));
  }

  static const char* open_hint(int error_number) {
    if (error_number == ENOENT) return "this kernel, or this namespace, has no such parameter";
    // The kernel shows some of the host's in every namespace, to be read.
    if (error_number == EACCES)
      return "it is the whole host's, or of a namespace that the container's user does not own";
    return "";
  }

  void write(const mc::Host& host, const Setting& setting) const {
    const std::string& path = setting.key.path;
    host.debug("write '", setting.value, "' to /proc/sys/", path);
    const int fd = mc::try_open_in_root(proc_sys_, path.c_str(), O_WRONLY, 0,
                                        RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    if (fd < 0)
      mc::fail_with(-fd, setting.node.where(), ": open '/proc/sys/", path, "'",
                    mc::Hint{open_hint(-fd)});
    const mc::Fd file(fd);
    // One write(2): procfs takes a value at offset 0 only.
    const auto written =
        mc::check(::write(fd, setting.value.data(), setting.value.size()), setting.node.where(),
                  ": write '", setting.value, "' to '/proc/sys/", path, "'");
    if (static_cast<std::size_t>(written) != setting.value.size())
      mc::fail(setting.node.where(), ": '/proc/sys/", path, "' took only ", written, " of ",
               setting.value.size(), " bytes");
  }

  std::vector<Setting> settings_;
  int proc_sys_ = -1;  // [child] its end closes it where after_pivot is not reached
};

constexpr const char* after[] = {"user", "ipc", "net", nullptr};

}  // namespace

MC_PLUGIN(Sysctl, {.name = "sysctl",
                   .summary = "Kernel parameters of the container's own namespaces",
                   .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_KEEPS_ROOT | MC_PLUGIN_SHARES_MEMORY,
                   .options = options,
                   .after = after})
