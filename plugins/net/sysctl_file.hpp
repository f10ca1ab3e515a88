// SPDX-License-Identifier: Apache-2.0
// The sysctls of the host that a bridge needs, with what they were before.
#pragma once

#include <string>

#include "lease.hpp"

namespace net {

/// Lets the host forward packets of this family; what it did before is noted in the lease
/// directory first, once for each of the host's namespaces.
void set_forwarding(const LeaseDirectory& all, const std::string& host_namespace, int family);

/// Puts back what set_forwarding changed, where nobody has changed it since.
void restore_forwarding(const LeaseDirectory& all, const std::string& host_namespace);

/// Lets packets with addresses of 127.0.0.0/8 leave through a bridge of our own.
void allow_local_routes(const std::string& bridge);

}  // namespace net
