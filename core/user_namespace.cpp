// SPDX-License-Identifier: Apache-2.0
#include "core/user_namespace.hpp"

#include <fcntl.h>

#include <string>

#include "mini_container/fd.hpp"

namespace mini_container {

bool in_initial_user_namespace() {
  // One line with the whole range, which no other namespace has: user_namespaces(7).
  const std::string map = mc::read_file(AT_FDCWD, "/proc/self/uid_map");
  return map.find(" 4294967295\n") != std::string::npos;
}

}  // namespace mini_container
