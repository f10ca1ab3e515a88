// SPDX-License-Identifier: Apache-2.0
#include "control.hpp"

#include <signal.h>
#include <time.h>

#include <algorithm>

#include "place.hpp"
#include "statistics.hpp"
#include "sub_cgroup.hpp"
#include "systemd.hpp"

namespace cgroup {

namespace {

// Where there must be some; a user without a delegated one has none (`optional`).
std::vector<Place> recorded(int state_fd) {
  auto places = read_record(state_fd).places;
  if (places.empty())
    mc::fail_with(ENOENT, "find the container's cgroups",
                  mc::Hint{"it runs without: see the warning of its launch"});
  return places;
}

// The place that has all of the container's processes for certain: the unified one, or any.
const Place& main_place(const std::vector<Place>& places) {
  for (const Place& place : places)
    if (place.hierarchy.unified) return place;
  return places.front();
}

// v2 freezes without a controller; on v1 it is one. nullptr: in none that can be paused.
const Place* freezer(const std::vector<Place>& places) {
  for (const Place& place : places)
    if (place.hierarchy.unified) return &place;
  for (const Place& place : places)
    if (place.hierarchy.has("freezer")) return &place;
  return nullptr;
}

void set_frozen(int state_fd, bool frozen) {
  const auto places = recorded(state_fd);
  const Place* const found = freezer(places);
  if (found == nullptr)
    mc::fail("the container is in no cgroup that can be paused",
             mc::Hint{"launch it with cgroup.controllers = [\"all\"]"});
  const Place& place = *found;
  const mc::Fd directory = open(place.hierarchy, place.path);
  const bool unified = place.hierarchy.unified;
  const char* file = unified ? "cgroup.freeze" : "freezer.state";
  const char* on = unified ? "1" : "FROZEN";
  const char* off = unified ? "0" : "THAWED";
  // Some two seconds. On v1 a process that forks meanwhile may slip through: written again, it
  // is taken as well (freezer-subsystem.rst).
  for (int attempt = 0; attempt < 200; ++attempt) {
    if (attempt == 0 || !unified) mc::write_file(directory.get(), file, frozen ? on : off);
    if (is_frozen(place.hierarchy, directory.get()) == frozen) return;
    const timespec pause{0, attempt < 10 ? 1'000'000 : 10'000'000};
    ::nanosleep(&pause, nullptr);
  }
  if (frozen) mc::write_file(directory.get(), file, off);
  mc::fail(frozen ? "pause the container: a process does not stop within two seconds"
                  : "resume the container: it stays frozen",
           mc::Hint{frozen ? "it is let go on; a process in state D cannot be frozen"
                           : "a cgroup above it is frozen"});
}

int statistics_of(int state_fd, void (*take)(void*, const char*), void* to, mc_error* error) {
  return mc::guarded(error, [&] { take(to, statistics(recorded(state_fd)).c_str()); });
}

int pause(int state_fd, mc_error* error) {
  return mc::guarded(error, [&] { set_frozen(state_fd, true); });
}

int resume(int state_fd, mc_error* error) {
  return mc::guarded(error, [&] { set_frozen(state_fd, false); });
}

int paused(int state_fd, std::int32_t* out, mc_error* error) {
  return mc::guarded(error, [&] {
    const auto places = read_record(state_fd).places;
    const Place* place = freezer(places);
    *out =
        place != nullptr && is_frozen(place->hierarchy, open(place->hierarchy, place->path).get())
            ? 1
            : 0;
  });
}

// Memory above a new limit would be reclaimed or its owner killed.
void check_usage(const std::vector<Place>& places, const Limits& limits, const mc::Node& config) {
  if (!limits.check_before_update || limits.memory_max.value_or(unlimited) == unlimited) return;
  for (const Place& place : places) {
    if (std::find(place.controllers.begin(), place.controllers.end(), "memory") ==
        place.controllers.end())
      continue;
    const mc::Fd directory = open(place.hierarchy, place.path);
    const std::string used = mc::read_file(
        directory.get(), place.hierarchy.unified ? "memory.current" : "memory.usage_in_bytes");
    if (std::stoll(used) > *limits.memory_max)
      mc::fail(config["memory_max"].where(), ": the container uses ",
               used.substr(0, used.size() - 1), " bytes, more than the new memory_max of ",
               *limits.memory_max, mc::Hint{"nothing was changed"});
  }
}

int update(const mc_host* host, int state_fd, mc_error* error) {
  return mc::guarded(error, [&] {
    const mc::Host wrapped(host);
    const mc::Node config = wrapped.config();
    Limits limits = Limits::read(config);
    auto places = recorded(state_fd);
    const Hierarchies machine = Hierarchies::find();
    // All is checked before anything is written.
    for (const std::string& controller : controllers_of(limits)) {
      Place* found = nullptr;
      for (Place& place : places) {
        const bool offered = place.hierarchy.unified && machine.unified() != nullptr &&
                             (machine.unified()->has(controller) ||
                              (controller == "devices" && machine.of("devices") == nullptr));
        const bool there = std::find(place.controllers.begin(), place.controllers.end(),
                                     controller) != place.controllers.end();
        if (!there && !offered) continue;
        found = &place;
        if (!there) place.controllers.push_back(controller);
      }
      if (found == nullptr)
        mc::fail("the container is in no cgroup of the controller '", controller, "'",
                 mc::Hint{"launch it with cgroup.controllers = [\"all\"]"});
    }
    check_usage(places, limits, config);
    for (Place& place : places) {
      const mc::Fd directory = open(place.hierarchy, place.path);
      // cpu.max holds both: what the update leaves out keeps its value.
      if (place.hierarchy.unified && limits.cpu_period && !limits.cpu_quota) {
        const std::string now = mc::read_file(directory.get(), "cpu.max");
        if (!now.starts_with("max")) limits.cpu_quota = std::stoll(now);
      }
      // The sum is asked for, and v2 holds its parts.
      if (place.hierarchy.unified && limits.memory_swap && !limits.memory_max) {
        const std::string now = mc::read_file(directory.get(), "memory.max");
        limits.memory_max = now.starts_with("max") ? unlimited : std::stoll(now);
      }
      static_cast<void>(writes_for(place, limits));
    }
    for (const Place& place : places) {
      if (place.hierarchy.unified && machine.unified() != nullptr) {
        std::vector<std::string> real;
        for (const std::string& controller : place.controllers)
          if (machine.unified()->has(controller)) real.push_back(controller);
        enable(place.hierarchy, place.path, real);
      }
      apply(place, limits, config, wrapped);
    }
    if (const std::string unit = read_record(state_fd).unit; !unit.empty())
      update_scope(unit, limits);
  });
}

int processes_of(int state_fd, void (*each)(void*, std::int32_t), void* to, mc_error* error) {
  return mc::guarded(error, [&] {
    const auto places = recorded(state_fd);
    const Place& place = main_place(places);
    for (const int pid : processes(open(place.hierarchy, place.path).get())) each(to, pid);
  });
}

int signal_everyone(int state_fd, std::int32_t signal, mc_error* error) {
  return mc::guarded(error, [&] {
    const auto places = recorded(state_fd);
    const Place& place = main_place(places);
    const mc::Fd directory = try_open(place.hierarchy, place.path);
    if (!directory) return;  // gone, and its processes with it
    if (signal == SIGKILL && place.hierarchy.unified) {
      mc::write_file(directory.get(), "cgroup.kill", "1");
      return;
    }
    if (signal != SIGKILL) {
      signal_all(directory.get(), signal);
      return;
    }
    // v1: whoever forks between two looks is caught by the next one; a stopped v1 freezer holds
    // even SIGKILL back.
    for (int attempt = 0; attempt < 100 && signal_all(directory.get(), SIGKILL) > 0; ++attempt) {
      for (const Place& other : places)
        if (!other.hierarchy.unified && other.hierarchy.has("freezer"))
          if (const mc::Fd frozen = try_open(other.hierarchy, other.path))
            mc::write_file(frozen.get(), "freezer.state", "THAWED");
      const timespec pause{0, 1'000'000};
      ::nanosleep(&pause, nullptr);
    }
  });
}

int birth(int state_fd, const char* sub_path, std::int32_t* out, mc_error* error) {
  return mc::guarded(error, [&] {
    *out = -1;
    const auto places = read_record(state_fd).places;
    const SubCgroup below(sub_path, places);
    for (const Place& place : places) {
      if (!place.hierarchy.unified) continue;
      *out = open_readable(place.hierarchy, below.path_in(place)).release();
    }
  });
}

int entries(int state_fd, const char* sub_path, std::int32_t* fds, std::uint32_t* count,
            mc_error* error) {
  return mc::guarded(error, [&] {
    std::vector<mc::Fd> opened;
    const auto places = read_record(state_fd).places;
    const SubCgroup below(sub_path, places);
    for (const Place& place : places) {
      if (place.hierarchy.unified) continue;
      opened.push_back(open_entry(place.hierarchy, below.path_in(place), "tasks"));
    }
    if (opened.size() > *count)
      mc::fail_with(ERANGE, "hand out ", opened.size(), " descriptors of cgroups");
    *count = static_cast<std::uint32_t>(opened.size());
    for (std::size_t i = 0; i < opened.size(); ++i) fds[i] = opened[i].release();
  });
}

int enter(int state_fd, const char* sub_path, std::int32_t pid, mc_error* error) {
  return mc::guarded(error, [&] {
    const auto places = read_record(state_fd).places;
    const SubCgroup below(sub_path, places);
    for (const Place& place : places) {
      const mc::Fd directory = open(place.hierarchy, below.path_in(place));
      mc::write_file(directory.get(), "cgroup.procs", mc::concat(pid));
    }
  });
}

int count_oom_kills(int state_fd, std::uint64_t* out, mc_error* error) {
  return mc::guarded(error, [&] { *out = oom_kills(read_record(state_fd).places); });
}

}  // namespace

const mc_resources resources = {
    sizeof(mc_resources), 0,     statistics_of, pause, resume,         paused, update, processes_of,
    signal_everyone,      birth, entries,       enter, count_oom_kills};

}  // namespace cgroup
