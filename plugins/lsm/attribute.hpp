// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mini_container/fd.hpp"

namespace lsm {

/// Opens an attribute of this thread for writing: "exec", "apparmor/exec". Throws mc::Error where
/// what is at its place below /proc is not certainly it.
mc::Fd open_attribute(const char* name);

}  // namespace lsm
