// SPDX-License-Identifier: Apache-2.0
// Who the command runs as: numbers, or names of the container's own passwd and group files.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/file_view.hpp"
#include "core/value.hpp"

namespace mini_container {

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary
  std::string home;           // of passwd; empty where it does not say
};

/// Resolves "USER[:GROUP]" and the list of supplementary groups against /etc/passwd and
/// /etc/group of the container. Numbers are decimal, 0 to 4294967294, without sign or blank;
/// a user without a group has the group of its passwd entry, or 0. The group "user" stands for
/// those that list the user as a member. Throws mc::Error.
Identity resolve_identity(const std::string& user, const std::vector<std::string>& groups,
                          bool want_home, const FileView& files = present_files());
/// The same of the checked [container] table.
Identity resolve_identity(const Value& container, bool want_home,
                          const FileView& files = present_files());

/// The user of the checked [container] table where it is a number; else UINT32_MAX, which is no id.
std::uint32_t user_by_number(const Value& container);

/// [child] setgroups, setgid, setuid, umask; every capability stays permitted and effective until
/// the command is executed, inheritable and ambient ones are dropped.
void assume_identity(const Identity& identity, mode_t umask);

}  // namespace mini_container
