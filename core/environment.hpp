// SPDX-License-Identifier: Apache-2.0
// The command's environment.
#pragma once

#include <string>
#include <vector>

#include "core/pipeline.hpp"

namespace mini_container {

inline constexpr const char* default_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

class Environment {
 public:
  /// The launch's own: what plugins contributed, then env_pass, then env; last PATH and TERM
  /// where they are missing and env_defaults says so.
  explicit Environment(const Pipeline& pipeline);

  void set(std::string_view name, std::string_view value);
  /// nullptr: not set.
  [[nodiscard]] const char* find(std::string_view name) const;
  /// Whether HOME is to be found out.
  [[nodiscard]] bool wants_home() const { return home_ && find("HOME") == nullptr; }
  /// For execve; valid until the next set.
  [[nodiscard]] std::vector<char*> pointers();

 private:
  std::vector<std::string> variables_;  // "NAME=VALUE"
  bool home_ = true;
};

}  // namespace mini_container
