// SPDX-License-Identifier: Apache-2.0
// Published ports: what a launch writes, and whether the host's port is free.
#pragma once

#include <vector>

#include "settings.hpp"

namespace net {

/// Parses "[ADDRESS:]PORT:PORT[/PROTOCOL]" items, also with ranges "8000-8009:80-89", into one
/// entry for each port; an IPv6 address stands in brackets.
std::vector<Publish> read_publish(const mc::Node& list);

/// "127.0.0.1:8080/tcp", with "*" for every address: how messages and leases name it.
std::string publish_name(const Publish& item);

/// Whether two items cannot both be had: one protocol and port, and addresses that meet.
bool publish_clash(const Publish& one, const Publish& other);

/// Throws where a process of the host already listens there; with `six` on its IPv6 addresses too,
/// where the item is for every address.
void check_port_free(const Publish& item, bool six);

}  // namespace net
