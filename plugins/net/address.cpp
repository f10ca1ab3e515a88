// SPDX-License-Identifier: Apache-2.0
#include "address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace net {
namespace {

// Keeps the first `prefix` bits and sets the others to `fill` (0x00 or 0xff).
Address masked(Address address, unsigned prefix, unsigned char fill) {
  for (unsigned i = 0; i < address.size(); ++i) {
    const unsigned kept = std::min(8U, prefix > 8 * i ? prefix - 8 * i : 0U);
    const auto mask = static_cast<unsigned char>(0xff00U >> kept);
    address.bytes[i] = static_cast<unsigned char>((address.bytes[i] & mask) | (fill & ~mask));
  }
  return address;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Address::text() const {
  char out[INET6_ADDRSTRLEN];
  return ::inet_ntop(family, bytes.data(), out, sizeof out) != nullptr ? out : "";
}

bool Address::is_any() const {
  return std::all_of(bytes.begin(), bytes.begin() + size(), [](unsigned char b) { return b == 0; });
}

bool Address::is_loopback() const {
  if (family == AF_INET) return bytes[0] == 127;
  return std::all_of(bytes.begin(), bytes.end() - 1, [](unsigned char b) { return b == 0; }) &&
         bytes[15] == 1;
}

std::optional<Address> parse_address(std::string_view text) {
  char copy[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof copy) return std::nullopt;
  copy[text.copy(copy, sizeof copy - 1)] = '\0';
  Address out;
  out.family = text.find(':') == std::string_view::npos ? AF_INET : AF_INET6;
  if (::inet_pton(out.family, copy, out.bytes.data()) != 1) return std::nullopt;
  return out;
}

std::optional<unsigned> parse_number(std::string_view text, unsigned limit) {
  unsigned out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out > limit) return std::nullopt;
  return out;
}

std::string Subnet::text() const { return base.text() + "/" + std::to_string(prefix); }

bool Subnet::contains(const Address& address) const {
  return address.family == base.family && masked(address, prefix, 0) == base;
}

bool Subnet::overlaps(const Subnet& other) const {
  return contains(other.base) || other.contains(base);
}

Address Subnet::broadcast() const { return masked(base, prefix, 0xff); }

Address Subnet::host(std::uint64_t number) const {
  Address out = base;
  for (unsigned i = out.size(); i-- > 0 && number > 0; number >>= 8)
    out.bytes[i] = static_cast<unsigned char>(out.bytes[i] | (number & 0xffU));
  return out;
}

std::uint64_t Subnet::number(const Address& address) const {
  std::uint64_t out = 0;
  for (unsigned i = address.size() == 16 ? 8 : 0; i < address.size(); ++i)
    out = out << 8 | static_cast<unsigned char>(address.bytes[i] ^ base.bytes[i]);
  return out;
}

std::uint64_t Subnet::count() const {
  const unsigned bits = 8 * base.size() - prefix;
  return std::uint64_t{1} << std::min(bits, 32U);
}

std::optional<Subnet> parse_subnet(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto base = parse_address(text.substr(0, slash));
  if (!base) return std::nullopt;
  const auto prefix = parse_number(text.substr(slash + 1), 8 * base->size());
  if (!prefix || masked(*base, *prefix, 0) != *base) return std::nullopt;
  return Subnet{*base, *prefix};
}

Subnet subnet_of(Address address, unsigned prefix) { return {masked(address, prefix, 0), prefix}; }

std::optional<HardwareAddress> parse_hardware_address(std::string_view text) {
  HardwareAddress out{};
  if (text.size() != 17) return std::nullopt;
  for (std::size_t i = 0; i < 6; ++i) {
    const int high = hex_digit(text[3 * i]);
    const int low = hex_digit(text[3 * i + 1]);
    if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':')) return std::nullopt;
    out[i] = static_cast<unsigned char>(high << 4 | low);
  }
  // The kernel takes no group address and no zero for a link: is_valid_ether_addr.
  if ((out[0] & 1U) != 0 || out == HardwareAddress{}) return std::nullopt;
  return out;
}

std::string hardware_address_text(const HardwareAddress& address) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : address) {
    if (!out.empty()) out += ':';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

}  // namespace net
