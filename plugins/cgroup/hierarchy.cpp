// SPDX-License-Identifier: Apache-2.0
#include "hierarchy.hpp"

#include <linux/magic.h>

#include <algorithm>

#include "directory.hpp"

namespace cgroup {

namespace {

// proc_pid_mountinfo(5): space, tab, newline and backslash are written as three octal digits.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                      (text[i + 3] - '0')));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// What a v1 superblock's options may hold beside its controllers.
bool is_mount_option(std::string_view option) {
  constexpr std::string_view known[] = {
      "rw",           "ro",   "clone_children", "xattr",    "all",  "noprefix", "none",
      "favordynmods", "sync", "dirsync",        "lazytime", "mand", "seclabel", "cpuset_v2_mode"};
  return std::find(std::begin(known), std::end(known), option) != std::end(known) ||
         option.starts_with("release_agent=");
}

void read_mount(std::string_view line, std::vector<Hierarchy>& out) {
  const auto fields = split(line, ' ');
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (fields.size() < 10 || fields.end() - dash < 4) return;
  Hierarchy found;
  if (dash[1] == "cgroup2")
    found.unified = true;
  else if (dash[1] != "cgroup")
    return;
  found.mount_root = unescape(fields[3]);
  found.mount_point = unescape(fields[4]);
  found.magic = found.unified ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
  if (!found.unified)
    for (const auto option : split(dash[3], ','))
      if (!is_mount_option(option)) found.controllers.emplace_back(option);
  // The same hierarchy may be mounted again elsewhere; a bind of a part of it is the worse view.
  for (Hierarchy& other : out)
    if (other.unified == found.unified && other.controllers == found.controllers) {
      if (other.mount_root.size() > found.mount_root.size()) other = std::move(found);
      return;
    }
  out.push_back(std::move(found));
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  out.reserve(1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), separator)));
  for_each_part(text, separator, [&](std::string_view part) { out.push_back(part); });
  return out;
}

bool Hierarchy::has(std::string_view controller) const {
  return std::find(controllers.begin(), controllers.end(), controller) != controllers.end();
}

std::string Hierarchy::own_path_below_mount() const {
  if (mount_root == "/") return own_path;
  if (own_path == mount_root) return "/";
  if (own_path.starts_with(mount_root + "/")) return own_path.substr(mount_root.size());
  mc::fail("this process's cgroup '", own_path, "' is not below '", mount_point, "', where only '",
           mount_root, "' of the hierarchy is mounted", mc::Hint{"give an absolute cgroup.path"});
}

std::string Hierarchy::name() const {
  if (unified) return "unified";
  std::string out;
  for (const std::string& controller : controllers) out += (out.empty() ? "" : ",") + controller;
  return out;
}

std::vector<Hierarchy> parse_hierarchies(std::string_view mountinfo, std::string_view own) {
  std::vector<Hierarchy> out;
  for (const auto line : split(mountinfo, '\n')) read_mount(line, out);
  // "4:memory:/user.slice", "0::/user.slice"; a path may hold colons.
  for (const auto line : split(own, '\n')) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    for (Hierarchy& hierarchy : out) {
      const bool same = hierarchy.unified ? controllers.empty()
                                          : !controllers.empty() &&
                                                hierarchy.has(split(controllers, ',').front());
      if (same) hierarchy.own_path = line.substr(second + 1);
    }
  }
  return out;
}

Hierarchies Hierarchies::find() {
  auto all = parse_hierarchies(mc::read_file(AT_FDCWD, "/proc/self/mountinfo", 16 << 20),
                               mc::read_file(AT_FDCWD, "/proc/self/cgroup"));
  for (Hierarchy& hierarchy : all) {
    if (!hierarchy.unified) continue;
    const mc::Fd root = open_mount_point(hierarchy);
    std::string offered = mc::read_file(root.get(), "cgroup.controllers");
    std::replace(offered.begin(), offered.end(), '\n', ' ');
    for (const auto controller : split(offered, ' '))
      hierarchy.controllers.emplace_back(controller);
  }
  return Hierarchies(std::move(all));
}

const Hierarchy* Hierarchies::unified() const {
  for (const Hierarchy& hierarchy : all_)
    if (hierarchy.unified) return &hierarchy;
  return nullptr;
}

const Hierarchy* Hierarchies::of(std::string_view controller) const {
  for (const Hierarchy& hierarchy : all_)
    if (hierarchy.has(controller)) return &hierarchy;
  return nullptr;
}

}  // namespace cgroup
