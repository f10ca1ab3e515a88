// SPDX-License-Identifier: Apache-2.0
// A pleasant way to write a plugin in C++20 over abi.h. Header-only: nothing of it is part of
// the ABI.
//
//   class Uts {
//    public:
//     explicit Uts(const mc::Host& host) : hostname_(host.config().text("hostname")) {}
//     void plan(mc::Host& host) { host.new_namespace(CLONE_NEWUTS); }
//     void after_pivot(mc::Host&, const mc::Call&) {
//       mc::check(::sethostname(hostname_.data(), hostname_.size()), "sethostname '", hostname_,
//                 "'");
//     }
//    private:
//     std::string hostname_;
//   };
//
//   constexpr mc_option options[] = {mc::option({.type = MC_STRING, .key = "hostname", ...})};
//   MC_PLUGIN(Uts, {.name = "uts", .version = "1.0.0", ..., .options = options})
//
// The class is made by `create` (its constructor throws for a bad configuration) and has those
// of the hooks that it wants, as public members named as in abi.h:
//   void plan(mc::Host&)
//   void HOOK(mc::Host&, const mc::Call&)    for every other hook
// What they throw becomes the hook's error.
#pragma once

#include <sched.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mini_container/abi.h"
#include "mini_container/error.hpp"
#include "mini_container/fd.hpp"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace mc {

/// A value of the checked configuration. Cheap to copy; valid while the plugin's instance lives.
/// A Node may be empty (the key is absent): test it before use; text("key") and its like throw.
class Node {
 public:
  Node() = default;
  Node(const mc_host* host, const mc_node* node) : host_(host), node_(node) {}

  explicit operator bool() const { return node_ != nullptr; }
  [[nodiscard]] const mc_node* get() const { return node_; }

  // Of a scalar.
  [[nodiscard]] bool boolean() const { return host_->boolean(need()) != 0; }
  [[nodiscard]] std::int64_t integer() const { return host_->integer(need()); }
  [[nodiscard]] double number() const { return host_->number(need()); }
  /// The text, or an empty one for a number.
  [[nodiscard]] std::string text() const {
    const char* text = host_->string(need());
    return text != nullptr ? text : "";
  }
  [[nodiscard]] bool is_word() const { return host_->string(need()) != nullptr; }
  [[nodiscard]] std::string where() const {
    return node_ != nullptr ? host_->where(node_) : "default";
  }

  // Of a table, by key.
  [[nodiscard]] Node operator[](const char* key) const {
    return {host_, node_ != nullptr ? host_->get(node_, key) : nullptr};
  }
  [[nodiscard]] bool has(const char* key) const { return static_cast<bool>((*this)[key]); }
  /// Of an option without a default: `absent` where the launch leaves it out.
  [[nodiscard]] std::string text(const char* key, std::string_view absent = {}) const {
    const Node member = (*this)[key];
    return member ? member.text() : std::string(absent);
  }
  [[nodiscard]] bool boolean(const char* key, bool absent = false) const {
    const Node member = (*this)[key];
    return member ? member.boolean() : absent;
  }
  [[nodiscard]] std::int64_t integer(const char* key, std::int64_t absent = 0) const {
    const Node member = (*this)[key];
    return member ? member.integer() : absent;
  }
  /// The items of a list of text; empty where it is absent.
  [[nodiscard]] std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> out;
    for (const Node item : (*this)[key]) out.push_back(item.text());
    return out;
  }

  // Of a list, table or map: the members in order.
  [[nodiscard]] std::size_t size() const { return node_ != nullptr ? host_->length(node_) : 0; }
  [[nodiscard]] Node at(std::size_t index) const { return {host_, host_->at(node_, index)}; }
  [[nodiscard]] std::string key_at(std::size_t index) const {
    const char* key = host_->key_at(node_, index);
    return key != nullptr ? key : "";
  }

  class Iterator {
   public:
    Iterator(const Node* owner, std::size_t index) : owner_(owner), index_(index) {}
    Node operator*() const { return owner_->at(index_); }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const Node* owner_;
    std::size_t index_;
  };
  [[nodiscard]] Iterator begin() const { return {this, 0}; }
  [[nodiscard]] Iterator end() const { return {this, size()}; }

 private:
  [[nodiscard]] const mc_node* need() const {
    if (node_ == nullptr) fail("the plugin reads an option that is absent and has no default");
    return node_;
  }

  const mc_host* host_ = nullptr;
  const mc_node* node_ = nullptr;
};

/// What the core offers this plugin; each call's contract is in abi.h (mc_host).
class Host {
 public:
  explicit Host(const mc_host* host) : host_(host) {}

  [[nodiscard]] Node config() const { return {host_, host_->config(host_)}; }

  template <class... Parts>
  void debug(const Parts&... parts) const {
    host_->log(host_, MC_LOG_DEBUG, concat(parts...).c_str());
  }
  template <class... Parts>
  void info(const Parts&... parts) const {
    host_->log(host_, MC_LOG_INFO, concat(parts...).c_str());
  }
  template <class... Parts>
  void warn(const Parts&... parts) const {
    host_->log(host_, MC_LOG_WARN, concat(parts...).c_str());
  }

  void new_namespace(std::uint64_t type, const Node& source = {}) {
    call([&](mc_error* e) { return host_->new_namespace(host_, type, source.get(), e); });
  }
  void join_namespace(std::uint64_t type, int fd, const Node& source = {}) {
    call([&](mc_error* e) { return host_->join_namespace(host_, type, fd, source.get(), e); });
  }
  void add_mount(const mc_mount& mount, const Node& source = {}) {
    call([&](mc_error* e) { return host_->add_mount(host_, &mount, source.get(), e); });
  }
  void set_cgroup(int fd, const Node& source = {}) {
    call([&](mc_error* e) { return host_->set_cgroup(host_, fd, source.get(), e); });
  }
  void set_environment(const std::string& name, const std::string& value, const Node& source = {}) {
    call([&](mc_error* e) {
      return host_->set_environment(host_, name.c_str(), value.c_str(), source.get(), e);
    });
  }
  void keep_descriptor(int fd, int target, const Node& source = {}) {
    call([&](mc_error* e) { return host_->keep_descriptor(host_, fd, target, source.get(), e); });
  }
  void set_init(int fd, const Node& source = {}) {
    call([&](mc_error* e) { return host_->set_init(host_, fd, source.get(), e); });
  }
  void give(const char* name, int fd) {
    call([&](mc_error* e) { return host_->give(host_, name, fd, e); });
  }
  [[nodiscard]] Fd take(const char* name) { return Fd(host_->take(host_, name)); }

  /// Tells the plugins that come later (mc_facts). A core without facts: nobody hears it.
  void tell(const char* name, const std::string& value) const {
    const mc_facts* facts = find_facts();
    if (facts == nullptr) return;
    mc_error error = no_error();
    rethrow(facts->tell(host_, name, value.c_str(), &error), error);
  }
  [[nodiscard]] std::optional<std::string> ask(const char* name) const {
    const mc_facts* facts = find_facts();
    const char* value = facts != nullptr ? facts->ask(host_, name) : nullptr;
    if (value == nullptr) return std::nullopt;
    return value;
  }

  /// This launch can do without the hook (mc_hooks). A core without this extension calls it.
  void skip(const char* hook) const {
    const auto* hooks = static_cast<const mc_hooks*>(host_->extension(host_, MC_EXTENSION_HOOKS));
    if (hooks == nullptr) return;
    mc_error error = no_error();
    rethrow(hooks->skip(host_, hook, &error), error);
  }

  /// What the container's root will hold (mc_root). A core without this extension does not ask.
  void announce_root(const std::string& path, std::uint32_t flags, const Node& source = {}) const {
    const auto* root = static_cast<const mc_root*>(host_->extension(host_, MC_EXTENSION_ROOT));
    if (root == nullptr) return;
    mc_error error = no_error();
    rethrow(root->announce(host_, path.c_str(), flags, source.get(), &error), error);
  }

  [[nodiscard]] const mc_host* get() const { return host_; }

 private:
  template <class Body>
  void call(Body&& body) {
    mc_error error = no_error();
    rethrow(body(&error), error);
  }

  [[nodiscard]] const mc_facts* find_facts() const {
    return static_cast<const mc_facts*>(host_->extension(host_, MC_EXTENSION_FACTS));
  }

  const mc_host* host_;
};

/// What a hook is given (mc_call).
class Call {
 public:
  explicit Call(const mc_call* call) : call_(call) {}
  const mc_call* operator->() const { return call_; }

  [[nodiscard]] bool exec() const { return (call_->flags & MC_CALL_EXEC) != 0; }
  [[nodiscard]] bool later() const { return (call_->flags & MC_CALL_LATER) != 0; }
  [[nodiscard]] bool failed() const { return (call_->flags & MC_CALL_FAILED) != 0; }
  [[nodiscard]] bool detached() const { return (call_->flags & MC_CALL_DETACHED) != 0; }

  /// The container's namespace of this CLONE_NEW* type, or nullptr: it has the host's.
  [[nodiscard]] const mc_namespace* find_namespace(std::uint64_t type) const {
    for (std::uint32_t i = 0; i < call_->namespace_count; ++i) {
      const auto* space = element<mc_namespace>(call_->namespaces, call_->namespace_stride, i);
      if (space->type == type) return space;
    }
    return nullptr;
  }
  /// Whether the container has a namespace of this type that was made for it.
  [[nodiscard]] bool owns_namespace(std::uint64_t type) const {
    const auto* space = find_namespace(type);
    return space != nullptr && space->is_new != 0;
  }
  [[nodiscard]] const mc_mount* mount_at(std::uint32_t index) const {
    return element<mc_mount>(call_->mounts, call_->mount_stride, index);
  }

 private:
  template <class Element>
  static const Element* element(const Element* first, std::uint32_t stride, std::uint32_t index) {
    return reinterpret_cast<const Element*>(reinterpret_cast<const char*>(first) +
                                            static_cast<std::size_t>(stride) * index);
  }

  const mc_call* call_;
};

/// An mc_mount with every field at its "none".
inline mc_mount mount_entry(mc_mount_kind kind, const char* destination) {
  mc_mount mount{};
  mount.size = sizeof mount;
  mount.kind = kind;
  mount.rank = MC_RANK_DEFAULT;
  mount.destination = destination;
  mount.fd = -1;
  mount.idmap_fd = -1;
  return mount;
}

/// An option: fills in the sizes. option({.type = MC_BOOL, .key = "overlay", .help = "..."}).
struct Option {
  mc_type type = MC_STRING;
  mc_type element = MC_STRING;
  std::uint32_t flags = 0;
  const char* key = nullptr;
  const char* help = nullptr;
  const char* default_text = nullptr;
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  const char* const* choices = nullptr;
  std::span<const mc_option> fields = {};
  const char* value_name = nullptr;
  const char* long_flag = nullptr;
  char short_flag = 0;
};

constexpr mc_option option(const Option& from) {
  mc_option out{};
  out.size = sizeof(mc_option);
  out.type = from.type;
  if (from.type == MC_LIST || from.type == MC_MAP) out.element = from.element;
  out.flags = from.flags;
  out.key = from.key;
  out.help = from.help;
  out.default_text = from.default_text;
  out.minimum = from.minimum;
  out.maximum = from.maximum;
  out.choices = from.choices;
  out.fields = from.fields.data();
  out.field_count = static_cast<std::uint32_t>(from.fields.size());
  out.field_stride = sizeof(mc_option);
  out.value_name = from.value_name;
  out.long_flag = from.long_flag;
  out.short_flag = static_cast<unsigned char>(from.short_flag);
  return out;
}

/// What MC_PLUGIN takes beside the class.
struct Descriptor {
  const char* name = nullptr;
  const char* version = "1.0.0";
  const char* summary = nullptr;
  std::uint64_t namespaces = 0;
  std::uint32_t flags = 0;
  std::uint32_t deadline_ms = 0;
  std::span<const mc_option> options = {};
  const char* const* needs = nullptr;
  const char* const* after = nullptr;
  const char* const* before = nullptr;
  const char* long_flag = nullptr;
  char short_flag = 0;
  const void* (*extension)(const char* id) = nullptr;  // extensions.h
};

namespace detail {

#ifdef MC_UNWINDER_OF_CORE
// sdk/cmake/unwinder_of_core.cpp. Whether the core lends one; before it nothing can be thrown.
extern "C" bool mc_adopt_unwinder(const mc_host* host) noexcept;
#endif

template <class Class>
struct Boundary {
  static Class& object(void* self) { return *static_cast<Class*>(self); }

  static int create(const mc_host* host, void** self, mc_error* error) noexcept {
#ifdef MC_UNWINDER_OF_CORE
    if (!mc_adopt_unwinder(host))
      return store(error, 0, "this mini_container is older than the plugin and has no unwinder",
                   "update mini_container, or build the plugin without UNWINDER_OF_CORE");
#endif
    return guarded(error, [&] {
      Host wrapped(host);
      if constexpr (requires { Class(wrapped); })
        *self = new Class(wrapped);
      else
        *self = new Class();
    });
  }
  static void destroy(void* self) noexcept { delete &object(self); }
};

}  // namespace detail

#define MC_DETAIL_HOOK(NAME)                                                             \
  template <class Class>                                                                 \
  constexpr mc_hook NAME##_hook() {                                                      \
    if constexpr (requires(Class & object, Host & host, const Call& call) {              \
                    object.NAME(host, call);                                             \
                  })                                                                     \
      return [](void* self, const mc_host* host, const mc_call* call, mc_error* error) { \
        return guarded(error, [&] {                                                      \
          Host wrapped(host);                                                            \
          Boundary<Class>::object(self).NAME(wrapped, Call(call));                       \
        });                                                                              \
      };                                                                                 \
    else                                                                                 \
      return nullptr;                                                                    \
  }

namespace detail {

template <class Class>
constexpr mc_hook plan_hook() {
  if constexpr (requires(Class & object, Host & host) { object.plan(host); })
    return [](void* self, const mc_host* host, const mc_call*, mc_error* error) {
      return guarded(error, [&] {
        Host wrapped(host);
        Boundary<Class>::object(self).plan(wrapped);
      });
    };
  else
    return nullptr;
}

MC_DETAIL_HOOK(pre_clone)
MC_DETAIL_HOOK(post_clone)
MC_DETAIL_HOOK(before_pivot)
MC_DETAIL_HOOK(pivot)
MC_DETAIL_HOOK(after_pivot)
MC_DETAIL_HOOK(join)
MC_DETAIL_HOOK(seal)
MC_DETAIL_HOOK(post_exec)
MC_DETAIL_HOOK(post_exit)
MC_DETAIL_HOOK(cleanup)

template <class Class>
constexpr mc_plugin describe(const Descriptor& from) {
#ifdef MC_UNWINDER_OF_CORE
  if (from.extension != nullptr)
    throw "extensions are called without a create before them: leave out UNWINDER_OF_CORE";
#endif
  mc_plugin out{};
  out.size = sizeof(mc_plugin);
  out.abi_minor = 0;
  out.name = from.name;
  out.version = from.version;
  out.summary = from.summary;
  out.namespaces = from.namespaces;
  out.flags = from.flags;
  out.deadline_ms = from.deadline_ms;
  out.options = from.options.data();
  out.option_count = static_cast<std::uint32_t>(from.options.size());
  out.option_stride = sizeof(mc_option);
  out.needs = from.needs;
  out.after = from.after;
  out.before = from.before;
  out.long_flag = from.long_flag;
  out.short_flag = static_cast<unsigned char>(from.short_flag);
  out.extension = from.extension;
  out.create = &Boundary<Class>::create;
  out.destroy = &Boundary<Class>::destroy;
  out.plan = plan_hook<Class>();
  out.pre_clone = pre_clone_hook<Class>();
  out.post_clone = post_clone_hook<Class>();
  out.before_pivot = before_pivot_hook<Class>();
  out.pivot = pivot_hook<Class>();
  out.after_pivot = after_pivot_hook<Class>();
  out.join = join_hook<Class>();
  out.seal = seal_hook<Class>();
  out.post_exec = post_exec_hook<Class>();
  out.post_exit = post_exit_hook<Class>();
  out.cleanup = cleanup_hook<Class>();
  return out;
}

}  // namespace detail

#undef MC_DETAIL_HOOK

}  // namespace mc

#ifdef MC_UNWINDER_OF_CORE
#define MC_DETAIL_ADOPTS_UNWINDER                                                            \
  extern "C" __attribute__((visibility("hidden"))) const char mc_plugin_adopts_the_unwinder; \
  constexpr char mc_plugin_adopts_the_unwinder = 1;
#else
#define MC_DETAIL_ADOPTS_UNWINDER
#endif

/// Defines the plugin's one exported symbol. MC_PLUGIN(Class, {.name = "x", ...})
#define MC_PLUGIN(CLASS, ...)                        \
  MC_DETAIL_ADOPTS_UNWINDER                          \
  extern "C" MC_EXPORT const mc_plugin mc_plugin_v1; \
  constinit const mc_plugin mc_plugin_v1 =           \
      ::mc::detail::describe<CLASS>(::mc::Descriptor __VA_ARGS__);
