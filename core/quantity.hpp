// SPDX-License-Identifier: Apache-2.0
// Numbers as people write them: integers with a radix, sizes and durations with units.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mini_container {

/// "42", "-7", "1_000", "0o755", "0xff", "0b11"; nothing else, and not "0755", which means
/// different numbers to different readers. Empty where `text` is no such number or beyond 64 bits.
std::optional<std::int64_t> parse_integer(std::string_view text);

/// Bytes: "64M", "1.5G", "512k", "10KiB", "4096", "0x1000". The units are powers of 1024. Empty for
/// other text, for one with a sign, and beyond 64 bits.
std::optional<std::int64_t> parse_size(std::string_view text);

/// Microseconds: "1.5s", "250ms", "10us", "2m", "1h", "1m30s"; a bare number is seconds. Empty for
/// other text, for a negative one, and beyond 64 bits.
std::optional<std::int64_t> parse_duration(std::string_view text);

}  // namespace mini_container
