// SPDX-License-Identifier: Apache-2.0
// Profiles from a file: the `linux.seccomp` object of the OCI runtime specification, or the
// profile files of container engines, which add conditions to it. The only file here that knows
// the JSON library.
#pragma once

#include <cstdint>
#include <string>

#include "profile.hpp"

namespace seccomp {

/// `text` of the file `name`. Conditions (`includes`, `excludes`) are settled for `capabilities`
/// (bits), this machine and `kernel` ("6.1.0"). Unknown properties are ignored; calls that this
/// machine does not know are passed over. Throws for malformed JSON and invalid values.
Profile read_json_profile(const std::string& text, const std::string& name,
                          std::uint64_t capabilities, const std::string& kernel);

}  // namespace seccomp
