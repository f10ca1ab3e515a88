// SPDX-License-Identifier: Apache-2.0
#include "core/namespaces.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace mini_container {

const std::array<NamespaceKind, 8> namespace_kinds = {{
    {CLONE_NEWUSER, "CLONE_NEWUSER", "user"},
    {CLONE_NEWCGROUP, "CLONE_NEWCGROUP", "cgroup"},
    {CLONE_NEWIPC, "CLONE_NEWIPC", "ipc"},
    {CLONE_NEWUTS, "CLONE_NEWUTS", "uts"},
    {CLONE_NEWNET, "CLONE_NEWNET", "net"},
    {CLONE_NEWPID, "CLONE_NEWPID", "pid"},
    {CLONE_NEWTIME, "CLONE_NEWTIME", "time"},
    {CLONE_NEWNS, "CLONE_NEWNS", "mnt"},
}};

const std::uint64_t all_namespaces = [] {
  std::uint64_t all = 0;
  for (const auto& kind : namespace_kinds) all |= kind.flag;
  return all;
}();

const NamespaceKind* find_namespace_kind(std::uint64_t flag) {
  const auto found = std::ranges::find(namespace_kinds, flag, &NamespaceKind::flag);
  return found != namespace_kinds.end() ? &*found : nullptr;
}

std::string namespace_names(std::uint64_t flags) {
  std::string out;
  const auto add = [&out](const char* name) {
    if (!out.empty()) out += '|';
    out += name;
  };
  for (const auto& kind : namespace_kinds)
    if ((flags & kind.flag) != 0) add(kind.name);
  if (const auto rest = flags & ~all_namespaces; rest != 0) {
    char digits[20] = "0x";
    *std::to_chars(digits + 2, digits + sizeof digits - 1, rest, 16).ptr = '\0';
    add(digits);
  }
  return out.empty() ? "none" : out;
}

}  // namespace mini_container
