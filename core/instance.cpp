// SPDX-License-Identifier: Apache-2.0
#include "core/instance.hpp"

#include <cstring>
#include <string_view>

#include "core/namespaces.hpp"
#include "core/unwinder.hpp"

namespace mini_container {

namespace {

const Value& value_of(const mc_node* node) { return *reinterpret_cast<const Value*>(node); }
const mc_node* node_of(const Value* value) { return reinterpret_cast<const mc_node*>(value); }

Instance& instance_of(const mc_host* host) {
  return *reinterpret_cast<const HostForPlugin*>(host)->instance;
}

// ---- configuration -----------------------------------------------------------------------------

const mc_node* config(const mc_host* host) { return node_of(&instance_of(host).config()); }

const mc_node* get(const mc_node* node, const char* key) {
  return node != nullptr ? node_of(value_of(node).find(key)) : nullptr;
}

std::size_t length(const mc_node* node) {
  if (node == nullptr) return 0;
  if (const auto* list = value_of(node).as<List>()) return list->size();
  if (const auto* table = value_of(node).as<Table>()) return table->size();
  return 0;
}

const mc_node* at(const mc_node* node, std::size_t index) {
  if (index >= length(node)) return nullptr;
  if (const auto* list = value_of(node).as<List>()) return node_of(&(*list)[index]);
  return node_of(&(*value_of(node).as<Table>())[index].second);
}

const char* key_at(const mc_node* node, std::size_t index) {
  const auto* table = node != nullptr ? value_of(node).as<Table>() : nullptr;
  return table != nullptr && index < table->size() ? (*table)[index].first.c_str() : nullptr;
}

std::int32_t boolean(const mc_node* node) {
  const auto* value = value_of(node).as<bool>();
  return value != nullptr && *value ? 1 : 0;
}

std::int64_t integer(const mc_node* node) {
  const auto* value = value_of(node).as<std::int64_t>();
  return value != nullptr ? *value : 0;
}

double number(const mc_node* node) {
  const auto* value = value_of(node).as<double>();
  return value != nullptr ? *value : static_cast<double>(integer(node));
}

const char* string(const mc_node* node) {
  const auto* value = value_of(node).as<std::string>();
  return value != nullptr ? value->c_str() : nullptr;
}

const char* where(const mc_node* node) {
  return intern(node != nullptr ? value_of(node).place().text() : "default");
}

// ---- contributions -----------------------------------------------------------------------------

Origin origin(Instance& instance, const mc_node* source) {
  const Value& asked = source != nullptr ? value_of(source) : instance.config();
  return {instance.plugin().name, asked.place()};
}

Plan& open_plan(const Instance& instance) {
  Plan* plan = instance.services().plan;
  if (plan == nullptr) mc::fail("the plan is closed: contribute in plan or pre_clone");
  return *plan;
}

template <class Body>
int contribute(const mc_host* host, mc_error* error, Body&& body) {
  return mc::guarded(error, [&] {
    Instance& instance = instance_of(host);
    body(instance, open_plan(instance));
  });
}

void check_may_ask(const Instance& instance, std::uint64_t type) {
  if ((instance.plugin().data.namespaces & type) != type)
    mc::fail("contribute ", namespace_names(type), ": the plugin's descriptor does not name it",
             mc::Hint{"add it to mc_plugin.namespaces"});
}

int new_namespace(const mc_host* host, std::uint64_t type, const mc_node* source, mc_error* error) {
  return contribute(host, error, [&](Instance& instance, Plan& plan) {
    check_may_ask(instance, type);
    plan.add_namespace(type, {}, origin(instance, source));
  });
}

int join_namespace(const mc_host* host, std::uint64_t type, int fd, const mc_node* source,
                   mc_error* error) {
  return contribute(host, error, [&](Instance& instance, Plan& plan) {
    check_may_ask(instance, type);
    plan.add_namespace(type, mc::duplicate(fd), origin(instance, source));
  });
}

int add_mount(const mc_host* host, const mc_mount* mount, const mc_node* source, mc_error* error) {
  return contribute(host, error, [&](Instance& instance, Plan& plan) {
    plan.add_mount(*mount, origin(instance, source));
  });
}

int set_cgroup(const mc_host* host, int fd, const mc_node* source, mc_error* error) {
  return contribute(host, error, [&](Instance& instance, Plan& plan) {
    plan.set_cgroup(mc::duplicate(fd), origin(instance, source));
  });
}

int set_environment(const mc_host* host, const char* name, const char* value, const mc_node* source,
                    mc_error* error) {
  return contribute(host, error, [&](Instance& instance, Plan& plan) {
    plan.set_environment(name, value, origin(instance, source));
  });
}

int keep_descriptor(const mc_host* host, int fd, int target, const mc_node* source,
                    mc_error* error) {
  return contribute(host, error, [&](Instance& instance, Plan& plan) {
    plan.keep_descriptor(mc::duplicate(fd), target, origin(instance, source));
  });
}

int set_init(const mc_host* host, int fd, const mc_node* source, mc_error* error) {
  return contribute(host, error, [&](Instance& instance, Plan& plan) {
    plan.set_init(mc::duplicate(fd), origin(instance, source));
  });
}

// ---- log, and descriptors across the clone -----------------------------------------------------

void log(const mc_host* host, std::uint32_t level, const char* text) {
  const Instance& instance = instance_of(host);
  const HostServices& services = instance.services();
  if (level < services.log_level || !services.log) return;
  // Where nobody is left to hear it the plugin goes on: its frames may be of a language that knows
  // no exceptions, and the next record that matters finds the same.
  mc_error unheard = mc::no_error();
  (void)mc::guarded(
      &unheard, [&] { services.log(instance.plugin().name, level, text != nullptr ? text : ""); });
}

int give(const mc_host* host, const char* name, int fd, mc_error* error) {
  return mc::guarded(error, [&] {
    const Instance& instance = instance_of(host);
    if (!instance.services().give) mc::fail("give '", name, "': there is no other side here");
    instance.services().give(instance.plugin().name + "/" + name, fd);
  });
}

// Without a copy of the names: it has no way to tell of a failure.
bool is_key(std::string_view key, std::string_view plugin, std::string_view name) {
  return key.size() == plugin.size() + 1 + name.size() && key.starts_with(plugin) &&
         key[plugin.size()] == '/' && key.ends_with(name);
}

int take(const mc_host* host, const char* name) {
  const Instance& instance = instance_of(host);
  for (HostServices::Given& given : instance.services().given)
    if (is_key(given.key, instance.plugin().name, name)) return given.fd.release();
  return -1;
}

// ---- facts -------------------------------------------------------------------------------------

std::string* find_fact(const mc_host* host, const char* name) {
  for (auto& [known, value] : instance_of(host).services().facts)
    if (known == name) return &value;
  return nullptr;
}

int tell(const mc_host* host, const char* name, const char* value, mc_error* error) {
  return mc::guarded(error, [&] {
    if (std::string* known = find_fact(host, name))
      *known = value;
    else
      instance_of(host).services().facts.emplace_back(name, value);
  });
}

const char* ask(const mc_host* host, const char* name) {
  const std::string* value = find_fact(host, name);
  return value != nullptr ? value->c_str() : nullptr;
}

constexpr mc_facts fact_functions = {
    .size = sizeof(mc_facts), .reserved = 0, .tell = tell, .ask = ask};

// ---- hooks -------------------------------------------------------------------------------------

int skip(const mc_host* host, const char* name, mc_error* error) {
  return mc::guarded(error, [&] {
    Instance& instance = instance_of(host);
    const Plan& plan = open_plan(instance);
    for (const Hook hook : {Hook::post_clone, Hook::post_exec, Hook::post_exit, Hook::cleanup}) {
      if (std::strcmp(info(hook).name, name) != 0) continue;
      if (hook == Hook::cleanup && instance.services().is_on_record)
        mc::fail_with(EINVAL, "skip the hook 'cleanup'",
                      mc::Hint{"say so in plan: it is on record by now that it is owed"});
      return instance.skip(hook, plan);
    }
    mc::fail_with(EINVAL, "skip the hook '", name, "'",
                  mc::Hint{"post_clone, post_exec, post_exit and cleanup can be skipped"});
  });
}

constexpr mc_hooks hook_functions = {.size = sizeof(mc_hooks), .reserved = 0, .skip = skip};

// ---- the root ----------------------------------------------------------------------------------

int announce_root(const mc_host* host, const char* path, std::uint32_t flags, const mc_node* source,
                  mc_error* error) {
  return contribute(host, error, [&](Instance& instance, Plan& plan) {
    if (instance.plugin().data.pivot == nullptr)
      mc::fail("announce the root: the plugin does not enter one",
               mc::Hint{"only the plugin with the hook pivot can"});
    plan.announce_root(path, (flags & MC_ROOT_RECURSIVE) != 0, origin(instance, source));
  });
}

constexpr mc_root root_functions = {
    .size = sizeof(mc_root), .reserved = 0, .announce = announce_root};

const void* extension(const mc_host*, const char* id) {
  if (std::strcmp(id, MC_EXTENSION_UNWINDER) == 0) return &unwinder_functions;
  if (std::strcmp(id, MC_EXTENSION_FACTS) == 0) return &fact_functions;
  if (std::strcmp(id, MC_EXTENSION_HOOKS) == 0) return &hook_functions;
  if (std::strcmp(id, MC_EXTENSION_ROOT) == 0) return &root_functions;
  return nullptr;
}

constexpr mc_host host_functions = {
    .size = sizeof(mc_host),
    .abi_minor = MC_ABI_MINOR,
    .log = log,
    .config = config,
    .get = get,
    .length = length,
    .at = at,
    .key_at = key_at,
    .boolean = boolean,
    .integer = integer,
    .number = number,
    .string = string,
    .where = where,
    .new_namespace = new_namespace,
    .join_namespace = join_namespace,
    .add_mount = add_mount,
    .set_cgroup = set_cgroup,
    .set_environment = set_environment,
    .keep_descriptor = keep_descriptor,
    .set_init = set_init,
    .give = give,
    .take = take,
    .extension = extension,
};

// What a plugin has filled, and perhaps not ended.
void rethrow(int result, mc_error& error) {
  if (result == 0) return;
  error.text[sizeof error.text - 1] = '\0';
  error.hint[sizeof error.hint - 1] = '\0';
  mc::rethrow(result, error);
}

}  // namespace

Instance::Instance(const EnabledPlugin& enabled, HostServices& services)
    : enabled_(enabled), services_(services), host_{host_functions, this} {}

Instance::~Instance() { destroy(); }

bool Instance::has(Hook hook, const Plan& plan) const {
  const auto member = info(hook).member;
  if (member == nullptr) return true;
  if (plugin().data.*member == nullptr) return false;
  const auto skipped_at = skipped_at_[static_cast<unsigned>(hook)];
  return skipped_at != for_good && skipped_at != 1 + plan.contributions();
}

Offers Instance::offers(const Plan& plan) const {
  const Offers all = offers_of(plugin().data);
  return has(Hook::cleanup, plan) ? all : all & ~offer_of(Hook::cleanup);
}

void Instance::skip(Hook hook, const Plan& plan) {
  skipped_at_[static_cast<unsigned>(hook)] =
      hook == Hook::cleanup ? for_good : 1 + plan.contributions();
}

void Instance::create() {
  if (created_ || plugin().data.create == nullptr) return;
  mc_error error = mc::no_error();
  rethrow(plugin().data.create(&host_.api, &self_, &error), error);
  created_ = true;
}

void Instance::destroy() {
  if (created_ && plugin().data.destroy != nullptr) plugin().data.destroy(self_);
  created_ = false;
}

void Instance::call(mc_hook hook, const mc_call& call) {
  mc_error error = mc::no_error();
  rethrow(hook(self_, &host_.api, &call, &error), error);
}

}  // namespace mini_container
