// SPDX-License-Identifier: Apache-2.0
// Roots and launch files for tests, on the private host's /run: gone with it.
#pragma once

#include <string>

namespace mini_container::test {

/// The directory of the build under test: mini_container and attest lie beside this program.
const std::string& build_directory();

/// Whether the build under test has its plugins as files; otherwise they are linked in.
bool plugins_are_files();

/// A fresh directory, removed with the private host.
std::string fresh_directory();

/// A new root: busybox with its common applets as links, attest, empty mount points, passwd and
/// group with root, and user "app" (1000) in groups "app" (1000) and "extra" (2000). Writable.
std::string fresh_root();

/// One root for all tests of this program that write nothing into it.
const std::string& shared_root();

/// Writes `text` as a file `name` in a fresh directory (or in `directory`) and gives its path.
std::string write_file(const std::string& name, const std::string& text,
                       const std::string& directory = {});

/// A launch file: "[rootfs]\npath = SHARED_ROOT" follows `text` unless it has a [rootfs] itself.
std::string launch_file(const std::string& text);

/// The content of a file of the host; empty where there is none.
std::string read_file(const std::string& path);

/// The interpreter that this program, and any other of the host's that links libraries, names.
std::string host_loader();

/// `word` with what no other host of a test has, for names that all share, as cgroups' are: pids
/// are the same in each.
std::string own_name(const std::string& word);

}  // namespace mini_container::test
