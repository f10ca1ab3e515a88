// SPDX-License-Identifier: Apache-2.0
// Standard error, for a process whose descriptors a plugin has closed.
#pragma once

namespace mini_container {

/// Notes what standard error is, unless one is noted. To be called while it is open.
void note_error_output();
/// The same of the descriptor that leads to who is to be told, where standard error does not;
/// STDERR_FILENO: it does again.
void note_error_output_as(int fd);

/// Where standard error is closed, or not what was noted: that again, or opened anew, through the
/// parent, or by its path.
/// Only async-signal-safe calls; what fails leaves it closed.
void restore_error_output();

}  // namespace mini_container
