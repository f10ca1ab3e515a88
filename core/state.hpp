// SPDX-License-Identifier: Apache-2.0
// What is on disk of a container: one directory, 0700, below the state root.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "mini_container/fd.hpp"

namespace mini_container {

/// What is in a container's state directory. A note is a symbolic link's text: one system call
/// makes it, whole or not at all, and it takes no page.
namespace state_file {
inline constexpr const char* record =
    "record.jsonl";                                  // JSON, a line each; before the first resource
inline constexpr const char* process = "process";    // note: a ProcessMark, once there is a process
inline constexpr const char* status = "status";      // note: "running", "created", "stopped CODE"
inline constexpr const char* output = "output.log";  // of a detached container
inline constexpr const char* start_socket = "start.sock";
}  // namespace state_file

/// Throws mc::Error unless `id` is 1 to 255 of [A-Za-z0-9_.+-] without a leading dot or dash.
void check_id(const std::string& id);

/// Twelve hexadecimal digits, random.
std::string make_id();

class ContainerState {
 public:
  ContainerState() = default;

  /// Makes the directory and takes its lock, which nobody can come in between. Throws where the id
  /// is in use.
  static ContainerState create(const std::string& root, const std::string& id, mc::Fd& lock);
  /// Throws where there is no such container.
  static ContainerState open(const std::string& root, const std::string& id);
  /// Whether there is a container of this id.
  static bool exists(const std::string& root, const std::string& id);
  /// Makes the state root where it is missing, and refuses one that others may change.
  static void ensure_root(const std::string& root);
  /// The ids below `root`, sorted; none where it does not exist.
  static std::vector<std::string> list(const std::string& root);
  /// Where a detached container's output goes; gone with the container's removal.
  static std::string log_path(const std::string& root, const std::string& id);
  /// Makes room for it. Throws where the directory cannot be made.
  static void ensure_logs(const std::string& root);
  /// Nothing where there is none.
  static void remove_log(const std::string& root, const std::string& id);

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] int fd() const { return directory_.get(); }
  explicit operator bool() const { return directory_.valid(); }

  /// Writes `name` so that a reader sees the old or the new content, never a part.
  void write(const char* name, std::string_view text) const;
  /// nullopt: there is no such file.
  [[nodiscard]] std::optional<std::string> read(const char* name) const;
  /// Notes `text`, of at most 4,095 bytes, in place of an earlier one.
  void note(const char* name, const std::string& text) const;
  /// nullopt: there is no such note.
  [[nodiscard]] std::optional<std::string> noted(const char* name) const;

  /// The plugin's own directory, made where it is missing.
  [[nodiscard]] mc::Fd plugin_directory(const std::string& plugin) const;
  /// The plugins that have one, sorted.
  [[nodiscard]] std::vector<std::string> plugin_names() const;

  /// Takes the container's lock for as long as the result lives. None where the container was
  /// removed before it could be had; nobody removes one whose lock is another's.
  [[nodiscard]] mc::Fd lock() const;
  /// Whether another has the lock, as from its creation on the one who makes the container.
  [[nodiscard]] bool is_locked() const;

  /// Whether it may be found again after the machine's next boot: it is not in memory alone.
  [[nodiscard]] bool may_outlive_boot() const;

  /// Whether there are other containers below the same root.
  [[nodiscard]] bool has_neighbours() const;

  /// Removes the directory with all in it; with the lock held. A later container of the same id is
  /// left alone.
  void remove();

 private:
  ContainerState(mc::Fd root, mc::Fd directory, std::string id)
      : root_(std::move(root)), directory_(std::move(directory)), id_(std::move(id)) {}
  /// Gives what was made under another name its own.
  void replace(const std::string& fresh, const char* name) const;
  /// Whether the id still names this very directory.
  [[nodiscard]] bool is_in_place() const;

  mc::Fd root_, directory_;
  std::string id_;
};

/// /run/mini_container for root; $XDG_RUNTIME_DIR/mini_container, or /tmp/mini_container-UID, for
/// others, and for whoever is root in a user namespace alone.
std::string default_state_root();

}  // namespace mini_container
