// SPDX-License-Identifier: Apache-2.0
// The nftables rules of a bridge, through libnftables: one table for each bridge, in family inet.
#pragma once

#include <string>
#include <vector>

#include "lease.hpp"
#include "settings.hpp"

namespace net {

/// The table of a bridge.
std::string table_name(const std::string& bridge);

/// Makes the table with its chains and empty maps. `nat`: containers reach other networks.
void create_table(const std::string& bridge, bool nat);
/// Says that the bridge has this subnet.
void add_subnet(const std::string& bridge, const Subnet& subnet);
/// Leads published ports of the host to the container's addresses.
void add_ports(const std::string& bridge, const std::vector<Publish>& ports,
               const std::vector<Family>& families);
/// Takes back what a container published; what is not there is passed over.
void remove_ports(const std::string& bridge, const Record& record);
void remove_table(const std::string& bridge);

/// What stands for a published port in a record: "tcp.8080.127.0.0.1", "udp.53.*".
std::string port_key(const Publish& item);

}  // namespace net
