// SPDX-License-Identifier: Apache-2.0
// The container's cgroups: limits, accounting, and the end of all its processes. cgroups(7).
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include "control.hpp"
#include "mini_container/enter_cgroup.hpp"
#include "mini_container/namespace_file.hpp"
#include "mounts.hpp"
#include "options.hpp"
#include "ownership.hpp"
#include "place.hpp"
#include "statistics.hpp"
#include "systemd.hpp"

namespace cgroup {

namespace {

class Cgroup {
 public:
  explicit Cgroup(const mc::Host& host) : config_(host.config()) {
    systemd_ = config_.text("driver") == "systemd";
    for (const char* key : {"path", "parent"})
      if (const mc::Node node = config_[key]; node && !systemd_)
        check_path(node.text(), node.where());
    if (systemd_ && config_.has("parent"))
      mc::fail(config_["parent"].where(), ": the systemd driver takes no parent",
               mc::Hint{"say the slice in path: SLICE:PREFIX:NAME"});
    limits_ = Limits::read(config_);
  }

  void plan(mc::Host& host) {
    const mc::Node join = config_["join"];
    own_view_ = config_.boolean("namespace") && !join;
    if (join)
      host.join_namespace(CLONE_NEWCGROUP,
                          mc::open_namespace(join.text(), CLONE_NEWCGROUP, join.where()).get(),
                          join);
    else if (own_view_)
      host.new_namespace(CLONE_NEWCGROUP, config_["namespace"]);

    hierarchies_ = Hierarchies::find();
    places_ = choose_places(hierarchies_, limits_, config_.texts("controllers"));
    // What this machine's version cannot express is said here, before anything is made.
    for (const Place& place : places_) static_cast<void>(writes_for(place, limits_));
    // In a namespace the container's cgroup is the root of the mount wherever it is on the host;
    // a bind mount needs its path, and that the id.
    if (own_view_) add_view(host);
  }

  void pre_clone(mc::Host& host, const mc::Call& call) {
    if (systemd_) {
      unit_ = scope_name(config_.text("path"), call->id);
      check_systemd();
      return;
    }
    name_places(call->id);
    make_places(host, call->state_fd);
    if (!own_view_) add_view(host);
    const bool early = config_.boolean("early");
    for (const Place& place : places_)
      if (place.hierarchy.unified)
        host.set_cgroup(open_readable(place.hierarchy, place.path).get());
      else
        entries_.push_back(
            open_entry(place.hierarchy, place.path, early ? "cgroup.procs" : "tasks"));
    if (!early && !is_given_away(call)) host.skip("post_clone");
  }

  void post_clone(mc::Host& host, const mc::Call& call) {
    if (systemd_) {
      write_record(call->state_fd, {}, unit_.name);
      start_scope(unit_, call->pid, limits_);
      enter_scope(host, call);
    }
    if (is_given_away(call))
      for (const Place& place : places_)
        if (place.hierarchy.unified && (systemd_ || !place.made.empty()))
          give_to_user(host, call, open(place.hierarchy, place.path).get());
    if (!config_.boolean("early")) return;
    const std::string pid = mc::concat(call->pid);
    for (const mc::Fd& entry : entries_)
      mc::check(::write(entry.get(), pid.data(), pid.size()), "move process ", pid,
                " into its cgroup");
    entries_.clear();
  }

  // A process that moves itself is spared the lock that moving another one takes, which costs
  // milliseconds: cgroup.threads and v1's tasks, "0" for the writer.
  void before_pivot(mc::Host&, const mc::Call&) {
    if (!config_.boolean("early"))
      for (const mc::Fd& entry : entries_) mc::enter_cgroup(entry.get(), "enter a cgroup");
    entries_.clear();
    // clone3 takes the parent's cgroups as the roots of the new namespace; these are ours.
    if (own_view_) mc::check(::unshare(CLONE_NEWCGROUP), "make a cgroup namespace");
  }

  void post_exit(mc::Host& host, const mc::Call& call) {
    tell_oom_kills(host, call, read_record(call->state_fd).places);
  }

  void cleanup(mc::Host& host, const mc::Call& call) {
    entries_.clear();
    const Record record = read_record(call->state_fd);
    // Too little memory even to start: what broke off cannot know why it was killed.
    if (call.failed()) tell_oom_kills(host, call, record.places);
    if (!record.unit.empty()) stop_scope(record.unit);
    // A stopped v1 freezer holds even SIGKILL back.
    for (const Place& place : record.places)
      if (!place.hierarchy.unified && place.hierarchy.has("freezer"))
        if (const mc::Fd directory = try_open(place.hierarchy, place.path))
          mc::write_file(directory.get(), "freezer.state", "THAWED");
    std::exception_ptr problem;
    for (const Place& place : record.places) try {
        undo(host, place);
      } catch (const mc::Error&) {
        problem = std::current_exception();
      }
    if (problem) std::rethrow_exception(problem);
    if (::unlinkat(call->state_fd, "cgroups", 0) != 0 && errno != ENOENT)
      mc::fail_with(errno, "remove the record of the container's cgroups");
  }

 private:
  void tell_oom_kills(const mc::Host& host, const mc::Call& call,
                      const std::vector<Place>& places) const {
    std::uint64_t kills = 0;
    try {
      kills = oom_kills(places);
    } catch (const mc::Error& error) {
      host.debug("the cgroup is gone: ", error.attempt());
      return;
    }
    if (kills == 0) return;
    const std::string limit = limits_.memory_max && *limits_.memory_max != unlimited
                                  ? mc::concat(" (memory_max is ", *limits_.memory_max, " bytes)")
                                  : std::string();
    const bool first =
        call.failed() || (call->wait_status != -1 && WIFSIGNALED(call->wait_status) &&
                          WTERMSIG(call->wait_status) == SIGKILL);
    host.warn(first ? "out of memory: the kernel killed the container"
                    : "out of memory: the kernel killed processes of the container",
              limit, ", OOM kills: ", kills);
  }

  void add_view(mc::Host& host) {
    const mc::Node mount = config_["mount"];
    const std::string mode = mount.text();
    if (mode == "none") return;
    const mc::Node place = config_["mount_point"];
    if (!place.text().starts_with('/'))
      mc::fail(place.where(), ": cgroup.mount_point: '", place.text(), "' is not an absolute path");
    add_mounts(host, places_, place.text(), mode == "ro", own_view_, mount);
  }

  // As root of the host it is the runtime's own anyway.
  [[nodiscard]] bool is_given_away(const mc::Call& call) const {
    if (!own_view_ || config_.text("mount") != "rw") return false;
    std::string point = config_.text("mount_point");
    point.erase(point.find_last_not_of('/') + 1);
    return point == "/sys/fs/cgroup" &&
           (call->uid != 0 || call.find_namespace(CLONE_NEWUSER) != nullptr);
  }

  [[nodiscard]] std::string path_in(const Hierarchy& hierarchy, const char* id) const {
    std::string path = config_.text("path");
    if (path.empty()) {
      path = mc::concat("mini_container-", id);
      if (path.size() > NAME_MAX) path = id;  // a name of its own by its length
      // An ordinary user has at most what is delegated to it, below its own cgroup.
      if (config_.has("parent") || ::geteuid() == 0) path.insert(0, "/");
    }
    if (const mc::Node parent = config_["parent"]) {
      std::string above = parent.text();
      if (above.front() != '/') above.insert(0, "/");
      if (!try_open(hierarchy, above))
        mc::fail_with(ENOENT, parent.where(), ": open the parent cgroup '", hierarchy.mount_point,
                      above, "'", mc::Hint{"make it, or use cgroup.path, which is made"});
      return above + (path.front() == '/' ? "" : "/") + path;
    }
    if (path.front() == '/') return path;
    const std::string own = hierarchy.own_path_below_mount();
    return mc::concat(own == "/" ? "" : own, '/', path);
  }

  // One that is there already.
  static void check_fit(const Place& place) {
    const mc::Fd directory = open(place.hierarchy, place.path);
    if (!processes(directory.get()).empty())
      mc::fail_with(EEXIST, "use cgroup '", place.shown(), "': it holds processes already",
                    mc::Hint{"choose another path, or end them"});
    if ((place.hierarchy.unified || place.hierarchy.has("freezer")) &&
        is_frozen(place.hierarchy, directory.get()))
      mc::fail("use cgroup '", place.shown(), "': it is frozen, and nothing could start in it",
               mc::Hint{"choose another path, or let it go on"});
  }

  void name_places(const char* id) {
    for (Place& place : places_) {
      place.path = path_in(place.hierarchy, id);
      check_path(place.path, config_["path"].where());
      place.made = missing(place.hierarchy, place.path);
      if (place.made.empty()) check_fit(place);
    }
  }

  // A hierarchy that only accounts, or all with `optional`, may be out of this user's reach.
  void make_places(mc::Host& host, int state_fd) {
    write_record(state_fd, places_, {});
    std::vector<Place> usable;
    std::string reason;
    for (Place& place : places_) {
      try {
        make(host, place);
        usable.push_back(std::exchange(place, Place()));
      } catch (const mc::Error& error) {
        const bool optional = config_.boolean("optional");
        const int number = error.error_number();
        const bool forbidden = number == EACCES || number == EPERM || number == EROFS;
        if (!forbidden || (place.needed && !optional)) throw;
        reason = mc::concat(error.attempt(), ": ", std::strerror(number));
        if (optional && place.needed)
          host.warn("goes on without: ", reason);
        else
          host.debug("goes on without: ", reason);
      }
    }
    for (const Place& place : places_)
      if (!place.made.empty()) undo(host, place);
    places_ = std::move(usable);
    write_record(state_fd, places_, {});
    if (!places_.empty()) return;
    if (!config_.boolean("optional"))
      mc::fail_with(EACCES, "no cgroup can be made: ", reason,
                    mc::Hint{"have one delegated, or go on without: cgroup.optional = true, or "
                             "--cgroup-manager disabled for a bundle"});
    host.warn("goes on without a cgroup: ", reason);
  }

  void make(mc::Host& host, const Place& place) {
    host.debug("cgroup ", place.shown());
    if (place.hierarchy.unified) {
      // From above: a directory can hand down only the controllers that its parent hands it.
      for (const std::string& path : place.made) {
        static_cast<void>(create(place.hierarchy, path));
        hand_down(host, place, path);
      }
      if (place.made.empty()) hand_down(host, place, place.path);
    } else {
      static_cast<void>(create(place.hierarchy, place.path));
    }
    apply(place, limits_, config_, host);
  }

  // What only accounts is left out where a cgroup above cannot hand it down.
  void hand_down(const mc::Host& host, const Place& place, const std::string& path) const {
    const auto needed = controllers_of(limits_);
    std::vector<std::string> must;
    std::vector<std::string> may;
    for (const std::string& controller : place.controllers)
      if (place.hierarchy.has(controller))
        (std::find(needed.begin(), needed.end(), controller) != needed.end() ? must : may)
            .push_back(controller);
    enable(place.hierarchy, path, must);
    try {
      enable(place.hierarchy, path, may);
    } catch (const mc::Error& error) {
      host.debug("goes on without accounting: ", error.attempt());
    }
  }

  // systemd has made the scope, delegated to us: its files are ours to write. On v1 it leaves some
  // hierarchies alone; the process is still in the agent's cgroup there, and gets one of its own.
  void enter_scope(mc::Host& host, const mc::Call& call) {
    const auto own = mc::read_file(AT_FDCWD, mc::concat("/proc/", call->pid, "/cgroup").c_str());
    const auto seen =
        parse_hierarchies(mc::read_file(AT_FDCWD, "/proc/self/mountinfo", 16 << 20), own);
    const std::string end = "/" + unit_.name;
    std::string scope;
    for (const Hierarchy& hierarchy : seen)
      if (hierarchy.own_path.ends_with(end)) scope = hierarchy.own_path;
    check_path(scope, mc::concat("systemd's scope '", unit_.name, "'"));
    std::vector<const Place*> left_alone;
    for (Place& place : places_) {
      place.path = scope;
      for (const Hierarchy& hierarchy : seen)
        if (hierarchy.mount_point == place.hierarchy.mount_point && hierarchy.own_path != scope) {
          place.made = missing(place.hierarchy, scope);
          left_alone.push_back(&place);
        }
    }
    write_record(call->state_fd, places_, unit_.name);
    for (const Place* place : left_alone) {
      const mc::Fd directory = create(place->hierarchy, scope);
      mc::write_file(directory.get(), "cgroup.procs", mc::concat(call->pid));
    }
    for (const Place& place : places_) apply(place, limits_, config_, host);
  }

  void undo(const mc::Host& host, const Place& place) {
    if (place.path.empty()) return;
    if (place.made.empty()) {
      // It was there before: only what the container left in it is ours.
      if (const mc::Fd directory = try_open(place.hierarchy, place.path))
        signal_all(directory.get(), SIGKILL);
      return;
    }
    for (auto path = place.made.rbegin(); path != place.made.rend(); ++path) {
      host.debug("remove cgroup ", place.hierarchy.mount_point, *path);
      if (*path == place.path) {
        remove(place.hierarchy, *path);
        continue;
      }
      // One above it, made on the way: others may be in it by now.
      const auto slash = path->rfind('/');
      if (const mc::Fd above = try_open(place.hierarchy, path->substr(0, slash)))
        if (::unlinkat(above.get(), path->c_str() + slash + 1, AT_REMOVEDIR) != 0 &&
            errno != ENOENT && errno != EBUSY && errno != ENOTEMPTY)
          mc::fail_with(errno, "remove cgroup '", place.hierarchy.mount_point, *path, "'");
    }
  }

  mc::Node config_;
  Limits limits_;
  bool systemd_ = false;
  bool own_view_ = false;
  Hierarchies hierarchies_;
  std::vector<Place> places_;
  Scope unit_;
  std::vector<mc::Fd> entries_;
};

const void* extension(const char* id) {
  return std::strcmp(id, MC_EXTENSION_RESOURCES) == 0 ? &resources : nullptr;
}

constexpr const char* after[] = {"user", nullptr};

}  // namespace

}  // namespace cgroup

MC_PLUGIN(cgroup::Cgroup,
          {.name = "cgroup",
           .summary = "Limits and accounting of memory, CPU, processes, devices and input/output",
           .namespaces = CLONE_NEWCGROUP,
           .flags = MC_PLUGIN_KEEPS_ROOT | MC_PLUGIN_SHARES_MEMORY,
           .options = cgroup::options,
           .after = cgroup::after,
           .extension = cgroup::extension})
