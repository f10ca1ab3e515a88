// SPDX-License-Identifier: Apache-2.0
// config.json as a launch: which property becomes which option of which plugin. One function a
// section; all of them only read the one tree and write the other.
#pragma once

#include <string>

#include "core/oci/property.hpp"

namespace mini_container::oci {

/// What the command line says beside the bundle.
struct TranslationOptions {
  std::string id;
  bool new_keyring = true;      // --no-new-keyring: false
  bool cgroups = true;          // --cgroup-manager=disabled: false
  bool systemd_cgroup = false;  // --systemd-cgroup, --cgroup-manager=systemd
  bool pivot = true;            // --no-pivot: false
  int preserve_fds = 0;         // --preserve-fds N
  Reading* reading = nullptr;   // `convert`: told what is read and what is left out
};

/// The launch tree ("container" and one table for each plugin) of a parsed config.json. Throws
/// mc::Error for what is missing, of a wrong type, out of range or not supported.
Value translate_config(const Value& config, const TranslationOptions& options);

/// The same for a process alone (exec --process): the tables that count for `exec`.
Value translate_process_file(const Value& process, const TranslationOptions& options);

void translate_process(const Property& process, Value& tree);
/// Personality and memory policy of `linux`.
void translate_execution(const Property& linux, Value& tree);
/// process.execCPUAffinity, which is not for the first process.
void translate_exec_affinity(const Property& affinity, Value& tree);
void translate_capabilities(const Property& capabilities, Value& tree);
void translate_root(const Property& config, Value& tree);
void translate_mounts(const Property& mounts, const TranslationOptions& options, Value& tree);
void translate_namespaces(const Property& config, Value& tree);
/// What a number of 0 says where some callers mean that they set none.
enum class ZeroIs { not_set, a_limit };
void translate_resources(const Property& resources, Value& tree,
                         ZeroIs no_processes = ZeroIs::not_set);
/// `are_the_hosts`: the nodes will be bound from the host, which is looked through for them.
void translate_devices(const Property& devices, bool are_the_hosts, Value& tree);
void translate_seccomp(const Property& seccomp, Value& tree);
void translate_hooks(const Property& hooks, const Property& annotations, Value& tree);

}  // namespace mini_container::oci
