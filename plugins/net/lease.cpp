// SPDX-License-Identifier: Apache-2.0
#include "lease.hpp"

#include <dirent.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace net {
namespace {

std::vector<std::string> list(int directory, const std::string& prefix) {
  std::vector<std::string> out;
  // A new open file description: reading moves its offset, and closedir closes it.
  const int fd =
      mc::check(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "list the leases");
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd), &::closedir);
  if (!stream) mc::fail_with(errno, "list the leases");
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && name.substr(0, prefix.size()) == prefix)
      out.emplace_back(name);
  }
  return out;
}

// Another user who could write here could have addresses and rules removed.
void check_owner(int fd, const std::string& path) {
  struct stat info {};
  mc::check(mc::stat_of(fd, &info), "look at '", path, "'");
  if (info.st_uid != ::geteuid() || (info.st_mode & 022U) != 0)
    mc::fail("lease directory '", path, "' is not this user's own, or others may write to it",
             mc::Hint{"chown and chmod 0700 it, or set net.lease_dir"});
}

}  // namespace

std::string process_identity(int pid) {
  const mc::Fd file(::open(mc::concat("/proc/", pid, "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  const std::string stat = mc::read_all(file.get(), "stat");
  // Field 22, counted behind the command's name, which may hold blanks and ')': proc(5).
  std::size_t at = stat.rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = stat.find(' ', at + 1);
  if (at == std::string::npos) return {};
  const std::size_t state = stat.rfind(')') + 2;
  if (stat[state] == 'Z' || stat[state] == 'X') return {};
  return mc::concat(pid, " ", stat.substr(at + 1, stat.find(' ', at + 1) - at - 1));
}

std::string directory_path(int fd) {
  char link[32];
  char path[4096];
  ::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length =
      mc::check(::readlink(link, path, sizeof path), "find the path of the state directory");
  return {path, static_cast<std::size_t>(length)};
}

std::string namespace_number(const char* path) {
  struct stat info {};
  mc::check(::stat(path, &info), "look at '", path, "'");
  return mc::concat(info.st_ino);
}

std::string Record::text() const {
  std::string out = mc::concat("id ", id, "\nstate ", state_inode, " ", state_dir, "\npidns ",
                               pid_namespace, "\nagent ", agent, "\n");
  if (!container.empty()) out += "container " + container + "\n";
  for (const std::string& address : addresses) out += "address " + address + "\n";
  for (const std::string& port : ports) out += "port " + port + "\n";
  return out;
}

bool Record::alive() const {
  const auto runs = [](const std::string& identity) {
    return !identity.empty() && process_identity(std::atoi(identity.c_str())) == identity;
  };
  if (pid_namespace == namespace_number("/proc/self/ns/pid")) return runs(agent) || runs(container);
  // Its processes have other numbers here; the core keeps the directory until cleanup was done.
  struct stat info {};
  return ::stat(state_dir.c_str(), &info) == 0 &&
         mc::concat(info.st_dev, ":", info.st_ino) == state_inode;
}

Record parse_record(const std::string& token, const std::string& text) {
  Record out;
  out.token = token;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = text.substr(begin, end - begin);
    const std::size_t blank = line.find(' ');
    if (blank == std::string::npos) continue;
    const std::string key = line.substr(0, blank);
    const std::string value = line.substr(blank + 1);
    if (key == "id") out.id = value;
    if (key == "pidns") out.pid_namespace = value;
    if (key == "agent") out.agent = value;
    if (key == "container") out.container = value;
    if (key == "address") out.addresses.push_back(value);
    if (key == "port") out.ports.push_back(value);
    if (key == "state" && value.find(' ') != std::string::npos) {
      out.state_inode = value.substr(0, value.find(' '));
      out.state_dir = value.substr(value.find(' ') + 1);
    }
  }
  return out;
}

std::optional<LeaseDirectory> LeaseDirectory::open(const std::string& path, bool create) {
  for (int attempt = 0; attempt < 64; ++attempt) {
    if (create && ::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
      mc::fail_with(errno, "create lease directory '", path, "'",
                    mc::Hint{"create the directory above it, or set net.lease_dir"});
    LeaseDirectory out;
    out.path_ = path;
    out.fd_.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!out.fd_ && errno == ENOENT) {
      if (create) continue;
      return std::nullopt;
    }
    mc::check(out.fd_.get(), "open lease directory '", path, "'");
    check_owner(out.fd(), path);
    while (::flock(out.fd(), LOCK_EX) != 0)
      if (errno != EINTR) mc::fail_with(errno, "lock lease directory '", path, "'");
    // The last one who left may have removed it while we waited.
    struct stat info {};
    mc::check(mc::stat_of(out.fd(), &info), "look at '", path, "'");
    if (info.st_nlink > 0) return out;
    if (!create) return std::nullopt;
  }
  mc::fail("lease directory '", path, "' vanishes again and again");
}

std::vector<std::string> LeaseDirectory::names(const std::string& prefix) const {
  return list(fd(), prefix);
}

void LeaseDirectory::remove_if_empty() const {
  if (::rmdir(path_.c_str()) != 0 && errno != ENOTEMPTY && errno != EEXIST && errno != ENOENT &&
      errno != EBUSY)
    mc::fail_with(errno, "remove lease directory '", path_, "'");
}

std::optional<NetworkLeases> NetworkLeases::open(const LeaseDirectory& all,
                                                 const std::string& network, bool create) {
  if (create && ::mkdirat(all.fd(), network.c_str(), 0700) != 0 && errno != EEXIST)
    mc::fail_with(errno, "create '", all.path(), "/", network, "'");
  NetworkLeases out;
  out.network_ = network;
  out.fd_.reset(
      ::openat(all.fd(), network.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!out.fd_ && errno == ENOENT) return std::nullopt;
  mc::check(out.fd_.get(), "open '", all.path(), "/", network, "'");
  return out;
}

std::vector<std::string> NetworkLeases::names(const std::string& prefix) const {
  return list(fd_.get(), prefix);
}

std::optional<std::string> NetworkLeases::read(const std::string& name) const {
  const mc::Fd file(::openat(fd_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;
  mc::check(file.get(), "open lease '", name, "'");
  return mc::read_all(file.get(), name);
}

void NetworkLeases::write(const std::string& name, const std::string& text) const {
  // The one writer holds the lock; a leftover of one that was killed is simply overwritten.
  const mc::Fd file(mc::check(
      ::openat(fd_.get(), "new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600),
      "write lease '", name, "'"));
  const auto written =
      mc::check(::write(file.get(), text.data(), text.size()), "write lease '", name, "'");
  if (static_cast<std::size_t>(written) != text.size())
    mc::fail_with(ENOSPC, "write lease '", name, "'");
  mc::check(::renameat(fd_.get(), "new", fd_.get(), name.c_str()), "write lease '", name, "'");
}

void NetworkLeases::remove(const std::string& name) const {
  if (::unlinkat(fd_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
    mc::fail_with(errno, "remove lease '", name, "'");
}

std::optional<Record> NetworkLeases::holder(const std::string& name) const {
  const auto token = read(name);
  if (!token) return std::nullopt;
  auto found = record(*token);
  // Without a record it is a leftover that nobody can release.
  if (!found) remove(name);
  return found;
}

std::optional<Record> NetworkLeases::record(const std::string& token) const {
  if (token.empty() || token.find('/') != std::string::npos) return std::nullopt;
  const auto text = read("container." + token);
  if (!text) return std::nullopt;
  return parse_record(token, *text);
}

void NetworkLeases::take(const Record& record) const {
  write("container." + record.token, record.text());
  for (const std::string& address : record.addresses) write("address." + address, record.token);
  for (const std::string& port : record.ports) write("port." + port, record.token);
}

void NetworkLeases::release(const Record& record) const {
  const auto drop = [&](const std::string& name) {
    if (read(name) == record.token) remove(name);
  };
  for (const std::string& address : record.addresses) drop("address." + address);
  for (const std::string& port : record.ports) drop("port." + port);
  remove("container." + record.token);
}

std::vector<Record> NetworkLeases::records() const {
  std::vector<Record> out;
  for (const std::string& name : names("container."))
    if (auto found = record(name.substr(std::string_view("container.").size())))
      out.push_back(std::move(*found));
  return out;
}

void NetworkLeases::remove_directory(const LeaseDirectory& all) const {
  remove("new");
  if (::unlinkat(all.fd(), network_.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
    mc::fail_with(errno, "remove '", all.path(), "/", network_, "'");
}

}  // namespace net
