// SPDX-License-Identifier: Apache-2.0
#include "core/plan_view.hpp"

#include <linux/mount.h>
#include <sys/mount.h>

#include <array>

#include "core/namespaces.hpp"

namespace mini_container {

namespace {

constexpr std::array mount_kinds = {"?",    "mount",  "bind", "attach",   "directory", "file",
                                    "link", "device", "mask", "readonly", "remount"};

struct AttributeName {
  std::uint64_t bit;
  const char* name;
};
constexpr std::array attribute_names = {AttributeName{MOUNT_ATTR_RDONLY, "ro"},
                                        AttributeName{MOUNT_ATTR_NOSUID, "nosuid"},
                                        AttributeName{MOUNT_ATTR_NODEV, "nodev"},
                                        AttributeName{MOUNT_ATTR_NOEXEC, "noexec"},
                                        AttributeName{MOUNT_ATTR_NOATIME, "noatime"},
                                        AttributeName{MOUNT_ATTR_STRICTATIME, "strictatime"},
                                        AttributeName{MOUNT_ATTR_NODIRATIME, "nodiratime"},
                                        AttributeName{MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow"}};

std::string text_of(const char* text) { return text; }

void add(std::string& list, std::string_view word) {
  if (word.empty()) return;
  if (!list.empty()) list += ',';
  list += word;
}

std::string options_of(const PlannedMount& mount) {
  std::string out;
  const mc_mount& data = mount.data();
  for (const auto& [bit, name] : attribute_names) {
    if ((data.attr_set & bit) != 0) add(out, name);
    if ((data.recursive_attr_set & bit) != 0) add(out, std::string("r") + name);
  }
  if ((data.flags & MC_MOUNT_RECURSIVE) != 0) add(out, "recursive");
  if ((data.flags & MC_MOUNT_OPTIONAL) != 0) add(out, "optional");
  if ((data.flags & MC_MOUNT_COPY_UP) != 0) add(out, "tmpcopyup");
  if ((data.flags & MC_MOUNT_IDMAP_CONTAINER) != 0 || data.idmap_fd >= 0) add(out, "idmap");
  const auto propagation = data.propagation & ~static_cast<std::uint64_t>(MS_REC);
  if (propagation == MS_SHARED) add(out, "shared");
  if (propagation == MS_SLAVE) add(out, "slave");
  if (propagation == MS_PRIVATE) add(out, "private");
  if (propagation == MS_UNBINDABLE) add(out, "unbindable");
  if (data.data != nullptr) add(out, data.data);
  return out;
}

void set_origin(Value& entry, const Origin& origin) {
  entry.set("plugin", Value(std::string(origin.plugin)));
  entry.set("place", Value(origin.place.text()));
}

Value mount_as_value(const PlannedMount& mount) {
  Value out;
  const auto kind = mount.data().kind < mount_kinds.size() ? mount.data().kind : 0U;
  out.set("kind", Value(text_of(mount_kinds[kind])));
  out.set("destination", Value(std::string(mount.destination())));
  if (*mount.data().type != '\0') out.set("type", Value(text_of(mount.data().type)));
  if (*mount.source() != '\0') out.set("source", Value(text_of(mount.source())));
  if (const auto options = options_of(mount); !options.empty()) out.set("options", Value(options));
  set_origin(out, mount.origin());
  return out;
}

Value hooks_as_value(const Pipeline& pipeline) {
  List out;
  for (std::size_t hook = static_cast<std::size_t>(Hook::pre_clone); hook < hook_table.size();
       ++hook) {
    const HookInfo& row = hook_table[hook];
    if (static_cast<Hook>(hook) == Hook::join) continue;  // exec's alone
    const bool backwards = static_cast<Hook>(hook) == Hook::cleanup;
    const auto count = pipeline.instances.size();
    for (std::size_t i = 0; i < count; ++i) {
      const auto& instance = *pipeline.instances[backwards ? count - 1 - i : i];
      if (!instance.has(static_cast<Hook>(hook), pipeline.plan)) continue;
      Value entry;
      entry.set("hook", Value(text_of(row.name)));
      entry.set("process", Value(text_of(row.process)));
      set_origin(entry, {instance.plugin().name, instance.config().place()});
      out.push_back(std::move(entry));
    }
  }
  return Value(std::move(out));
}

const std::string& text_at(const Value& entry, std::string_view key) {
  static const std::string none;
  const Value* member = entry.find(key);
  const auto* text = member != nullptr ? member->as<std::string>() : nullptr;
  return text != nullptr ? *text : none;
}

void add_row(std::string& out, std::string row, const Value& entry) {
  if (row.size() < 58) row.resize(58, ' ');
  out += "  " + row + "  " + text_at(entry, "plugin") + "  " + text_at(entry, "place") + "\n";
}

void add_section(std::string& out, const Value& plan, const char* key, const char* title,
                 std::string (*row)(const Value&)) {
  const Value* section = plan.find(key);
  if (section == nullptr || section->as<List>()->empty()) return;
  out += std::string("\n") + title + "\n";
  for (const Value& entry : *section->as<List>()) add_row(out, row(entry), entry);
}

}  // namespace

Value plan_as_value(const Pipeline& pipeline) {
  const Plan& plan = pipeline.plan;
  Value out;
  if (const Value* command = pipeline.launch.container.find("command"))
    out.set("command", *command);
  out.set("clone_flags", Value(namespace_names(plan.clone_flags())));
  List namespaces, mounts, environment, descriptors;
  for (const auto& space : plan.namespaces()) {
    Value entry;
    entry.set("type", Value(text_of(find_namespace_kind(space.type)->name)));
    entry.set("how", Value(text_of(space.joined ? "join" : "new")));
    set_origin(entry, space.origin);
    namespaces.push_back(std::move(entry));
  }
  for (const auto& mount : plan.mounts()) mounts.push_back(mount_as_value(*mount));
  for (const auto& variable : plan.environment()) {
    Value entry;
    entry.set("name", Value(variable.name));
    entry.set("value", Value(variable.value));
    set_origin(entry, variable.origin);
    environment.push_back(std::move(entry));
  }
  for (const auto& kept : plan.descriptors()) {
    Value entry;
    entry.set("target", Value(static_cast<std::int64_t>(kept.target)));
    set_origin(entry, kept.origin);
    descriptors.push_back(std::move(entry));
  }
  if (plan.root()) {
    Value entry;
    entry.set("path", Value(plan.root()->path));
    set_origin(entry, plan.root()->origin);
    out.set("root", std::move(entry));
  }
  out.set("namespaces", Value(std::move(namespaces)));
  out.set("mounts", Value(std::move(mounts)));
  out.set("environment", Value(std::move(environment)));
  out.set("descriptors", Value(std::move(descriptors)));
  for (const auto& [key, slot] :
       {std::pair{"cgroup", &plan.cgroup()}, std::pair{"init", &plan.init()}})
    if (slot->fd) {
      Value entry;
      set_origin(entry, slot->origin);
      out.set(key, std::move(entry));
    }
  out.set("hooks", hooks_as_value(pipeline));
  return out;
}

std::string plan_as_text(const Pipeline& pipeline) {
  const Value plan = plan_as_value(pipeline);
  std::string out = "clone3: " + text_at(plan, "clone_flags") + "\n";
  add_section(out, plan, "namespaces", "namespaces", [](const Value& entry) {
    return text_at(entry, "how") + " " + text_at(entry, "type");
  });
  if (const Value* root = plan.find("root")) {
    out += "\n";
    add_row(out, "root: " + text_at(*root, "path"), *root);
  }
  add_section(out, plan, "mounts", "mounts, in order", [](const Value& entry) {
    auto row = text_at(entry, "kind") + " " + text_at(entry, "destination");
    const auto& source = text_at(entry, "source");
    const auto& type = text_at(entry, "type");
    if (!source.empty() && source != type) row += " <- " + source;
    if (!type.empty()) row += " " + type;
    if (const auto& options = text_at(entry, "options"); !options.empty()) row += " " + options;
    return row;
  });
  add_section(out, plan, "environment", "environment", [](const Value& entry) {
    return text_at(entry, "name") + "=" + text_at(entry, "value");
  });
  add_section(out, plan, "descriptors", "descriptors kept", [](const Value& entry) {
    return std::to_string(*entry.find("target")->as<std::int64_t>());
  });
  for (const char* key : {"cgroup", "init"})
    if (const Value* entry = plan.find(key)) {
      out += "\n";
      add_row(out, std::string(key) + ": contributed", *entry);
    }
  add_section(out, plan, "hooks", "hooks, in order", [](const Value& entry) {
    auto hook = text_at(entry, "hook");
    hook.resize(14, ' ');
    return hook + "[" + text_at(entry, "process") + "]";
  });
  return out;
}

}  // namespace mini_container
