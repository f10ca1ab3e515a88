// SPDX-License-Identifier: Apache-2.0
// The end of a process whose work is done.
#pragma once

namespace mini_container {

/// Ends the process without destructors and exit handlers: what the process holds goes with it, and
/// taking it apart piece by piece first only costs time. What is still in the buffers of stdio is
/// lost.
[[noreturn]] void end_process(int exit_code);

}  // namespace mini_container
