// SPDX-License-Identifier: Apache-2.0
#include "core/oci/translate.hpp"

#include <unistd.h>

#include "core/kept_descriptors.hpp"
#include "core/state.hpp"
#include "core/user_namespace.hpp"

namespace mini_container::oci {

namespace {

// "1.0.2-dev": the specification promises that all of 1.x can be read.
void check_version(const Property& version) {
  const std::string text = version.text();
  const std::size_t dot = text.find('.');
  const bool numbered = dot != std::string::npos && dot > 0 &&
                        text.find_first_not_of("0123456789") == dot &&
                        text.find('.', dot + 1) != std::string::npos;
  if (!numbered) version.refuse("'", text, "' is not a version", mc::Hint{"such as \"1.3.0\""});
  if (text.substr(0, dot) != "1")
    version.refuse("version '", text, "' of the specification is not supported",
                   mc::Hint{"1.x is"});
}

void refuse_unsupported(const Property& linux) {
  if (const Property property = linux["intelRdt"])
    if (!property.leave_out("it is not supported"))
      property.refuse("it is not supported", mc::Hint{"leave it out"});
}

// Since version 1.3 a limit of 0 processes is one as any other: config-linux.md, PIDs. Callers of
// before say with it that they set none.
ZeroIs meaning_of_no_processes(const std::string& version) {
  for (const char* older : {"1.0.", "1.1.", "1.2."})
    if (version.starts_with(older)) return ZeroIs::not_set;
  return ZeroIs::a_limit;
}

void translate_cgroup(const Property& config, const TranslationOptions& options, Value& tree) {
  const Property linux = config["linux"];
  const Property path = linux["cgroupsPath"];
  const Property resources = linux["resources"];
  if (!options.cgroups) {
    std::erase_if(*tree.as<Table>(), [](const Member& member) { return member.first == "cgroup"; });
    return;
  }
  Value& table = table_of(tree, "cgroup", linux.place());
  if (const std::string text = path.text(""); !text.empty()) table.set("path", path.text_value());
  if (options.systemd_cgroup) table.set("driver", Value(std::string("systemd"), path.place()));
  // Engines measure, pause and update what they have started.
  table.set("controllers", Value(List{Value(std::string("all"))}, linux.place()));
  if (::geteuid() != 0 || !in_initial_user_namespace()) table.set("optional", Value(true));
  if (resources)
    translate_resources(resources, tree, meaning_of_no_processes(config["ociVersion"].text()));
}

// dockerd gives the domain name this way: it is older than the property.
void translate_sysctl(const Property& config, Value& tree) {
  const Property settings = config["linux"]["sysctl"];
  Value set(Table{}, settings.place());
  for (const auto& [key, value] : settings.members()) {
    if (key != "kernel.domainname") {
      set.set(key, value.text_value());
      continue;
    }
    Value* uts = tree.find("uts");
    if (uts == nullptr) value.refuse("it needs a UTS namespace of the container's own");
    if (uts->find("domainname") != nullptr)
      value.refuse("the property domainname says it too", mc::Hint{"leave one of them out"});
    uts->set("domainname", value.text_value());
  }
  if (!set.as<Table>()->empty())
    table_of(tree, "sysctl", settings.place()).set("set", std::move(set));
}

void translate_linux(const Property& config, const TranslationOptions& options, Value& tree) {
  const Property linux = config["linux"];
  translate_namespaces(config, tree);
  translate_cgroup(config, options, tree);
  // What `convert` writes is not for this machine alone.
  translate_devices(linux["devices"], options.reading == nullptr && tree.find("user") != nullptr,
                    tree);
  translate_execution(linux, tree);
  if (const Property seccomp = linux["seccomp"]) translate_seccomp(seccomp, tree);
  translate_sysctl(config, tree);
  if (const Property label = linux["mountLabel"]; label && !label.text().empty())
    table_of(tree, "lsm", label.place()).set("mount_label", label.text_value());
  refuse_unsupported(linux);
}

// Its name is nobody else's: an earlier container of this id may have had another user, whose
// keyring is still about.
void add_keyring(const Property& config, Value& tree) {
  Value& table = table_of(tree, "keyring", config.place());
  table.set("optional", Value(true, config.place()));
  table.set("name", Value("session-" + make_id(), config.place()));
}

}  // namespace

Value translate_config(const Value& config_value, const TranslationOptions& options) {
  if (config_value.as<Table>() == nullptr)
    mc::fail(config_value.place().text(), ": a configuration is a JSON object, and this is a ",
             config_value.type_name());
  const Property config(&config_value, "", config_value.place(), options.reading);
  check_version(config.need("ociVersion"));
  Value tree(Table{}, config.place());
  Value& container = table_of(tree, "container", config.place());
  if (!options.id.empty()) container.set("id", Value(options.id, Place{"the container's id"}));
  translate_process(config.need("process"), tree);
  if (const Property annotations = config["annotations"]; !annotations.members().empty())
    tree.find("container")->set("annotations", annotations.text_map_value());
  translate_root(config, tree);
  if (!options.pivot) tree.find("rootfs")->set("pivot", Value(false, Place{"--no-pivot"}));
  translate_linux(config, options, tree);
  translate_mounts(config["mounts"], options, tree);
  translate_hooks(config["hooks"], config["annotations"], tree);
  if (options.new_keyring) add_keyring(config, tree);
  if (options.preserve_fds < 0 || options.preserve_fds > most_preserved_descriptors)
    mc::fail("--preserve-fds ", options.preserve_fds, ": it may be 0 to ",
             most_preserved_descriptors);
  List kept;
  for (int fd = 3; fd < 3 + options.preserve_fds; ++fd)
    kept.emplace_back(std::int64_t{fd}, Place{"--preserve-fds"});
  if (!kept.empty()) tree.find("container")->set("keep_fds", Value(std::move(kept)));
  return tree;
}

Value translate_process_file(const Value& value, const TranslationOptions&) {
  if (value.as<Table>() == nullptr)
    mc::fail(value.place().text(), ": a process is a JSON object, and this is a ",
             value.type_name());
  Value tree(Table{}, value.place());
  const Property process(&value, "", value.place());
  translate_process(process, tree);
  translate_exec_affinity(process["execCPUAffinity"], tree);
  return tree;
}

}  // namespace mini_container::oci
