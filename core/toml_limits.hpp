// SPDX-License-Identifier: Apache-2.0
// What a TOML text must keep to before it is handed to the parser, whose recursion it would
// otherwise drive as deep as it likes.
#pragma once

#include <string_view>

#include "core/value.hpp"

namespace mini_container {

/// Throws mc::Error ("FILE:LINE:COL: ...") for a NUL byte, and for brackets or dotted keys nested
/// deeper than 64. `source` is an interned path.
void check_toml_limits(std::string_view text, const char* source);

}  // namespace mini_container
