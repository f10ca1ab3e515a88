// SPDX-License-Identifier: Apache-2.0
// Where below the container's own cgroups a further process goes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "place.hpp"

namespace cgroup {

class SubCgroup {
 public:
  /// `text` as mc_resources has it: a path for every hierarchy, or lines "CONTROLLER[,...]:PATH",
  /// each for those hierarchies of version 1; nullptr or empty: the container's own. Throws for
  /// what is neither, and for a controller that is named twice or that no hierarchy in `places`
  /// has.
  SubCgroup(const char* text, const std::vector<Place>& places);

  /// The path of the cgroup below the mount point of the place's hierarchy.
  [[nodiscard]] std::string path_in(const Place& place) const;

 private:
  std::vector<std::pair<std::string, std::string>> paths_;  // by controller; "": all of them
};

}  // namespace cgroup
