// SPDX-License-Identifier: Apache-2.0
// The administrator's own configuration of this machine, which no launch and no bundle can change.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mini_container {

inline constexpr const char* settings_path = "/etc/mini_container/config.toml";

struct Settings {
  /// annotations.allow: TABLE, or TABLE.KEY.
  std::vector<std::string> allowed_annotations;

  [[nodiscard]] bool allows_annotation(std::string_view table, std::string_view key) const;
};

/// Reads `path`; nothing is allowed where it is missing. The file and its directory must belong to
/// root and be writable by nobody else. Throws mc::Error for one that is not so, or not understood.
Settings read_settings(const std::string& path);

}  // namespace mini_container
