// SPDX-License-Identifier: Apache-2.0
// Reads launch files. The only file that knows toml++.
#pragma once

#include <string>
#include <string_view>

#include "core/value.hpp"

namespace mini_container {

/// Reads the launch file at `path`; `extends = "base.toml"` (relative to the file that says it; a
/// string or a list, later ones over earlier ones) is read first and overlaid table by table, key
/// by key; lists are replaced whole. The places in the tree name each value's own file. Throws
/// mc::Error for a missing, too large (1 MiB), too deep or malformed file ("FILE:LINE:COL: ..."),
/// and for files that extend each other in a circle.
Value read_launch_file(const std::string& path);

/// Reads TOML text that stands for itself: `extends` is a key like any other. Throws as above.
Value read_toml(std::string_view text, std::string_view source);

/// Reads one TOML value as it stands on the right of "=": for `--set table.key=value`. Text that
/// is no TOML value is a string as it stands.
Value read_toml_value(std::string_view text, Place place);

}  // namespace mini_container
