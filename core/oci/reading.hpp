// SPDX-License-Identifier: Apache-2.0
// Which values of a tree a translation has read. What it has not read it has not taken over: that
// is how a conversion knows what to list.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "core/value.hpp"

namespace mini_container::oci {

struct LeftOut {
  Place place;
  std::string path;  // "linux.seccomp.flags", "rootfs.overlay"
  std::string why;

  [[nodiscard]] std::string text() const;
};

/// Of a value that nobody wrote.
bool is_default(const Place& place);

class Reading {
 public:
  void mark(const Value& value) { read_.insert(&value); }
  /// The value and everything below it.
  void mark_all(const Value& value);
  /// That the value says what would be so anyway: nobody has to read it.
  void mark_default(const Value& value) { defaults_.insert(&value); }
  [[nodiscard]] bool is_default(const Value& value) const { return defaults_.contains(&value); }
  void leave_out(LeftOut what) { left_out_.push_back(std::move(what)); }

  /// What was left out knowingly, and then every value of `tree` that nobody has read, in its
  /// order. A default that nobody wrote is not missed.
  [[nodiscard]] std::vector<LeftOut> all_left_out(const Value& tree) const;

 private:
  void add_unread(const Value& value, const std::string& path, std::vector<LeftOut>& out) const;

  std::unordered_set<const Value*> read_, defaults_;
  std::vector<LeftOut> left_out_;
};

}  // namespace mini_container::oci
