// SPDX-License-Identifier: Apache-2.0
// What the command may reach of the file system and of TCP, whoever it runs as: landlock(7).
#include <sys/stat.h>
#include <sys/syscall.h>

#include "mini_container/plugin.hpp"
#include "rights.hpp"

namespace landlock {

namespace {

// As in linux/landlock.h of the newest kernel; an older one takes the part that it knows.
struct RulesetAttributes {
  std::uint64_t handled_paths;
  std::uint64_t handled_ports;
  std::uint64_t scopes;
};
struct __attribute__((packed)) PathRule {
  std::uint64_t allowed;
  std::int32_t parent;
};
struct PortRule {
  std::uint64_t allowed;
  std::uint64_t port;
};

constexpr int rule_path_beneath = 1;
constexpr int rule_net_port = 2;
constexpr unsigned ask_version = 1;

struct Path {
  std::string path;
  Rights rights;
  bool optional;
  std::string where;
};
struct Port {
  std::uint64_t number;
  Rights rights;
  std::string where;
};

/// 0: this kernel has no Landlock, or it is switched off.
int kernel_abi() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, ask_version);
  if (abi >= 0) return static_cast<int>(abi);
  if (errno == ENOSYS || errno == EOPNOTSUPP) return 0;
  mc::check(abi, "ask for the version of Landlock");
  return 0;
}

Rights named_rights(const mc::Node& list, std::string_view first, Rights first_rights,
                    std::string_view second, Rights second_rights) {
  Rights out = 0;
  for (const mc::Node item : list) {
    const std::string name = item.text();
    if (name == first) out |= first_rights;
    if (name == second) out |= second_rights;
  }
  return out;
}

}  // namespace

class Landlock {
 public:
  explicit Landlock(const mc::Host& host)
      : config_(host.config()), best_effort_(config_.boolean("best_effort")) {
    for (const mc::Node entry : config_["paths"]) {
      const Path path{entry.text("path"), read_path_rights(entry["rights"]),
                      entry.boolean("optional"), entry.where()};
      if (path.path.empty() || path.path[0] != '/')
        mc::fail(path.where, ": landlock.paths: '", path.path, "' is not absolute",
                 mc::Hint{"it is a path inside the container"});
      paths_.push_back(path);
    }
    for (const mc::Node entry : config_["ports"])
      ports_.push_back({static_cast<std::uint64_t>(entry.integer("port")),
                        named_rights(entry["rights"], "bind", bind_tcp, "connect", connect_tcp),
                        entry.where()});
    scopes_ = named_rights(config_["scope"], "abstract_unix_socket", scope_abstract_unix_socket,
                           "signal", scope_signal);
    limits_ports_ = config_.has("ports");
    if (paths_.empty() && !limits_ports_ && scopes_ == 0)
      mc::fail(config_.where(), ": [landlock] limits nothing",
               mc::Hint{"give it 'paths', 'ports' or 'scope'"});
  }

  void plan(mc::Host& host) {
    abi_ = kernel_abi();
    if (!paths_.empty()) need(host, 5, "all rights to paths");
    if (limits_ports_) need(host, abi_of_ports, "ports");
    if (scopes_ != 0) need(host, abi_of_scopes, "scopes");
  }

  void seal(mc::Host& host, const mc::Call&) {
    if (abi_ < 0) abi_ = kernel_abi();
    if (abi_ == 0) return;
    const Rights handled = paths_.empty() ? 0 : path_rights(abi_);
    const bool ports = limits_ports_ && abi_ >= abi_of_ports;
    const RulesetAttributes attributes{handled, ports ? bind_tcp | connect_tcp : 0,
                                       abi_ >= abi_of_scopes ? scopes_ : 0};
    if (attributes.handled_paths == 0 && attributes.handled_ports == 0 && attributes.scopes == 0)
      return;
    // The kernel refuses a larger struct than it knows unless the rest is zero, which it is.
    const mc::Fd ruleset(static_cast<int>(
        mc::check(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0),
                  "make a Landlock ruleset")));
    for (const Path& path : paths_) add(host, ruleset, path, handled);
    if (ports)
      for (const Port& port : ports_) add(ruleset, port);
    mc::check(::syscall(SYS_landlock_restrict_self, ruleset.get(), 0), "enforce Landlock's rules",
              mc::Hint{"this needs [no_new_privs] or CAP_SYS_ADMIN"});
  }

 private:
  void need(const mc::Host& host, int least, const char* what) const {
    if (abi_ >= least) return;
    const std::string found = abi_ == 0 ? "has no Landlock, or it is switched off"
                                        : mc::concat("has version ", abi_, " of Landlock");
    if (!best_effort_)
      mc::fail(config_.where(), ": this kernel ", found, "; ", what, " need version ", least,
               mc::Hint{"set landlock.best_effort = true to do with what there is, or boot with "
                        "lsm=landlock,..."});
    host.warn("this kernel ", found, "; ", what, " need version ", least,
              ": what it can limit is limited");
  }

  static void add(const mc::Host& host, const mc::Fd& ruleset, const Path& path, Rights handled) {
    const mc::Fd file(::open(path.path.c_str(), O_PATH | O_CLOEXEC));
    if (!file) {
      if (path.optional && (errno == ENOENT || errno == ENOTDIR)) {
        host.debug("passed over, not there: ", path.path);
        return;
      }
      mc::check(-1, path.where, ": open '", path.path, "' for Landlock",
                mc::Hint{"create it in the root, or set optional = true"});
    }
    struct stat info {};
    mc::check(mc::stat_of(file.get(), &info), "stat '", path.path, "'");
    Rights allowed = path.rights & handled;
    if (!S_ISDIR(info.st_mode)) allowed &= file_rights();
    // The kernel refuses a rule that allows nothing; without one, nothing is allowed.
    if (allowed == 0) return;
    const PathRule rule{allowed, file.get()};
    mc::check(::syscall(SYS_landlock_add_rule, ruleset.get(), rule_path_beneath, &rule, 0),
              path.where, ": add '", path.path, "' to Landlock's rules");
  }

  static void add(const mc::Fd& ruleset, const Port& port) {
    const PortRule rule{port.rights, port.number};
    if (rule.allowed == 0) return;
    mc::check(::syscall(SYS_landlock_add_rule, ruleset.get(), rule_net_port, &rule, 0), port.where,
              ": add port ", port.number, " to Landlock's rules");
  }

  mc::Node config_;
  bool best_effort_;
  std::vector<Path> paths_;
  std::vector<Port> ports_;
  Rights scopes_ = 0;
  bool limits_ports_ = false;
  int abi_ = -1;
};

namespace {

constexpr const char* port_rights[] = {"bind", "connect", nullptr};
constexpr const char* scope_names[] = {"abstract_unix_socket", "signal", nullptr};

constexpr mc_option path_fields[] = {
    mc::option({.type = MC_STRING,
                .flags = MC_OPTION_REQUIRED,
                .key = "path",
                .help = "A path inside the container, with everything below it"}),
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .flags = MC_OPTION_REQUIRED,
                .key = "rights",
                .help = "read, write, execute, all, or Landlock's own names such as make_dir"}),
    mc::option({.type = MC_BOOL,
                .key = "optional",
                .help = "Pass over a path that is not there",
                .default_text = "false"}),
};
constexpr mc_option port_fields[] = {
    mc::option({.type = MC_INT,
                .flags = MC_OPTION_REQUIRED,
                .key = "port",
                .help = "A TCP port; 0 to bind to one that the kernel chooses",
                .minimum = 0,
                .maximum = 65535}),
    mc::option({.type = MC_LIST,
                .element = MC_CHOICE,
                .flags = MC_OPTION_REQUIRED,
                .key = "rights",
                .help = "What may be done with it",
                .choices = port_rights}),
};

constexpr mc_option options[] = {
    mc::option({.type = MC_LIST,
                .element = MC_TABLE,
                .key = "paths",
                .help = "What may be reached of the file system; with at least one, nothing else "
                        "can be",
                .fields = path_fields}),
    mc::option({.type = MC_LIST,
                .element = MC_TABLE,
                .key = "ports",
                .help = "Which TCP ports may be bound or connected to; with the list, even an "
                        "empty one, no others can be",
                .fields = port_fields}),
    mc::option({.type = MC_LIST,
                .element = MC_CHOICE,
                .key = "scope",
                .help = "What must not reach processes outside the command's own",
                .choices = scope_names}),
    mc::option({.type = MC_BOOL,
                .key = "best_effort",
                .help = "Do with what this kernel's version of Landlock can limit",
                .default_text = "false"}),
};
constexpr const char* after[] = {"no_new_privs", "keyring", "lsm", nullptr};

}  // namespace

}  // namespace landlock

MC_PLUGIN(landlock::Landlock, {.name = "landlock",
                               .summary = "Which paths and TCP ports the command can reach at all",
                               .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_SHARES_MEMORY,
                               .options = landlock::options,
                               .after = landlock::after})
