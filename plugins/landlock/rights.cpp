// SPDX-License-Identifier: Apache-2.0
#include "rights.hpp"

#include "mini_container/nearest.hpp"

namespace landlock {

namespace {

constexpr Rights execute = 1U << 0;
constexpr Rights write_file = 1U << 1;
constexpr Rights read_file = 1U << 2;
constexpr Rights read_dir = 1U << 3;
constexpr Rights refer = 1U << 13;
constexpr Rights truncate = 1U << 14;
constexpr Rights ioctl_dev = 1U << 15;

constexpr Rights all_rights = (1U << 16) - 1;
constexpr Rights read_rights = read_file | read_dir;
constexpr Rights write_rights = all_rights & ~(execute | read_rights | ioctl_dev);

struct Name {
  std::string_view text;
  Rights rights;
};

constexpr Name names[] = {
    {"all", all_rights},      {"read", read_rights},      {"write", write_rights},
    {"execute", execute},     {"write_file", write_file}, {"read_file", read_file},
    {"read_dir", read_dir},   {"remove_dir", 1U << 4},    {"remove_file", 1U << 5},
    {"make_char", 1U << 6},   {"make_dir", 1U << 7},      {"make_reg", 1U << 8},
    {"make_sock", 1U << 9},   {"make_fifo", 1U << 10},    {"make_block", 1U << 11},
    {"make_sym", 1U << 12},   {"refer", refer},           {"truncate", truncate},
    {"ioctl_dev", ioctl_dev},
};

}  // namespace

Rights path_rights(int abi) {
  Rights out = all_rights;
  if (abi < 5) out &= ~ioctl_dev;
  if (abi < 3) out &= ~truncate;
  if (abi < 2) out &= ~refer;
  return out;
}

Rights file_rights() { return execute | write_file | read_file | truncate | ioctl_dev; }

Rights read_path_rights(const mc::Node& list) {
  Rights out = 0;
  for (const mc::Node item : list) {
    const std::string name = item.text();
    Rights found = 0;
    std::vector<std::string_view> known;
    for (const Name& each : names) {
      known.push_back(each.text);
      if (each.text == name) found = each.rights;
    }
    if (found == 0)
      mc::fail(item.where(), ": unknown right '", name.substr(0, 64), "'",
               mc::Hint{mc::did_you_mean(name, known, "the plugin's page lists the rights")});
    out |= found;
  }
  return out;
}

}  // namespace landlock
