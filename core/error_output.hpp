// SPDX-License-Identifier: Apache-2.0
// Standard error, for a process whose descriptors a plugin has closed.
#pragma once

namespace mini_container {

/// Notes what standard error is. To be called while it is open.
void note_error_output();

/// Where standard error is closed: opens anew what was noted, through the parent, or by its path.
/// Only async-signal-safe calls; what fails leaves it closed.
void restore_error_output();

}  // namespace mini_container
