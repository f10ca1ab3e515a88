// SPDX-License-Identifier: Apache-2.0
// A bundle: a directory with a config.json and what it names.
#pragma once

#include <string>

#include "core/oci/translate.hpp"

namespace mini_container::oci {

inline constexpr const char* spec_version = "1.3.0";

struct Bundle {
  std::string directory;  // absolute
  Value config;           // config.json as it stands
  Value tree;             // the launch
};

/// Reads `directory`/config.json, or `config_path` where it is not empty, once. Throws mc::Error.
Bundle read_bundle(const std::string& directory, const std::string& config_path,
                   const TranslationOptions& options);

/// What other verbs need of config.json beside the launch, for the container's record.
Value bundle_facts(const Value& config);
/// Among them: options of `scheduling` that are for processes of `exec` alone.
constexpr const char* exec_scheduling_fact = "exec_scheduling";

/// A JSON file of an engine's: process, resources. "-" is standard input.
Value read_json_file(const std::string& path);

}  // namespace mini_container::oci
