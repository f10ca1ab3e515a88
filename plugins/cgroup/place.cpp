// SPDX-License-Identifier: Apache-2.0
#include "place.hpp"

#include <linux/magic.h>

#include <algorithm>

namespace cgroup {

namespace {

// v1 calls the io controller blkio.
const Hierarchy* hierarchy_of(const Hierarchies& hierarchies, std::string_view controller) {
  const Hierarchy* found = hierarchies.of(controller);
  if (found == nullptr && controller == "io") found = hierarchies.of("blkio");
  // v2 has no devices controller: BPF programs do its work, and need none.
  if (found == nullptr && controller == "devices") found = hierarchies.unified();
  return found;
}

Place& place_in(std::vector<Place>& places, const Hierarchy& hierarchy) {
  for (Place& place : places)
    if (place.hierarchy.mount_point == hierarchy.mount_point) return place;
  places.emplace_back();
  places.back().hierarchy = hierarchy;
  return places.back();
}

void add_controller(Place& place, std::string name) {
  if (std::find(place.controllers.begin(), place.controllers.end(), name) ==
      place.controllers.end())
    place.controllers.push_back(std::move(name));
}

std::string v2_name(std::string_view controller) {
  return std::string(controller == "blkio" ? "io" : controller);
}

void attach_filter(const Place& place, const Limits& limits) {
  auto rules = limits.devices;
  rules.insert(rules.end(), standard_devices().begin(), standard_devices().end());
  const mc::Fd directory = open(place.hierarchy, place.path);
  const mc::Fd readable(mc::check(
      ::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open a cgroup"));
  const mc::Fd old(attached_device_program(readable.get()));
  const mc::Fd program(attach_device_program(readable.get(), device_program(rules), old.get()));
}

std::string_view why(int error_number) {
  switch (error_number) {
    case EINVAL:
    case ERANGE:
      return "the kernel does not take this value";
    case ENOENT:
      return "this kernel does not have the file";
    case EBUSY:
      return "what is in use already exceeds the limit";
    case ENODEV:
      return "there is no such device, or not with this scheduler";
    case EOPNOTSUPP:
      return "this kernel no longer supports it; leave the option out";
    case EACCES:
    case EPERM:
      return "the parent cgroup forbids it, or the launch must be made by root";
    default:
      return "";
  }
}

// 0, or the errno.
int try_write(int directory, const Write& write) {
  int fd = ::openat(directory, write.file.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  const std::string* text = &write.text;
  if (fd < 0 && errno == ENOENT && !write.other_file.empty()) {
    fd = ::openat(directory, write.other_file.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    text = &write.other_text;
  }
  if (fd < 0) return errno;
  const mc::Fd file(fd);
  const auto written = ::write(fd, text->data(), text->size());
  if (written < 0) return errno;
  return static_cast<std::size_t>(written) == text->size() ? 0 : EIO;
}

}  // namespace

std::vector<Place> choose_places(const Hierarchies& hierarchies, const Limits& limits,
                                 const std::vector<std::string>& wanted) {
  std::vector<Place> places;
  // First: the process is born in it, and its cgroup.kill ends all of the container at once.
  if (const Hierarchy* unified = hierarchies.unified()) place_in(places, *unified);
  if (hierarchies.all().empty())
    mc::fail("no cgroup file system is mounted",
             mc::Hint{"mount -t cgroup2 none /sys/fs/cgroup; or do without: leave out [cgroup], or "
                      "--cgroup-manager disabled for a bundle"});
  for (const std::string& controller : controllers_of(limits)) {
    const Hierarchy* hierarchy = hierarchy_of(hierarchies, controller);
    if (hierarchy == nullptr)
      mc::fail("a limit needs the cgroup controller '", controller,
               "', which this machine does not have",
               mc::Hint{"leave the limit out, or enable the controller in the kernel"});
    Place& place = place_in(places, *hierarchy);
    place.needed = true;
    add_controller(place, controller);
  }
  for (const std::string& name : wanted) {
    if (name == "all") {
      for (const Hierarchy& hierarchy : hierarchies.all()) {
        Place& place = place_in(places, hierarchy);
        for (const std::string& controller : hierarchy.controllers)
          add_controller(place, v2_name(controller));
      }
    } else if (const Hierarchy* hierarchy = hierarchy_of(hierarchies, v2_name(name));
               hierarchy != nullptr && name != "devices") {
      add_controller(place_in(places, *hierarchy), v2_name(name));
    }
  }
  // Pausing needs one or the other.
  if (hierarchies.unified() == nullptr)
    if (const Hierarchy* freezer = hierarchies.of("freezer"))
      add_controller(place_in(places, *freezer), "freezer");
  return places;
}

std::vector<Write> writes_for(const Place& place, const Limits& limits) {
  std::vector<Write> out;
  const auto append = [&](std::vector<Write> some) {
    out.insert(out.end(), std::make_move_iterator(some.begin()),
               std::make_move_iterator(some.end()));
  };
  for (const std::string& controller : place.controllers)
    append(place.hierarchy.unified ? writes_v2(limits, controller) : writes_v1(limits, controller));
  if (place.hierarchy.unified) {
    for (const std::string& controller : place.controllers) append(writes_raw(limits, controller));
    append(writes_raw(limits, "cgroup"));
  } else {
    for (const std::string& controller : place.controllers)
      for (const Write& raw : writes_raw(limits, controller))
        mc::fail("cgroup.unified: '", raw.file, "' is of cgroup v2, and the controller '",
                 controller, "' is on v1 here", mc::Hint{"use the option for it instead"});
  }
  return out;
}

void apply(const Place& place, const Limits& limits, const mc::Node& config, const mc::Host& host) {
  const auto writes = writes_for(place, limits);
  const bool filter = place.hierarchy.unified && !limits.devices.empty() &&
                      std::find(place.controllers.begin(), place.controllers.end(), "devices") !=
                          place.controllers.end();
  if (writes.empty() && !filter) return;
  const mc::Fd directory = open(place.hierarchy, place.path);
  // Some values bound each other (a limit and the one with swap, a quota and its period): what is
  // refused is tried again once the others are there.
  std::vector<const Write*> refused;
  for (const Write& write : writes) {
    host.debug("write '", write.text, "' to ", place.shown(), "/", write.file);
    const int error = try_write(directory.get(), write);
    if (error == 0) continue;
    if (error != EINVAL && error != EBUSY)
      mc::fail_with(error, config[write.option].where(), ": write '", write.text, "' to '",
                    write.file, "' of cgroup '", place.shown(), "'", mc::Hint{why(error)});
    refused.push_back(&write);
  }
  for (const Write* write : refused)
    if (const int error = try_write(directory.get(), *write))
      mc::fail_with(error, config[write->option].where(), ": write '", write->text, "' to '",
                    write->file, "' of cgroup '", place.shown(), "'", mc::Hint{why(error)});
  if (filter) {
    host.debug("attach a device filter to ", place.shown());
    attach_filter(place, limits);
  }
}

// The record: a line for each hierarchy, and after it those for what it has.
//   v1 CONTROLLERS|MOUNT-POINT
//   at PATH
//   made PATH
//   unit NAME
void write_record(int state_fd, const std::vector<Place>& places, const std::string& unit) {
  std::string text;
  for (const Place& place : places) {
    text += place.hierarchy.unified ? "v2 " : "v1 ";
    for (std::size_t i = 0; i < place.hierarchy.controllers.size(); ++i)
      text += (i > 0 ? "," : "") + place.hierarchy.controllers[i];
    text += mc::concat('|', place.hierarchy.mount_point, "\nat ", place.path, '\n');
    for (const std::string& path : place.made) text += mc::concat("made ", path, '\n');
  }
  if (!unit.empty()) text += mc::concat("unit ", unit, '\n');
  const mc::Fd file(mc::check(::openat(state_fd, "cgroups.new",
                                       O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600),
                              "record the container's cgroups"));
  const auto written =
      mc::check(::write(file.get(), text.data(), text.size()), "record the container's cgroups");
  if (static_cast<std::size_t>(written) != text.size())
    mc::fail_with(ENOSPC, "record the container's cgroups");
  mc::check(::renameat(state_fd, "cgroups.new", state_fd, "cgroups"),
            "record the container's cgroups");
}

namespace {

void read_hierarchy(bool unified, std::string_view text, Place& place) {
  const auto bar = text.find('|');
  if (bar == std::string_view::npos) mc::fail("the record of the cgroups is damaged");
  place.hierarchy.unified = unified;
  place.hierarchy.magic = unified ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
  place.hierarchy.mount_point = text.substr(bar + 1);
  for_each_part(text.substr(0, bar), ',', [&](std::string_view controller) {
    place.hierarchy.controllers.emplace_back(controller);
    place.controllers.push_back(v2_name(controller));
  });
}

void read_path(bool own, std::string_view path, Place& place) {
  // The container's own is mostly the one that was made for it.
  if (own || path != place.path) check_path(path, "the record of the cgroups");
  if (own)
    place.path = path;
  else
    place.made.emplace_back(path);
}

}  // namespace

Record read_record(int state_fd) {
  Record out;
  const mc::Fd file(::openat(state_fd, "cgroups", O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) {
    if (errno == ENOENT) return out;
    mc::fail_with(errno, "read the record of the container's cgroups");
  }
  const std::string text = mc::read_all(file.get(), "cgroups");
  // Three lines a place, mostly.
  out.places.reserve(1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) / 3);
  for_each_part(text, '\n', [&](std::string_view line) {
    const auto space = line.find(' ');
    const auto word = line.substr(0, space);
    const auto rest = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    if (word == "v1" || word == "v2")
      read_hierarchy(word == "v2", rest, out.places.emplace_back());
    else if (word == "unit")
      out.unit = rest;
    else if ((word == "at" || word == "made") && !out.places.empty())
      read_path(word == "at", rest, out.places.back());
    else
      mc::fail("the record of the cgroups is damaged");
  });
  return out;
}

}  // namespace cgroup
