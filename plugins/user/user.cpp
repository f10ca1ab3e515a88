// SPDX-License-Identifier: Apache-2.0
// A user namespace: user_namespaces(7). The agent writes the maps while the child waits.
#include <sys/syscall.h>

#include "helper_program.hpp"
#include "id_map.hpp"
#include "mini_container/namespace_file.hpp"
#include "mini_container/plugin.hpp"
#include "subid.hpp"

namespace user {

namespace {

constexpr char subuid_file[] = "/etc/subuid";
constexpr char subgid_file[] = "/etc/subgid";

IdMap read_map(const mc::Node& list, const char* name) {
  IdMap map{.name = name, .place = list.where(), .ranges = {}};
  map.ranges.reserve(list.size());
  for (const mc::Node entry : list)
    map.ranges.push_back({.container = static_cast<std::uint64_t>(entry.integer("container")),
                          .host = static_cast<std::uint64_t>(entry.integer("host")),
                          .size = static_cast<std::uint64_t>(entry.integer("size"))});
  return map;
}

/// From the ranges that the user `uid` was given; an ordinary user is 0 inside.
IdMap automatic_map(const char* name, const std::string& place, const char* file, uid_t uid,
                    std::uint64_t own_id) {
  IdMap map{.name = name, .place = place, .ranges = {}};
  std::uint64_t next = 0;
  if (uid != 0) map.ranges.push_back({.container = next++, .host = own_id, .size = 1});
  const SubidRanges ranges = read_subid(file, uid);
  if (ranges.empty())
    mc::fail("'", file, "' has no range for the user ", uid,
             mc::Hint{mc::concat("add a line like '", uid, ":100000:65536' to ", file,
                                 ", or write out the maps of uids and gids",
                                 uid != 0 ? ", or mode = \"single\"" : "")});
  for (const Range& range : ranges) {
    map.ranges.push_back({.container = next, .host = range.host, .size = range.size});
    next += range.size;
  }
  return map;
}

/// What an ordinary user may map: the own id, and what `file` grants.
void check_granted(const IdMap& map, const char* file, uid_t uid, std::uint64_t own_id) {
  if (map.is_only(own_id)) return;
  const SubidRanges granted = read_subid(file, uid);
  for (const Range& range : map.ranges) {
    if (range.size == 1 && range.host == own_id) continue;
    if (!covers(granted, range.host, range.size))
      mc::fail(map.place, ": ", map.name, ": ", range.size, " ids from the host's ", range.host,
               " on are not all granted to the user ", uid, " by '", file, "'",
               mc::Hint{"stay within the user's ranges there, or have an administrator widen "
                        "them"});
  }
}

void refuse_if(const char* path, std::string_view forbidden, const char* hint) {
  const mc::Fd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return;  // Not every kernel has it; then it forbids nothing.
  std::string text = mc::read_all(file.get(), path);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (text == forbidden)
    mc::fail("this system allows no user namespaces: '", path, "' is ", forbidden, mc::Hint{hint});
}

}  // namespace

class User {
 public:
  explicit User(const mc::Host& host) : config_(host.config()) {}

  void plan(mc::Host& host) {
    if (config_.has("join")) {
      join_path(host, config_["join"]);
      return;
    }
    decide_maps();
    refuse_if("/proc/sys/user/max_user_namespaces", "0",
              "sysctl user.max_user_namespaces=15000 allows them");
    if (uid_ != 0) {
      refuse_if("/proc/sys/kernel/unprivileged_userns_clone", "0",
                "sysctl kernel.unprivileged_userns_clone=1 allows them to ordinary users");
      refuse_if("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
                "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile "
                "for mini_container, allows them to ordinary users");
    }
    host.new_namespace(CLONE_NEWUSER, config_);
  }

  // The maps of one that is joined are written.
  void pre_clone(mc::Host& host, const mc::Call&) {
    if (uids_.ranges.empty()) host.skip("post_clone");
  }

  void post_clone(mc::Host& host, const mc::Call& call) {
    if (uids_.ranges.empty()) return;
    const std::string directory = mc::concat("/proc/", call->pid);
    const mc::Fd process(mc::check(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC),
                                   "open '", directory, "'"));
    host.debug("uid_map ", first_line(uids_), ", gid_map ", first_line(gids_),
               deny_setgroups_ ? ", setgroups denied" : "");
    // Before gid_map: for a writer without CAP_SETGID the kernel demands it, and afterwards it
    // cannot be changed. newgidmap decides for itself where it is asked.
    if (deny_setgroups_) mc::write_file(process.get(), "setgroups", "deny");
    write_map(process.get(), call->pid, uids_, uid_helper_);
    write_map(process.get(), call->pid, gids_, gid_helper_);
  }

  void before_pivot(mc::Host&, const mc::Call&) { become_mapped(); }
  void join(mc::Host&, const mc::Call&) { become_mapped(); }

 private:
  static std::string first_line(const IdMap& map) {
    const std::string text = map.text();
    return mc::concat("'", text.substr(0, text.find('\n')), "'",
                      map.ranges.size() > 1 ? mc::concat(" and ", map.ranges.size() - 1, " more")
                                            : std::string());
  }

  static void join_path(mc::Host& host, const mc::Node& node) {
    const mc::Fd space = mc::open_namespace(node.text(), CLONE_NEWUSER, node.where());
    // setns(2) refuses the own one, without saying so.
    if (mc::is_own_namespace(space.get(), "user"))
      mc::fail(node.where(), ": '", node.text(), "' is the runtime's own user namespace",
               mc::Hint{"leave the namespace out to stay in it"});
    host.join_namespace(CLONE_NEWUSER, space.get(), node);
  }

  void decide_maps() {
    uid_ = ::geteuid();
    const gid_t gid = ::getegid();
    const bool written_out = config_.has("uid_map") || config_.has("gid_map");
    const std::string mode = config_.text("mode", "auto");
    const std::string place = config_.where();
    if (written_out) {
      if (config_.has("mode"))
        mc::fail(config_["mode"].where(), ": both 'mode' and written out maps",
                 mc::Hint{"leave one of them out"});
      for (const char* key : {"uid_map", "gid_map"})
        if (!config_.has(key))
          mc::fail(place, ": '", key, "' is missing",
                   mc::Hint{"the maps of uids and gids come together"});
      uids_ = read_map(config_["uid_map"], "uid_map");
      gids_ = read_map(config_["gid_map"], "gid_map");
    } else if (mode == "single") {
      uids_ = {.name = "uid_map", .place = place, .ranges = {{id("uid"), uid_, 1}}};
      gids_ = {.name = "gid_map", .place = place, .ranges = {{id("gid"), gid, 1}}};
    } else {
      uids_ = automatic_map("uid_map", place, subuid_file, uid_, uid_);
      gids_ = automatic_map("gid_map", place, subgid_file, uid_, gid);
    }
    uids_.check_shape();
    gids_.check_shape();
    decide_writers(gid);
  }

  void decide_writers(gid_t gid) {
    const bool ordinary = uid_ != 0;
    if (ordinary) {
      check_granted(uids_, subuid_file, uid_, uid_);
      check_granted(gids_, subgid_file, uid_, gid);
      if (!uids_.is_only(uid_)) uid_helper_ = config_.text("newuidmap");
      if (!gids_.is_only(gid)) gid_helper_ = config_.text("newgidmap");
      if (!uid_helper_.empty()) check_helper(uid_helper_, "newuidmap");
      if (!gid_helper_.empty()) check_helper(gid_helper_, "newgidmap");
    }
    const bool must_deny = ordinary && gid_helper_.empty();
    const std::string setgroups = config_.text("setgroups");
    if (setgroups == "allow" && must_deny)
      mc::fail(config_["setgroups"].where(),
               ": an ordinary user who maps the own group alone "
               "must deny setgroups",
               mc::Hint{"leave 'setgroups' out"});
    deny_setgroups_ = setgroups == "deny" || (setgroups == "auto" && must_deny);
  }

  [[nodiscard]] std::uint64_t id(const char* key) const {
    return static_cast<std::uint64_t>(config_.integer(key));
  }

  static void write_map(int process, pid_t pid, const IdMap& map, const std::string& helper) {
    if (!helper.empty()) {
      run_helper(helper, pid, map);
      return;
    }
    const mc::Fd file(
        mc::check(::openat(process, map.name.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW), "open '",
                  map.name, "' of process ", pid));
    const std::string text = map.text();
    mc::check(::write(file.get(), text.data(), text.size()), map.place, ": write ", map.name, " ",
              first_line(map),
              mc::Hint{"the agent needs CAP_SETUID and CAP_SETGID over these ids, and they must "
                       "exist in the agent's own user namespace"});
  }

  // The child still has the ids that it had on the host, which the new namespace may not know:
  // what it made in the root would belong to nobody. Where the namespace has no 0, the child's
  // own id is mapped (a single id), or the core's switch to the command's user settles it.
  static void become_mapped() {
    // The raw calls: a library's wrappers are for processes with threads.
    if (::syscall(SYS_setresgid, 0, 0, 0) != 0 && errno != EINVAL)
      mc::check(-1, "become group 0 of the user namespace");
    if (::syscall(SYS_setresuid, 0, 0, 0) != 0 && errno != EINVAL)
      mc::check(-1, "become user 0 of the user namespace");
  }

  mc::Node config_;
  IdMap uids_;
  IdMap gids_;
  std::string uid_helper_;
  std::string gid_helper_;
  uid_t uid_ = 0;
  bool deny_setgroups_ = false;
};

namespace {

constexpr mc_option range_fields[] = {
    mc::option({.type = MC_INT,
                .flags = MC_OPTION_REQUIRED,
                .key = "container",
                .help = "The first id inside",
                .minimum = 0,
                .maximum = 4294967294}),
    mc::option({.type = MC_INT,
                .flags = MC_OPTION_REQUIRED,
                .key = "host",
                .help = "The id of the host that it is",
                .minimum = 0,
                .maximum = 4294967294}),
    mc::option({.type = MC_INT,
                .flags = MC_OPTION_REQUIRED,
                .key = "size",
                .help = "How many ids follow each other",
                .minimum = 1,
                .maximum = 4294967295}),
};
constexpr const char* modes[] = {"auto", "single", nullptr};
constexpr const char* setgroups_choices[] = {"auto", "allow", "deny", nullptr};

constexpr mc_option options[] = {
    mc::option({.type = MC_CHOICE,
                .key = "mode",
                .help = "Where the maps come from when they are not written out: the user's "
                        "ranges in /etc/subuid and /etc/subgid (the default), or the own id alone",
                .choices = modes}),
    mc::option({.type = MC_LIST,
                .element = MC_TABLE,
                .key = "uid_map",
                .help = "Ranges of user ids, at most 340",
                .fields = range_fields}),
    mc::option({.type = MC_LIST,
                .element = MC_TABLE,
                .key = "gid_map",
                .help = "Ranges of group ids, at most 340",
                .fields = range_fields}),
    mc::option({.type = MC_INT,
                .key = "uid",
                .help = "With mode = \"single\": who the own user is inside",
                .default_text = "0",
                .minimum = 0,
                .maximum = 4294967294}),
    mc::option({.type = MC_INT,
                .key = "gid",
                .help = "With mode = \"single\": what the own group is inside",
                .default_text = "0",
                .minimum = 0,
                .maximum = 4294967294}),
    mc::option({.type = MC_CHOICE,
                .key = "setgroups",
                .help = "Whether supplementary groups may be changed inside; auto denies it where "
                        "the kernel demands that",
                .default_text = "auto",
                .choices = setgroups_choices}),
    mc::option({.type = MC_PATH,
                .key = "join",
                .help = "A user namespace to join, such as /proc/PID/ns/user; maps given with it "
                        "describe it and are not written"}),
    mc::option({.type = MC_PATH,
                .key = "newuidmap",
                .help = "The program that writes an ordinary user's uid_map",
                .default_text = "/usr/bin/newuidmap"}),
    mc::option({.type = MC_PATH,
                .key = "newgidmap",
                .help = "The program that writes an ordinary user's gid_map",
                .default_text = "/usr/bin/newgidmap"}),
};
// What they make on behalf of the container must find its ids mapped.
constexpr const char* before[] = {"rootfs", "net", "cgroup", "time", nullptr};

}  // namespace

}  // namespace user

MC_PLUGIN(user::User, {.name = "user",
                       .summary = "A user namespace with its maps of user and group ids",
                       .namespaces = CLONE_NEWUSER,
                       .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_KEEPS_ROOT,
                       .options = user::options,
                       .before = user::before})
