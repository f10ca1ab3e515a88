// SPDX-License-Identifier: Apache-2.0
#include "core/identity.hpp"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include "core/rights.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

namespace {

constexpr std::uint32_t no_id = UINT32_MAX;  // means "unchanged" to the kernel
constexpr const char* user_key = "container.user";

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc() || rest != end || number == no_id) return std::nullopt;
  return number;
}

bool looks_numeric(std::string_view text) {
  return !text.empty() && std::string_view("0123456789+-").find(text.front()) != std::string::npos;
}

std::uint32_t need_number(std::string_view text, const char* what, const char* key) {
  const auto number = parse_number(text);
  if (!number)
    mc::fail(key, ": '", text, "' is not a ", what, " id",
             mc::Hint{"give a decimal number from 0 to 4294967294, or a name"});
  return *number;
}

// Fields of one line of passwd(5) or group(5).
std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> fields;
  for (std::size_t at = 0; at <= line.size();) {
    const auto end = std::min(line.find(separator, at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return fields;
}

using Fields = std::vector<std::string_view>;

// Calls `each` with the fields of every line until it gives true; a missing file has no lines.
void read_lines(const FileView& files, const char* path,
                const std::function<bool(const Fields&)>& each) {
  const int fd = files.try_open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
  if (fd == -ENOENT || fd == -ENOTDIR) return;
  if (fd < 0) mc::fail_with(-fd, "open '", path, "' in the container");
  const mc::Fd file(fd);
  struct stat info {};
  mc::check(mc::stat_of(fd, &info), "look at '", path, "' in the container");
  if (S_ISCHR(info.st_mode) && info.st_rdev == ::makedev(1, 3)) return;  // masked: the null device
  if (!S_ISREG(info.st_mode)) mc::fail("'", path, "' in the container is not a regular file");
  const auto text = mc::read_all(fd, path);
  for (const auto line : split(text, '\n'))
    if (!line.empty() && each(split(line, ':'))) return;
}

struct PasswdEntry {
  std::string name;
  std::uint32_t uid = 0, gid = 0;
  std::string home;
};

// A line that is broken is not skipped: a later one of the same name may be somebody else.
[[noreturn]] void refuse_line(const char* path, std::string_view name) {
  mc::fail("container.user: the container's ", path, " has a broken line for '", name, "'",
           mc::Hint{"repair it there, or give numbers: USER:GROUP"});
}

// `need_ids`: not where both are given as numbers, and but the name and HOME are wanted.
std::optional<PasswdEntry> find_user(const FileView& files,
                                     const std::function<bool(const Fields&)>& matches,
                                     bool need_ids) {
  std::optional<PasswdEntry> found;
  read_lines(files, "/etc/passwd", [&](const Fields& fields) {
    if (!matches(fields)) return false;
    const auto uid = fields.size() < 6 ? std::nullopt : parse_number(fields[2]);
    const auto gid = fields.size() < 6 ? std::nullopt : parse_number(fields[3]);
    if (!uid || !gid) {
      if (!need_ids) return false;
      refuse_line("/etc/passwd", fields[0]);
    }
    found = PasswdEntry{std::string(fields[0]), *uid, *gid, std::string(fields[5])};
    return true;
  });
  return found;
}

/// `key`: the option that names it.
std::uint32_t resolve_group(const FileView& files, std::string_view group, const char* key) {
  if (looks_numeric(group)) return need_number(group, "group", key);
  std::optional<std::uint32_t> gid;
  read_lines(files, "/etc/group", [&](const Fields& fields) {
    if (fields[0] != group) return false;
    gid = fields.size() < 3 ? std::nullopt : parse_number(fields[2]);
    if (!gid) refuse_line("/etc/group", group);
    return true;
  });
  if (!gid)
    mc::fail(key, ": the container's /etc/group has no group '", group, "'",
             mc::Hint{"add it there, or give its number"});
  return *gid;
}

std::string missing_right(int error_number, const char* capability) {
  if (error_number != EPERM)
    return "in a user namespace the id must be mapped; container.user names another";
  return mc::concat(capability,
                    " is missing; run as root, or enable the plugin 'user' (--user.mode auto), "
                    "which gives it inside");
}

void add_memberships(const FileView& files, const std::string& user, std::vector<gid_t>& groups) {
  read_lines(files, "/etc/group", [&](const Fields& fields) {
    if (fields.size() < 4) return false;
    const auto members = split(fields[3], ',');
    if (std::ranges::find(members, user) == members.end()) return false;
    const auto gid = parse_number(fields[2]);
    if (!gid) refuse_line("/etc/group", fields[0]);
    groups.push_back(*gid);
    return false;
  });
}

}  // namespace

Identity resolve_identity(const std::string& user, const std::vector<std::string>& groups,
                          bool want_home, const FileView& files) {
  const auto colon = user.find(':');
  const auto user_part = user.substr(0, colon);
  const bool has_group = colon != std::string::npos;
  Identity out;
  std::optional<PasswdEntry> entry;
  const bool by_number = looks_numeric(user_part);
  if (by_number) out.uid = need_number(user_part, "user", user_key);
  const bool want_memberships = std::ranges::find(groups, "user") != groups.end();
  if (!by_number || want_home || !has_group || want_memberships) {
    const auto is_the_user = [&](const Fields& fields) {
      return by_number ? fields.size() > 2 && parse_number(fields[2]) == out.uid
                       : fields[0] == user_part;
    };
    entry = find_user(files, is_the_user, !by_number || !has_group);
  }
  if (!by_number) {
    if (!entry)
      mc::fail("container.user: the container's /etc/passwd has no user '", user_part, "'",
               mc::Hint{"add it there, or give its number"});
    out.uid = entry->uid;
  }
  if (has_group)
    out.gid = resolve_group(files, std::string_view(user).substr(colon + 1), user_key);
  else if (entry)
    out.gid = entry->gid;
  if (entry) out.home = entry->home;
  for (const auto& group : groups) {
    if (group != "user")
      out.groups.push_back(resolve_group(files, group, "container.groups"));
    else if (entry)
      add_memberships(files, entry->name, out.groups);
  }
  return out;
}

Identity resolve_identity(const Value& container, bool want_home, const FileView& files) {
  std::vector<std::string> groups;
  if (const auto* list = container.find("groups"))
    for (const auto& group : *list->as<List>()) groups.push_back(*group.as<std::string>());
  return resolve_identity(*container.find("user")->as<std::string>(), groups, want_home, files);
}

std::uint32_t user_by_number(const Value& container) {
  const std::string_view user = *container.find("user")->as<std::string>();
  return parse_number(user.substr(0, user.find(':'))).value_or(no_id);
}

void assume_identity(const Identity& identity, mode_t umask) {
  ::umask(umask);
  mc::check(::prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L), "keep the capabilities");
  // Raw system calls: libc's would do it for all threads, and there is but one.
  if (::syscall(SYS_setgroups, identity.groups.size(), identity.groups.data()) != 0) {
    // In a user namespace where setgroups is denied there are none to be had: user_namespaces(7).
    if (errno != EPERM || !identity.groups.empty())
      mc::fail_with(errno, "set ", identity.groups.size(), " supplementary groups");
  }
  if (::syscall(SYS_setresgid, identity.gid, identity.gid, identity.gid) != 0)
    mc::fail_with(errno, "become group ", identity.gid,
                  mc::Hint{missing_right(errno, "CAP_SETGID")});
  if (::syscall(SYS_setresuid, identity.uid, identity.uid, identity.uid) != 0)
    mc::fail_with(errno, "become user ", identity.uid,
                  mc::Hint{missing_right(errno, "CAP_SETUID")});
  make_capabilities_effective(true);
  // ENOSYS and EINVAL cannot be: ambient capabilities are older than openat2.
  mc::check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0L, 0L, 0L),
            "clear the ambient capabilities");
}

}  // namespace mini_container
