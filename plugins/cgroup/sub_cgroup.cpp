// SPDX-License-Identifier: Apache-2.0
#include "sub_cgroup.hpp"

#include <algorithm>

namespace cgroup {

namespace {

bool any_has(const std::vector<Place>& places, const std::string& controller) {
  return std::ranges::any_of(places, [&](const Place& place) {
    return !place.hierarchy.unified && place.hierarchy.has(controller);
  });
}

}  // namespace

SubCgroup::SubCgroup(const char* text, const std::vector<Place>& places) {
  if (text == nullptr || *text == '\0') return;
  const auto lines = split(text, '\n');
  for (const auto line : lines) {
    // A path that begins with '/' may hold a colon.
    const auto colon = line.starts_with('/') ? line.npos : line.find(':');
    const auto path = line.substr(colon == line.npos ? 0 : colon + 1);
    // "/" is the container's own.
    if (path != "/") check_path(path, "the cgroup below the container's");
    if (colon == line.npos) {
      if (lines.size() > 1)
        mc::fail("the cgroup below the container's: '", line, "' names no controller",
                 mc::Hint{"several are written CONTROLLER:PATH; one without it stands alone"});
      paths_.emplace_back("", path);
      continue;
    }
    const auto names = split(line.substr(0, colon), ',');
    if (names.empty())
      mc::fail("the cgroup below the container's: '", line, "' names no controller",
               mc::Hint{"write CONTROLLER:PATH, or the path alone"});
    for (const auto name : names) {
      const std::string controller(name);
      if (!any_has(places, controller))
        mc::fail("the cgroup below the container's: there is no hierarchy of version 1 with '",
                 controller, "' that the container is in",
                 mc::Hint{"leave the controller out; version 2 has one path for all"});
      if (std::ranges::find(paths_, controller, [](const auto& entry) { return entry.first; }) !=
          paths_.end())
        mc::fail("the cgroup below the container's: '", controller, "' is named twice");
      paths_.emplace_back(controller, path);
    }
  }
}

std::string SubCgroup::path_in(const Place& place) const {
  for (const auto& [controller, path] : paths_)
    if (controller.empty() || (!place.hierarchy.unified && place.hierarchy.has(controller)))
      return path == "/" ? place.path
                         : mc::concat(place.path, path.starts_with('/') ? "" : "/", path);
  return place.path;
}

}  // namespace cgroup
