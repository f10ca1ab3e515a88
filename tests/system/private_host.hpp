// SPDX-License-Identifier: Apache-2.0
// A host of the test's own: namespaces in which a test program plays the host, so that tests run
// side by side, disturb nothing outside, and leave nothing behind, whatever they do.
#pragma once

#include <functional>

namespace mini_container::test {

/// Runs `body` in a child, in new mount, PID, IPC, UTS and network namespaces, and gives its exit
/// code. There: every mount private, its own /proc, empty tmpfs on /run and /dev/shm, its own
/// /dev/mqueue, lo up, hostname "testhost". Its orphans are reaped; when it ends, or this process
/// does, all its processes are killed.
int in_private_host(const std::function<int()>& body);

}  // namespace mini_container::test
