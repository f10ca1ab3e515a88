// SPDX-License-Identifier: Apache-2.0
#include "core/file_view.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "mini_container/in_root.hpp"

namespace mini_container {

namespace {

class PresentFiles : public FileView {
 public:
  [[nodiscard]] int try_open(const char* path, int flags) const override {
    return mc::try_open_in_root(AT_FDCWD, path, flags, 0, RESOLVE_NO_MAGICLINKS);
  }
  [[nodiscard]] int try_execute(const char* path) const override {
    return ::faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : -errno;
  }
};

}  // namespace

const FileView& present_files() {
  static const PresentFiles files;
  return files;
}

}  // namespace mini_container
