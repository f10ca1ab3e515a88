// SPDX-License-Identifier: Apache-2.0
#include "core/working_directory.hpp"

#include "mini_container/error.hpp"

namespace mini_container {

void refuse_relative_directory(const std::string& path) {
  if (!path.starts_with('/'))
    mc::fail("container.cwd: '", path, "' is not an absolute path",
             mc::Hint{"it is looked up inside the container"});
}

void refuse_directory(const std::string& path, int error_number) {
  mc::fail_with(error_number, "container.cwd: enter '", path, "' in the container",
                mc::Hint{"create the directory in the root"});
}

}  // namespace mini_container
