// SPDX-License-Identifier: Apache-2.0
// getopt_long over flags of which not all may be known yet.
#pragma once

#include <string>
#include <vector>

#include "core/flags.hpp"

namespace mini_container {

/// One go at the command line, one at a time: getopt_long has one state. Arguments and flags
/// outlive it.
class FlagScanner {
 public:
  FlagScanner(const std::vector<std::string>& arguments, const Flags& flags);

  /// The next flag; nullptr at the end of the flags, and at one that is not known. Throws mc::Error
  /// where a value is missing, or there is one too many.
  const Flag* next();
  /// Of the flag that next has given; nullptr: none.
  [[nodiscard]] const char* value() const;
  /// The name of the flag that is not known, where next has met one; else empty.
  [[nodiscard]] const std::string& unknown() const { return unknown_; }
  /// What follows the flags.
  [[nodiscard]] std::vector<std::string> rest() const;

 private:
  const Flag* stop_at(std::string name);

  const Flags& flags_;
  std::vector<char*> argv_;
  std::string letters_ = "+:";
  std::size_t at_ = 1;  // where getopt_long looks next
  std::string unknown_;
};

}  // namespace mini_container
