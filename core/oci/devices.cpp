// SPDX-License-Identifier: Apache-2.0
// `linux.devices`: further nodes in /dev.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <memory>

#include "core/oci/translate.hpp"

namespace mini_container::oci {

namespace {

// A container with mapped ids is given the host's node, which may have another name there than
// inside. Empty: it has the same, or the host has none.
std::string host_node(const std::string& path, const Value& device) {
  const std::string& letter = *device.find("type")->as<std::string>();
  if (letter == "p") return {};
  const mode_t type = letter == "b" ? S_IFBLK : S_IFCHR;
  const auto number = [&](const char* which) {
    return static_cast<unsigned>(*device.find(which)->as<std::int64_t>());
  };
  const auto numbers = ::makedev(number("major"), number("minor"));
  struct stat found {};
  const auto is_it = [&](int directory, const char* name) {
    return ::fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           (found.st_mode & S_IFMT) == type && found.st_rdev == numbers;
  };
  if (is_it(AT_FDCWD, path.c_str())) return {};
  const std::unique_ptr<DIR, int (*)(DIR*)> list(::opendir("/dev"), &::closedir);
  if (!list) return {};
  while (const dirent* entry = ::readdir(list.get()))
    if (is_it(::dirfd(list.get()), entry->d_name)) return mc::concat("/dev/", entry->d_name);
  return {};
}

}  // namespace

void translate_devices(const Property& devices, bool are_the_hosts, Value& tree) {
  List out;
  for (const Property& device : devices.items()) {
    Value entry(Table{}, device.place());
    const Property path = device.need("path");
    if (!path.text().starts_with('/'))
      path.refuse("'", path.text().substr(0, 60), "' is not an absolute path");
    // The specification has a link to the container's own pseudoterminals there, and podman
    // --privileged lists all that the host has.
    if (path.text() == "/dev/ptmx") continue;
    entry.set("path", path.text_value());
    const Property type = device.need("type");
    const std::string letter = type.text();
    if (letter != "c" && letter != "b" && letter != "u" && letter != "p")
      type.refuse("'", letter.substr(0, 60), "' is not a type of device", mc::Hint{"c, b, u or p"});
    entry.set("type", type.text_value());
    if (letter != "p")
      for (const char* number : {"major", "minor"}) {
        const Property asked = device.need(number);
        entry.set(number, Value(asked.integer(0, UINT32_MAX), asked.place()));
      }
    if (const Property mode = device["fileMode"])
      // Go's file modes carry the type in higher bits.
      entry.set("mode", Value(mode.integer(0, UINT32_MAX) & 07777, mode.place()));
    for (const char* id : {"uid", "gid"})
      if (const Property asked = device[id])
        entry.set(id, Value(asked.integer(0, last_id), asked.place()));
    if (are_the_hosts)
      if (std::string node = host_node(path.text(), entry); !node.empty())
        entry.set("source", Value(std::move(node), path.place()));
    out.push_back(std::move(entry));
  }
  if (!out.empty())
    table_of(tree, "devices", devices.place()).set("nodes", Value(std::move(out), devices.place()));
}

}  // namespace mini_container::oci
