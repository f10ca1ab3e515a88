// SPDX-License-Identifier: Apache-2.0
// Checks a table of the launch against the options that its owner declares as data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/value.hpp"
#include "mini_container/abi.h"

namespace mini_container {

/// The core's own copy of one mc_option, read by size and stride, text borrowed from the plugin.
struct OptionSpec {
  mc_option data{};
  std::vector<OptionSpec> fields;

  [[nodiscard]] std::string_view key() const { return data.key; }
};

/// Copies `count` options of `stride` bytes each, nested fields included. Throws mc::Error for a
/// malformed array: missing key or help, unknown type, nesting deeper than 8, a key twice.
std::vector<OptionSpec> read_options(const mc_option* first, std::uint32_t count,
                                     std::uint32_t stride);

/// Checks `table` (a Table) against `options` and gives the checked table: defaults applied, sizes
/// and durations as integers, paths absolute. `name` is the table's, for messages. A relative path
/// is taken from the directory of the file it was written in, or of the working directory for a
/// flag. Throws mc::Error whose text starts with the place:
///   "shell.toml:12:1: uts.hostnmae: unknown option; did you mean 'hostname'?"
Value check_table(std::string_view name, const Value& table,
                  const std::vector<OptionSpec>& options);

/// The value that `text` stands for as an option of this type, as on the command line; lists and
/// maps split at commas ("a,b", "K=V,L=W"), a backslash keeps a comma. Not yet checked for range.
Value parse_option_text(const OptionSpec& option, std::string_view text, Place place);

}  // namespace mini_container
