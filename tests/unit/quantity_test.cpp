// SPDX-License-Identifier: Apache-2.0
#include "core/quantity.hpp"

#include <doctest/doctest.h>

namespace mini_container {

TEST_CASE("integers are read in four radices, and nothing else is one") {
  CHECK(parse_integer("0") == 0);
  CHECK(parse_integer("-7") == -7);
  CHECK(parse_integer("+7") == 7);
  CHECK(parse_integer("1_000") == 1000);
  CHECK(parse_integer("0o755") == 0755);
  CHECK(parse_integer("0xff") == 255);
  CHECK(parse_integer("0b101") == 5);
  CHECK(parse_integer("9223372036854775807") == INT64_MAX);
  CHECK(parse_integer("-9223372036854775808") == INT64_MIN);
  for (const char* bad : {"", "-", "0755", "1 ", " 1", "1.0", "--1", "-+1", "+-1", "0x", "0o8",
                          "1__0", "_1", "1_", "0x-5", "0b-1", "9223372036854775808", "1e3", "ten"})
    CHECK_MESSAGE(!parse_integer(bad), bad);
}

TEST_CASE("sizes have units of 1024") {
  CHECK(parse_size("4096") == 4096);
  CHECK(parse_size("64M") == 64 << 20);
  CHECK(parse_size("512k") == 512 << 10);
  CHECK(parse_size("10KiB") == 10240);
  CHECK(parse_size("7B") == 7);
  CHECK(parse_size("1.5G") == 3LL << 29);
  CHECK(parse_size("2T") == 2LL << 40);
  for (const char* bad : {"", "-1", "+1", "-0", "-1M", "M", "1.M", ".5M", "64X", "64MM", "64 M",
                          "0x", "9E", "99999999999999999999", "max", "1e3"})
    CHECK_MESSAGE(!parse_size(bad), bad);
}

TEST_CASE("durations are microseconds, a bare number is seconds") {
  CHECK(parse_duration("10us") == 10);
  CHECK(parse_duration("250ms") == 250'000);
  CHECK(parse_duration("1.5s") == 1'500'000);
  CHECK(parse_duration("2") == 2'000'000);
  CHECK(parse_duration("1m30s") == 90'000'000);
  CHECK(parse_duration("2h") == 7'200'000'000);
  for (const char* bad : {"", "-1s", "s", "1x", "1s ", "1m30", "99999999999999d", "1.s"})
    CHECK_MESSAGE(!parse_duration(bad), bad);
}

}  // namespace mini_container
