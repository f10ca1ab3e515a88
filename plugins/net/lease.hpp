// SPDX-License-Identifier: Apache-2.0
// Who has which address and port: small files in a directory that all containers share, changed
// only under its lock.
//
//   LEASE_DIR/              0700, its flock(2) is the lock; removed when it is empty
//     NETNS.NETWORK/        one network: the host's namespace, and the bridge or parent interface
//       container.TOKEN     what one container has; written before it is made
//       address.10.0.0.2    the token of who has it
//       port.tcp.8080.*     the token of who has it
//       network             what the network is (network.cpp)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mini_container/fd.hpp"

namespace net {

/// What one container has of a network.
struct Record {
  std::string token;  // 12 hexadecimal digits, random: never used by two containers
  std::string id;
  std::string state_dir;  // the plugin's state directory, and which one it is
  std::string state_inode;
  std::string pid_namespace;
  std::string agent;      // "PID STARTTIME"
  std::string container;  // the same, once there is one
  std::vector<std::string> addresses;
  std::vector<std::string> ports;  // "tcp.8080.127.0.0.1", "udp.53.*"

  [[nodiscard]] std::string text() const;
  /// Whether a process that uses it is alive, as far as can be seen from here.
  [[nodiscard]] bool alive() const;
};
Record parse_record(const std::string& token, const std::string& text);

/// "PID STARTTIME" of a running process, or an empty text.
std::string process_identity(int pid);
/// Where an open directory is, as the caller sees it.
std::string directory_path(int fd);
/// The number that tells one namespace from another: "4026531840".
std::string namespace_number(const char* path);

/// The locked lease directory. The lock is held as long as the object lives; make it short-lived,
/// and never keep it across the clone.
class LeaseDirectory {
 public:
  /// Opens, makes it where `create` says so, and waits for the lock. Without `create`, a
  /// directory that is missing gives nullopt.
  static std::optional<LeaseDirectory> open(const std::string& path, bool create);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// The names inside that start with `prefix`.
  [[nodiscard]] std::vector<std::string> names(const std::string& prefix) const;
  /// Removes the directory itself, where it is empty.
  void remove_if_empty() const;

 private:
  std::string path_;
  mc::Fd fd_;
};

/// One network's directory inside a locked lease directory.
class NetworkLeases {
 public:
  static std::optional<NetworkLeases> open(const LeaseDirectory& all, const std::string& network,
                                           bool create);

  [[nodiscard]] std::vector<std::string> names(const std::string& prefix) const;
  [[nodiscard]] std::optional<std::string> read(const std::string& name) const;
  /// Writes it whole or not at all: a new file, renamed over the old.
  void write(const std::string& name, const std::string& text) const;
  void remove(const std::string& name) const;

  /// The container that has the address or port of this name ("address.10.0.0.2").
  [[nodiscard]] std::optional<Record> holder(const std::string& name) const;
  [[nodiscard]] std::optional<Record> record(const std::string& token) const;
  /// Writes the record first, then the address and port files that point to it.
  void take(const Record& record) const;
  /// Removes what `take` wrote; what somebody else has by now stays.
  void release(const Record& record) const;
  [[nodiscard]] std::vector<Record> records() const;

  [[nodiscard]] const std::string& network() const { return network_; }
  void remove_directory(const LeaseDirectory& all) const;

 private:
  std::string network_;
  mc::Fd fd_;
};

}  // namespace net
