// SPDX-License-Identifier: Apache-2.0
#include "capability_names.hpp"

#include <linux/capability.h>

#include <algorithm>
#include <iterator>

#include "mini_container/nearest.hpp"

namespace capabilities {

namespace {

// In the order of their numbers, from linux/capability.h.
constexpr std::string_view names[] = {"CAP_CHOWN",
                                      "CAP_DAC_OVERRIDE",
                                      "CAP_DAC_READ_SEARCH",
                                      "CAP_FOWNER",
                                      "CAP_FSETID",
                                      "CAP_KILL",
                                      "CAP_SETGID",
                                      "CAP_SETUID",
                                      "CAP_SETPCAP",
                                      "CAP_LINUX_IMMUTABLE",
                                      "CAP_NET_BIND_SERVICE",
                                      "CAP_NET_BROADCAST",
                                      "CAP_NET_ADMIN",
                                      "CAP_NET_RAW",
                                      "CAP_IPC_LOCK",
                                      "CAP_IPC_OWNER",
                                      "CAP_SYS_MODULE",
                                      "CAP_SYS_RAWIO",
                                      "CAP_SYS_CHROOT",
                                      "CAP_SYS_PTRACE",
                                      "CAP_SYS_PACCT",
                                      "CAP_SYS_ADMIN",
                                      "CAP_SYS_BOOT",
                                      "CAP_SYS_NICE",
                                      "CAP_SYS_RESOURCE",
                                      "CAP_SYS_TIME",
                                      "CAP_SYS_TTY_CONFIG",
                                      "CAP_MKNOD",
                                      "CAP_LEASE",
                                      "CAP_AUDIT_WRITE",
                                      "CAP_AUDIT_CONTROL",
                                      "CAP_SETFCAP",
                                      "CAP_MAC_OVERRIDE",
                                      "CAP_MAC_ADMIN",
                                      "CAP_SYSLOG",
                                      "CAP_WAKE_ALARM",
                                      "CAP_BLOCK_SUSPEND",
                                      "CAP_AUDIT_READ",
                                      "CAP_PERFMON",
                                      "CAP_BPF",
                                      "CAP_CHECKPOINT_RESTORE"};
static_assert(std::size(names) == CAP_CHECKPOINT_RESTORE + 1);

constexpr std::string_view prefix = "CAP_";

std::string upper(std::string_view name) {
  std::string out(name);
  // The C locale's rule, whatever the locale is.
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string with_prefix(std::string_view name) {
  std::string out = upper(name);
  return out.starts_with(prefix) ? out : mc::concat(prefix, out);
}

}  // namespace

Set all_known() { return bit(std::size(names)) - 1; }

std::optional<unsigned> number_of(std::string_view name) {
  if (name.size() > 64) return std::nullopt;
  const auto found = std::find(std::begin(names), std::end(names), with_prefix(name));
  if (found == std::end(names)) return std::nullopt;
  return static_cast<unsigned>(found - std::begin(names));
}

std::string names_of(Set set) {
  std::string out;
  for (unsigned i = 0; i < 64; ++i) {
    if ((set & bit(i)) == 0) continue;
    if (!out.empty()) out += ',';
    if (i < std::size(names))
      out += names[i];
    else
      out += std::to_string(i);
  }
  return out.empty() ? "none" : out;
}

Set read_set(const mc::Node& list, Set all, std::string* unknown) {
  Set set = 0;
  for (const mc::Node item : list) {
    const std::string name = item.text();
    if (name == "all" || name == "ALL") {
      set |= all;
    } else if (const auto number = number_of(name)) {
      set |= bit(*number);
    } else if (unknown != nullptr) {
      // Whoever names it for one set names it for others.
      const std::string told = mc::concat(',', *unknown, ',');
      if (told.find(mc::concat(',', name.substr(0, 64), ',')) == told.npos)
        *unknown += mc::concat(unknown->empty() ? "" : ",", name.substr(0, 64));
    } else {
      mc::fail(item.where(), ": unknown capability '", name.substr(0, 64), "'",
               mc::Hint{mc::did_you_mean(with_prefix(name), names,
                                         "capabilities(7) lists them; \"all\" stands for all")});
    }
  }
  return set;
}

}  // namespace capabilities
