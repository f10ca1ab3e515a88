// SPDX-License-Identifier: Apache-2.0
// The way back: a launch as config.json. One function a section, the mirror of translate.hpp; each
// reads options of the launch (checked, with their defaults) and writes properties.
#pragma once

#include <string>
#include <vector>

#include "core/launch.hpp"
#include "core/oci/property.hpp"

namespace mini_container::oci {

struct Conversion {
  Value tree;
  std::vector<LeftOut> left_out;  // what cannot be said there, in the order of the launch
};

/// config.json of `launch` for a bundle at `directory` (absolute; empty: not known, and every path
/// is absolute). Throws mc::Error where nothing like it can be said: no root, a user by name.
Conversion config_of(const Launch& launch, const std::string& directory);

void add_process(const Property& launch, Value& config);
void add_capabilities(const Property& capabilities, Value& process);
void add_scheduling(const Property& scheduling, Value& config);
void add_root(const Property& launch, const std::string& directory, Value& config);
void add_namespaces(const Property& launch, Value& config);
void add_resources(const Property& cgroup, Value& config);
void add_seccomp(const Property& seccomp, Value& config);
void add_hooks(const Property& hooks, Value& config);
void add_devices(const Property& devices, Value& config);

/// `path` relative to `directory` where it is below it.
std::string path_from(const std::string& directory, const std::string& path);

/// "SCHED_" + "batch" in capitals; a word that has the prefix stays as it is.
std::string upper_word(std::string_view prefix, std::string word);
/// The same for a list.
Value upper_words(std::string_view prefix, const Property& words);
/// A number of 64 bits without sign, as JSON's numbers are kept.
Value large_value(std::uint64_t number, const Place& place);

/// Copies an option where it is there.
inline void copy_value(const Property& from, std::string_view key, Value& to) {
  if (from) to.set(key, from.value());
}
/// Leaves an option out of the conversion where it is there, and says more than its default.
void leave_out_if(const Property& option, const char* why);

}  // namespace mini_container::oci
