// SPDX-License-Identifier: Apache-2.0
// Checks a table of the launch against the options that its owner declares as data.
#pragma once

#include <span>
#include <string_view>

#include "core/value.hpp"
#include "mini_container/abi.h"

namespace mini_container {

/// Options as their owner declares them, all of this core's own layout.
using Options = std::span<const mc_option>;

/// The fields of a table, or of the tables in a list or map; none of any other option.
Options fields_of(const mc_option& option);
/// nullptr where there is none of this key.
const mc_option* find_option(Options options, std::string_view key);

/// Checks `count` options of `stride` bytes each, nested fields included, and gives them: the very
/// array where it has this core's layout, else a copy that is kept for the life of the process.
/// What is borrowed, array and texts, has to live as long. Throws mc::Error for a malformed array:
/// missing key or help, unknown type, nesting deeper than 8, a key twice.
Options read_options(const mc_option* first, std::uint32_t count, std::uint32_t stride);

/// Checks `table` (a Table) against `options` and gives the checked table: defaults applied, sizes
/// and durations as integers, paths absolute. `name` is the table's, for messages. A relative path
/// is taken from the directory of the file it was written in, or of the working directory for a
/// flag. Throws mc::Error whose text starts with the place:
///   "shell.toml:12:1: uts.hostnmae: unknown option; did you mean 'hostname'?"
Value check_table(std::string_view name, Value table, Options options);

/// The value that `text` stands for as an option of this type, as on the command line; lists and
/// maps split at commas ("a,b", "K=V,L=W"), a backslash keeps a comma. Not yet checked for range.
Value parse_option_text(const mc_option& option, std::string_view text, Place place);

}  // namespace mini_container
