// SPDX-License-Identifier: Apache-2.0
// /etc/resolv.conf and /etc/hosts of the container.
#pragma once

#include <string>
#include <vector>

#include "address.hpp"
#include "mini_container/plugin.hpp"

namespace net {

/// Whether the launch gets the two files: by itself where it reaches a network (`connected`) or
/// gives names.
bool wants_name_files(const mc::Node& config, bool connected);

/// The content of resolv.conf: the launch's servers, or those of the host that a container can
/// reach; where those are a stub of systemd-resolved alone, those that the stub asks. `forwarder`:
/// a server that the network itself offers, where none is left.
std::string resolv_conf(const mc::Node& config, const std::string& forwarder);

/// The content of hosts: loopback, the container's own addresses under `names` (without any: an
/// address of the loopback), the launch's names. What cannot be a name there is left out.
std::string hosts(const mc::Node& config, const std::vector<std::string>& names,
                  const std::vector<Address>& own);

/// Contributes a file to the plan, 0644.
void add_file(mc::Host& host, const char* destination, const std::string& content,
              const mc::Node& source);

}  // namespace net
