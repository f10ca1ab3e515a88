// SPDX-License-Identifier: Apache-2.0
// The loopback interface, without any library: it is on the way of every hardened launch.
#pragma once

namespace net {

/// [child] Brings up `lo` in a new network namespace; the kernel gives it its addresses.
void bring_up_loopback();

}  // namespace net
