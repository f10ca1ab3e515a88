// SPDX-License-Identifier: Apache-2.0
// Landlock's rights by name, and which version of its ABI knows them: landlock(7). The numbers
// are the kernel's; the headers of a distribution may be older than its kernel.
#pragma once

#include <cstdint>
#include <string_view>

#include "mini_container/plugin.hpp"

namespace landlock {

using Rights = std::uint64_t;

constexpr Rights bind_tcp = 1U << 0;
constexpr Rights connect_tcp = 1U << 1;
constexpr Rights scope_abstract_unix_socket = 1U << 0;
constexpr Rights scope_signal = 1U << 1;

/// The ABI versions that brought what is not a right to a path.
constexpr int abi_of_ports = 4;
constexpr int abi_of_scopes = 6;

/// Every right to a path that ABI version `abi` knows.
Rights path_rights(int abi);
/// Those of them that mean something for what is not a directory.
Rights file_rights();

/// A list like ["read", "execute", "make_dir"]. Throws for an unknown name, with the nearest.
Rights read_path_rights(const mc::Node& list);

}  // namespace landlock
