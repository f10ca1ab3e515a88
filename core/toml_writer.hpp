// SPDX-License-Identifier: Apache-2.0
// A launch tree as TOML text, the way a person would write it.
#pragma once

#include <string>

#include "core/value.hpp"

namespace mini_container {

/// `tree` is a Table of Tables. What TOML does not have (null, NUL in a string) is refused with
/// mc::Error. read_toml of the text gives the same tree.
std::string write_toml(const Value& tree);

}  // namespace mini_container
