// SPDX-License-Identifier: Apache-2.0
// How the files of a container are reached: those of the root that a process is in, or those that
// a plan will put there.
#pragma once

namespace mini_container {

class FileView {
 public:
  FileView() = default;
  FileView(const FileView&) = delete;
  FileView& operator=(const FileView&) = delete;
  virtual ~FileView() = default;

  /// A descriptor for `path`, close-on-exec, as open(2) gives it for `flags` without O_CREAT; a
  /// negative errno on failure. Magic links (/proc/PID/exe and its like) give ELOOP.
  [[nodiscard]] virtual int try_open(const char* path, int flags) const = 0;
  /// 0 where the file at `path` may be executed, as far as rights and mounts go: access(2), X_OK,
  /// with effective ids and capabilities. Else a negative errno.
  [[nodiscard]] virtual int try_execute(const char* path) const = 0;
};

/// [child] Of this process's root and working directory.
const FileView& present_files();

}  // namespace mini_container
