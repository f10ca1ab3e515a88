// SPDX-License-Identifier: Apache-2.0
// features: what bundles can ask for here, from what the plugins that are there declare.
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>

#include "core/json.hpp"
#include "core/namespaces.hpp"
#include "core/oci/bundle.hpp"
#include "core/oci/verbs.hpp"
#include "core/verb_options.hpp"

namespace mini_container::oci {

namespace {

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

/// The words that option `key` of `plugin` may take, those of them that start with `prefix`.
std::vector<std::string> words_of(const Plugin& plugin, std::string_view key,
                                  std::string_view prefix) {
  std::vector<std::string> out;
  const auto option = std::ranges::find(plugin.options, key, &OptionSpec::key);
  if (option == plugin.options.end()) return out;
  for (const auto* word = option->data.choices; word != nullptr && *word != nullptr; ++word)
    if (std::string_view(*word).starts_with(prefix)) out.emplace_back(*word);
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

bool is_there(const char* path) {
  struct stat info {};
  return ::stat(path, &info) == 0;
}

Value seccomp_features(Catalog& catalog) {
  const Plugin* plugin = catalog.find("seccomp");
  Value out = enabled(plugin != nullptr);
  if (plugin == nullptr) return out;
  out.set("actions", texts(words_of(*plugin, "default_action", "SCMP_ACT_")));
  const auto flags = words_of(*plugin, "flags", "SECCOMP_");
  out.set("knownFlags", texts(flags));
  out.set("supportedFlags", texts(flags));
  out.set("operators", texts({"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ",
                              "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"}));
  return out;
}

Value cgroup_features(Catalog& catalog) {
  const bool there = catalog.find("cgroup") != nullptr;
  Value out(Table{});
  for (const char* key : {"v1", "v2", "systemd", "systemdUser", "rdma"})
    out.set(key, Value(there));
  return out;
}

Value linux_features(Catalog& catalog) {
  Value out(Table{});
  out.set("namespaces", texts(namespaces_of(catalog)));
  out.set("cgroup", cgroup_features(catalog));
  out.set("seccomp", seccomp_features(catalog));
  const bool lsm = catalog.find("lsm") != nullptr;
  out.set("apparmor", enabled(lsm && is_there("/sys/kernel/security/apparmor")));
  out.set("selinux", enabled(lsm && is_there("/sys/fs/selinux/enforce")));
  out.set("intelRdt", enabled(false));
  Value idmap(Table{});
  idmap.set("idmap", enabled(catalog.find("rootfs") != nullptr));
  out.set("mountExtensions", std::move(idmap));
  out.set("netDevices", enabled(catalog.find("net") != nullptr));
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
    out.set("mountOptions",
            texts({"async",     "atime",      "bind",        "defaults",  "dev",       "diratime",
                   "dirsync",   "exec",       "idmap",       "lazytime",  "loud",      "mand",
                   "noatime",   "nodev",      "nodiratime",  "noexec",    "norelatime", "nosuid",
                   "nosymfollow", "private",  "ratime",      "rbind",     "rdev",      "rdiratime",
                   "relatime",  "remount",    "rexec",       "ridmap",    "rnoatime",  "rnodev",
                   "rnodiratime", "rnoexec",  "rnorelatime", "rnosuid",   "rnosymfollow", "ro",
                   "rprivate",  "rrelatime",  "rro",         "rrw",       "rshared",   "rslave",
                   "rstrictatime", "rsuid",   "rsymfollow",  "runbindable", "rw",      "shared",
                   "silent",    "slave",      "strictatime", "suid",      "symfollow", "sync",
                   "tmpcopyup", "unbindable"}));
  out.set("linux", linux_features(catalog));
  Value annotations(Table{});
  annotations.set("mini_container.version", Value(std::string(MINI_CONTAINER_VERSION)));
  out.set("annotations", std::move(annotations));
  std::fputs(write_json(out, JsonStyle::pretty).c_str(), stdout);
  return 0;
}

}  // namespace mini_container::oci
