// SPDX-License-Identifier: Apache-2.0
// `linux.devices`: further nodes in /dev.
#include "core/oci/translate.hpp"

namespace mini_container::oci {

void translate_devices(const Property& devices, Value& tree) {
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
    out.push_back(std::move(entry));
  }
  if (!out.empty())
    table_of(tree, "devices", devices.place()).set("nodes", Value(std::move(out), devices.place()));
}

}  // namespace mini_container::oci
