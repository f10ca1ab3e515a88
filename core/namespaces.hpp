// SPDX-License-Identifier: Apache-2.0
// The kinds of namespace, namespaces(7).
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace mini_container {

struct NamespaceKind {
  std::uint64_t flag;     // CLONE_NEW*
  const char* name;       // "CLONE_NEWNS"
  const char* proc_name;  // "mnt", below /proc/PID/ns
};

/// In the order in which they are joined: user first, whose capabilities the others need, and mnt
/// last, since /proc may be another one from there on.
extern const std::array<NamespaceKind, 8> namespace_kinds;
extern const std::uint64_t all_namespaces;

/// nullptr where `flag` is not exactly one CLONE_NEW* bit.
const NamespaceKind* find_namespace_kind(std::uint64_t flag);

/// "CLONE_NEWNS|CLONE_NEWPID"; bits of no namespace as a hexadecimal number; "none" for 0.
std::string namespace_names(std::uint64_t flags);

}  // namespace mini_container
