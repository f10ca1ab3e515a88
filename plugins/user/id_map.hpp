// SPDX-License-Identifier: Apache-2.0
// Maps of user and group ids: user_namespaces(7).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace user {

/// `size` ids from `container` on are those from `host` on.
struct Range {
  std::uint64_t container = 0;
  std::uint64_t host = 0;
  std::uint64_t size = 0;
};

/// Of one kind of id. `name` ("uid_map") and `place` are for messages.
struct IdMap {
  std::string name;
  std::string place;
  std::vector<Range> ranges;

  /// Refuses what the kernel would refuse without saying why: no range or too many of them, ids
  /// beyond 32 bits, ranges that overlap on either side.
  void check_shape() const;
  /// What is written to /proc/PID/uid_map.
  [[nodiscard]] std::string text() const;
  /// Whether the container's `id` is mapped.
  [[nodiscard]] bool maps(std::uint64_t id) const;
  /// Whether it is one id only: `host`.
  [[nodiscard]] bool is_only(std::uint64_t host) const {
    return ranges.size() == 1 && ranges[0].size == 1 && ranges[0].host == host;
  }
};

}  // namespace user
