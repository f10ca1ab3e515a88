// SPDX-License-Identifier: Apache-2.0
// features: what bundles can ask for here, from what the plugins that are there declare.
#include <algorithm>
#include <array>

#include "core/json.hpp"
#include "core/namespaces.hpp"
#include "core/oci/annotations.hpp"
#include "core/oci/bundle.hpp"
#include "core/oci/verbs.hpp"
#include "core/verb_options.hpp"
#include "mini_container/capability_names.hpp"

namespace mini_container::oci {

namespace {

// The whole table of config.md: tests/oci/spec/mounts.sh tries each.
constexpr std::array mount_options = {"async",         "atime",        "bind",
                                      "defaults",      "dev",          "diratime",
                                      "dirsync",       "exec",         "idmap",
                                      "iversion",      "lazytime",     "loud",
                                      "mand",          "noatime",      "nodev",
                                      "nodiratime",    "noexec",       "noiversion",
                                      "nolazytime",    "nomand",       "norelatime",
                                      "nostrictatime", "nosuid",       "nosymfollow",
                                      "private",       "ratime",       "rbind",
                                      "rdev",          "rdiratime",    "relatime",
                                      "remount",       "rexec",        "ridmap",
                                      "rnoatime",      "rnodev",       "rnodiratime",
                                      "rnoexec",       "rnorelatime",  "rnostrictatime",
                                      "rnosuid",       "rnosymfollow", "ro",
                                      "rprivate",      "rrelatime",    "rro",
                                      "rrw",           "rshared",      "rslave",
                                      "rstrictatime",  "rsuid",        "rsymfollow",
                                      "runbindable",   "rw",           "shared",
                                      "silent",        "slave",        "strictatime",
                                      "suid",          "symfollow",    "sync",
                                      "tmpcopyup",     "unbindable"};

Value texts(const std::vector<std::string>& words) {
  List out;
  for (const auto& word : words) out.emplace_back(word);
  return Value(std::move(out));
}

Value enabled(bool yes) {
  Value out(Table{});
  out.set("enabled", Value(yes));
  return out;
}

/// The words that the option at `keys`, fields of fields, may take, those of them that start with
/// `prefix`.
std::vector<std::string> words_of(const Plugin& plugin,
                                  std::initializer_list<std::string_view> keys,
                                  std::string_view prefix) {
  std::vector<std::string> out;
  Options level = plugin.options;
  const mc_option* option = nullptr;
  for (const std::string_view key : keys) {
    option = find_option(level, key);
    if (option == nullptr) return out;
    level = fields_of(*option);
  }
  for (const auto* word = option->choices; word != nullptr && *word != nullptr; ++word)
    if (std::string_view(*word).starts_with(prefix)) out.emplace_back(*word);
  std::ranges::sort(out);
  return out;
}

std::vector<std::string> namespaces_of(Catalog& catalog) {
  std::uint64_t flags = 0;
  for (const auto& name : catalog.names())
    if (const Plugin* plugin = catalog.find(name)) flags |= plugin->data.namespaces;
  std::vector<std::string> out;
  for (const auto& kind : namespace_kinds) {
    if ((flags & kind.flag) == 0) continue;
    const std::string_view name = kind.proc_name;
    out.emplace_back(name == "mnt" ? "mount" : name == "net" ? "network" : name);
  }
  std::ranges::sort(out);
  return out;
}

Value seccomp_features(Catalog& catalog) {
  const Plugin* plugin = catalog.find("seccomp");
  Value out = enabled(plugin != nullptr);
  if (plugin == nullptr) return out;
  out.set("actions", texts(words_of(*plugin, {"default_action"}, "SCMP_ACT_")));
  const auto flags = words_of(*plugin, {"flags"}, "SECCOMP_");
  out.set("knownFlags", texts(flags));
  out.set("supportedFlags", texts(flags));
  out.set("operators", texts(words_of(*plugin, {"syscalls", "args", "op"}, "SCMP_CMP_")));
  out.set("archs",
          texts({"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64",
                 "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
                 "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_PPC",
                 "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390",
                 "SCMP_ARCH_S390X", "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"}));
  return out;
}

Value cgroup_features(Catalog& catalog) {
  const bool there = catalog.find("cgroup") != nullptr;
  Value out(Table{});
  for (const char* key : {"v1", "v2", "systemd", "systemdUser", "rdma"}) out.set(key, Value(there));
  return out;
}

// "interleave" as "MPOL_INTERLEAVE".
Value constants(const std::string& prefix, std::vector<std::string> words) {
  for (auto& word : words) {
    std::ranges::transform(word, word.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    });
    word.insert(0, prefix);
  }
  return texts(words);
}

Value memory_policy_features(const Plugin& scheduling) {
  Value out(Table{});
  out.set("modes", constants("MPOL_", words_of(scheduling, {"memory_policy"}, "")));
  out.set("flags", constants("MPOL_F_", words_of(scheduling, {"memory_flags"}, "")));
  return out;
}

Value linux_features(Catalog& catalog) {
  Value out(Table{});
  out.set("namespaces", texts(namespaces_of(catalog)));
  if (catalog.find("capabilities") != nullptr)
    out.set("capabilities",
            texts({std::begin(mc::capability_names), std::end(mc::capability_names)}));
  out.set("cgroup", cgroup_features(catalog));
  out.set("seccomp", seccomp_features(catalog));
  // What is implemented, not what this machine's kernel has.
  for (const char* module : {"apparmor", "selinux"})
    out.set(module, enabled(catalog.find("lsm") != nullptr));
  out.set("intelRdt", enabled(false));
  Value idmap(Table{});
  idmap.set("idmap", enabled(catalog.find("rootfs") != nullptr));
  out.set("mountExtensions", std::move(idmap));
  out.set("netDevices", enabled(catalog.find("net") != nullptr));
  if (const Plugin* scheduling = catalog.find("scheduling"))
    out.set("memoryPolicy", memory_policy_features(*scheduling));
  return out;
}

}  // namespace

int features_verb(VerbContext& context, const Arguments& arguments) {
  if (!VerbOptions("features").parse(arguments).empty())
    mc::fail("features: it takes no arguments");
  Catalog& catalog = context.catalog;
  Value out(Table{});
  out.set("ociVersionMin", Value(std::string("1.0.0")));
  out.set("ociVersionMax", Value(std::string(spec_version)));
  if (catalog.find("hooks") != nullptr)
    out.set("hooks", texts({"prestart", "createRuntime", "createContainer", "startContainer",
                            "poststart", "poststop"}));
  if (catalog.find("rootfs") != nullptr)
    out.set("mountOptions", texts({mount_options.begin(), mount_options.end()}));
  out.set("linux", linux_features(catalog));
  Value annotations(Table{});
  annotations.set("mini_container.version", Value(std::string(MINI_CONTAINER_VERSION)));
  out.set("annotations", std::move(annotations));
  out.set("potentiallyUnsafeConfigAnnotations", texts({std::string(annotation_prefix)}));
  return print(write_json(out, JsonStyle::pretty));
}

}  // namespace mini_container::oci
