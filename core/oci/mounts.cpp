// SPDX-License-Identifier: Apache-2.0
// `root` and `mounts`: the container's tree.
#include <algorithm>
#include <array>

#include "core/oci/translate.hpp"

namespace mini_container::oci {

namespace {

constexpr std::array propagations = {"shared",  "rshared",  "slave",      "rslave",
                                     "private", "rprivate", "unbindable", "runbindable"};

// What a mount of the container's own cgroups says, or has anyway.
constexpr std::array cgroup_options = {"ro",    "rw",       "nosuid",  "noexec",
                                       "nodev", "relatime", "private", "rprivate"};

bool has_word(const Property& options, std::string_view word) {
  for (const Property& option : options.items())
    if (option.text() == word) return true;
  return false;
}

Value translate_mappings(const Property& mappings) {
  List out;
  for (const Property& mapping : mappings.items()) {
    Value entry(Table{}, mapping.place());
    const auto copy = [&](const char* from, const char* to, std::int64_t least) {
      const Property number = mapping.need(from);
      entry.set(to, Value(number.integer(least, last_id), number.place()));
    };
    copy("containerID", "container", 0);
    copy("hostID", "host", 0);
    copy("size", "size", 1);
    out.push_back(std::move(entry));
  }
  return Value(std::move(out), mappings.place());
}

std::string destination_of(const Property& mount) {
  const Property destination = mount.need("destination");
  std::string path = destination.text();
  if (path.empty()) destination.refuse("it is empty");
  // "MAY be a relative path, in which case it MUST be interpreted as relative to '/'".
  if (!path.starts_with('/')) path.insert(0, "/");
  return path;
}

// The container's own cgroups are shown by the plugin that makes them.
void translate_cgroup_mount(const Property& mount, const std::string& destination, Value& tree) {
  Value* cgroup = tree.find("cgroup");
  if (cgroup == nullptr) return;  // --cgroup-manager=disabled: there is nothing to show
  if (*cgroup->find("mount")->as<std::string>() != "none")
    mount.refuse("there is another mount of the type cgroup", mc::Hint{"bind it to this place"});
  if (mount["source"] && mount["source"].text() != "cgroup" && mount["source"].text() != "cgroup2")
    mount["source"].leave_out("the mount is called cgroup");
  for (const Property& option : mount["options"].items())
    if (std::ranges::find(cgroup_options, option.text()) == cgroup_options.end())
      option.leave_out("the container's cgroups are mounted as usual");
  cgroup->set("mount",
              Value(std::string(has_word(mount["options"], "ro") ? "ro" : "rw"), mount.place()));
  cgroup->set("mount_point", Value(destination, mount["destination"].place()));
}

void translate_mount(const Property& mount, Value& tree, List& mounts) {
  const std::string destination = destination_of(mount);
  const Property type = mount["type"];
  const Property options = mount["options"];
  const std::string type_name = type.text("");
  const bool bind = type_name == "bind" || has_word(options, "bind") || has_word(options, "rbind");
  if (!bind && (type_name == "cgroup" || type_name == "cgroup2"))
    return translate_cgroup_mount(mount, destination, tree);
  Value out(Table{}, mount.place());
  out.set("destination", Value(destination, mount.place()));
  if (bind)
    out.set("type", Value(std::string("bind"), type.place()));
  else if (!type_name.empty())
    out.set("type", type.text_value());
  else if (!has_word(options, "remount"))
    mount.refuse("it has neither a type nor the option bind");
  if (const Property source = mount["source"])
    out.set(bind ? "source" : "label", source.text_value());
  if (bind && !mount["source"] && !has_word(options, "remount"))
    mount.refuse("a bind mount needs a source");
  out.set("options", options.texts_value());
  for (const auto& [from, to] :
       {std::pair{"uidMappings", "uid_mappings"}, std::pair{"gidMappings", "gid_mappings"}})
    if (const Property mappings = mount[from]; mappings && !mappings.items().empty())
      out.set(to, translate_mappings(mappings));
  mounts.push_back(std::move(out));
}

// "the runtime MUST also supply" the default devices: a root's own /dev gets them too. The host's
// has them, whose tree is not for us to write to.
bool fills_dev_of_root(const Value& rootfs, const List& mounts) {
  const auto text_of = [](const Value& table, const char* key) -> std::string_view {
    return *table.find(key)->as<std::string>();
  };
  if (rootfs.find("namespace") != nullptr || rootfs.find("join") != nullptr) return false;
  const bool is_hosts = text_of(rootfs, "path").find_first_not_of('/') == std::string_view::npos;
  return !is_hosts && std::ranges::none_of(mounts, [&](const Value& mount) {
    const auto destination = text_of(mount, "destination");
    return destination == "/dev" || destination == "/dev/";
  });
}

}  // namespace

void translate_root(const Property& config, Value& tree) {
  const Property root = config.need("root");
  Value& table = table_of(tree, "rootfs", root.place());
  const Property path = root.need("path");
  if (path.text().empty()) path.refuse("it is empty");
  table.set("path", path.text_value());
  table.set("readonly", Value(root["readonly"].boolean_or(false), root.place()));
  // What is mounted is what `mounts` lists; the devices come without being listed.
  for (const char* own : {"proc", "sys", "dev"}) table.set(own, Value(false, root.place()));
  // As other runtimes do; engines rely on it.
  if (const Property cwd = config["process"]["cwd"]; cwd.text("/") != "/")
    table.set("directories", Value(List{cwd.text_value()}, cwd.place()));
  const Property linux = config["linux"];
  if (const Property propagation = linux["rootfsPropagation"];
      propagation && !propagation.text().empty()) {
    if (std::ranges::find(propagations, propagation.text()) == propagations.end())
      propagation.refuse("'", propagation.text(), "' is not a propagation");
    table.set("propagation", propagation.text_value());
  }
  for (const auto& [from, to] :
       {std::pair{"maskedPaths", "masked_paths"}, std::pair{"readonlyPaths", "readonly_paths"}})
    table.set(to, linux[from].texts_value());
}

void translate_mounts(const Property& mounts, const TranslationOptions&, Value& tree) {
  if (Value* cgroup = tree.find("cgroup"))
    cgroup->set("mount", Value(std::string("none"), mounts.place()));
  List out;
  for (const Property& mount : mounts.items()) translate_mount(mount, tree, out);
  Value& rootfs = *tree.find("rootfs");
  if (fills_dev_of_root(rootfs, out)) rootfs.set("dev_nodes", Value(true, mounts.place()));
  rootfs.set("mounts", Value(std::move(out), mounts.place()));
}

}  // namespace mini_container::oci
