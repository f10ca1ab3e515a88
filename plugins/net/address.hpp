// SPDX-License-Identifier: Apache-2.0
// Addresses, subnets and hardware addresses: strict parsing, and arithmetic on host numbers.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace net {

/// An IPv4 or IPv6 address in network byte order; IPv4 uses the first four bytes.
struct Address {
  int family = AF_INET;
  std::array<unsigned char, 16> bytes{};

  [[nodiscard]] unsigned size() const { return family == AF_INET ? 4 : 16; }
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_any() const;
  [[nodiscard]] bool is_loopback() const;
  auto operator<=>(const Address&) const = default;
};

/// What inet_pton(3) takes, and no more: no names, no zone, no octal. Absent: not an address.
std::optional<Address> parse_address(std::string_view text);

/// A network and the length of its prefix; host bits of `base` are zero.
struct Subnet {
  Address base;
  unsigned prefix = 0;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool contains(const Address& address) const;
  [[nodiscard]] bool overlaps(const Subnet& other) const;
  [[nodiscard]] Address broadcast() const;
  /// The address with this number, counted from the base.
  [[nodiscard]] Address host(std::uint64_t number) const;
  /// The number of an address of this subnet, where it fits 64 bits.
  [[nodiscard]] std::uint64_t number(const Address& address) const;
  /// How many numbers there are, at most 2^32.
  [[nodiscard]] std::uint64_t count() const;
};

/// "10.0.0.0/16". Absent: malformed, or host bits are set.
std::optional<Subnet> parse_subnet(std::string_view text);

/// The subnet of `prefix` bits that an address lies in.
Subnet subnet_of(Address address, unsigned prefix);

/// The decimal number in `text`, at most `limit`. Absent: anything else.
std::optional<unsigned> parse_number(std::string_view text, unsigned limit);

using HardwareAddress = std::array<unsigned char, 6>;

/// "02:00:00:00:00:01". Absent: malformed, a group address, or all zero.
std::optional<HardwareAddress> parse_hardware_address(std::string_view text);
std::string hardware_address_text(const HardwareAddress& address);

}  // namespace net
