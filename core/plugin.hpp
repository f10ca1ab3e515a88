// SPDX-License-Identifier: Apache-2.0
// A plugin as the core knows it: the descriptor, copied by size, and where it came from.
#pragma once

#include <string>
#include <vector>

#include "core/options.hpp"
#include "mini_container/abi.h"

namespace mini_container {

struct Plugin {
  std::string name;
  std::string path;  // the file, or "built in"
  mc_plugin data{};  // absent fields are zero
  Options options;
  std::vector<std::string> needs;
  std::vector<std::string> after;
  std::vector<std::string> before;
};

/// Copies and checks a descriptor of any size. Throws mc::Error naming `path` and what is wrong:
/// newer ABI, no name, a name unlike the file's, unknown namespace bits, malformed options.
Plugin read_descriptor(const mc_plugin* descriptor, const std::string& path);

}  // namespace mini_container
