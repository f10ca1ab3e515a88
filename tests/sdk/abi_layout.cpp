// SPDX-License-Identifier: Apache-2.0
// The published layout is a promise: every field of ABI 1.0 keeps its place, its size and its
// meaning; structs only grow behind them. What breaks a plugin of last year does not compile.
#include <type_traits>

#include "mini_container/abi.h"
#include "tests/sdk/fixtures/abi_1_0.h"

namespace {

static_assert(sizeof(void*) == 8, "the numbers below are those of 64-bit machines");

// The frozen copy itself, so that nobody edits both.
static_assert(sizeof(v1_0_error) == 512 && sizeof(v1_0_option) == 104 &&
              sizeof(v1_0_mount) == 136 && sizeof(v1_0_namespace) == 24 &&
              sizeof(v1_0_host) == 176 && sizeof(v1_0_facts) == 24 && sizeof(v1_0_hooks) == 16 &&
              sizeof(v1_0_call) == 88 && sizeof(v1_0_plugin) == 216);
static_assert(sizeof(mc_error) == 512, "plugins write into the caller's 512 bytes");

#define KEEPS(STRUCT, FIELD)                                                      \
  static_assert(offsetof(mc_##STRUCT, FIELD) == offsetof(v1_0_##STRUCT, FIELD) && \
                    sizeof(mc_##STRUCT::FIELD) == sizeof(v1_0_##STRUCT::FIELD) && \
                    std::is_pointer_v<decltype(mc_##STRUCT::FIELD)> ==            \
                        std::is_pointer_v<decltype(v1_0_##STRUCT::FIELD)> &&      \
                    sizeof(mc_##STRUCT) >= sizeof(v1_0_##STRUCT),                 \
                "mc_" #STRUCT "." #FIELD " is not where plugins of ABI 1.0 look for it")

KEEPS(error, error_number);
KEEPS(error, text);
KEEPS(error, hint);

KEEPS(option, size);
KEEPS(option, type);
KEEPS(option, element);
KEEPS(option, flags);
KEEPS(option, key);
KEEPS(option, help);
KEEPS(option, default_text);
KEEPS(option, minimum);
KEEPS(option, maximum);
KEEPS(option, choices);
KEEPS(option, fields);
KEEPS(option, field_count);
KEEPS(option, field_stride);
KEEPS(option, value_name);
KEEPS(option, long_flag);
KEEPS(option, short_flag);
KEEPS(option, since);

KEEPS(mount, size);
KEEPS(mount, kind);
KEEPS(mount, rank);
KEEPS(mount, flags);
KEEPS(mount, destination);
KEEPS(mount, source);
KEEPS(mount, type);
KEEPS(mount, data);
KEEPS(mount, attr_set);
KEEPS(mount, attr_clear);
KEEPS(mount, recursive_attr_set);
KEEPS(mount, recursive_attr_clear);
KEEPS(mount, propagation);
KEEPS(mount, fd);
KEEPS(mount, idmap_fd);
KEEPS(mount, mode);
KEEPS(mount, uid);
KEEPS(mount, gid);
KEEPS(mount, device_type);
KEEPS(mount, device_major);
KEEPS(mount, device_minor);
KEEPS(mount, content);
KEEPS(mount, content_size);

KEEPS(namespace, size);
KEEPS(namespace, fd);
KEEPS(namespace, type);
KEEPS(namespace, is_new);
KEEPS(namespace, reserved);

KEEPS(host, size);
KEEPS(host, abi_minor);
KEEPS(host, log);
KEEPS(host, config);
KEEPS(host, get);
KEEPS(host, length);
KEEPS(host, at);
KEEPS(host, key_at);
KEEPS(host, boolean);
KEEPS(host, integer);
KEEPS(host, number);
KEEPS(host, string);
KEEPS(host, where);
KEEPS(host, new_namespace);
KEEPS(host, join_namespace);
KEEPS(host, add_mount);
KEEPS(host, set_cgroup);
KEEPS(host, set_environment);
KEEPS(host, keep_descriptor);
KEEPS(host, set_init);
KEEPS(host, give);
KEEPS(host, take);
KEEPS(host, extension);

KEEPS(facts, size);
KEEPS(facts, reserved);
KEEPS(facts, tell);
KEEPS(facts, ask);

KEEPS(hooks, size);
KEEPS(hooks, reserved);
KEEPS(hooks, skip);

KEEPS(call, size);
KEEPS(call, flags);
KEEPS(call, id);
KEEPS(call, pid);
KEEPS(call, pidfd);
KEEPS(call, wait_status);
KEEPS(call, root_fd);
KEEPS(call, state_fd);
KEEPS(call, uid);
KEEPS(call, gid);
KEEPS(call, namespaces);
KEEPS(call, namespace_count);
KEEPS(call, namespace_stride);
KEEPS(call, mounts);
KEEPS(call, mount_count);
KEEPS(call, mount_stride);
KEEPS(call, bundle);

KEEPS(plugin, size);
KEEPS(plugin, abi_minor);
KEEPS(plugin, name);
KEEPS(plugin, version);
KEEPS(plugin, summary);
KEEPS(plugin, namespaces);
KEEPS(plugin, flags);
KEEPS(plugin, deadline_ms);
KEEPS(plugin, options);
KEEPS(plugin, option_count);
KEEPS(plugin, option_stride);
KEEPS(plugin, needs);
KEEPS(plugin, after);
KEEPS(plugin, before);
KEEPS(plugin, long_flag);
KEEPS(plugin, short_flag);
KEEPS(plugin, reserved);
KEEPS(plugin, create);
KEEPS(plugin, destroy);
KEEPS(plugin, plan);
KEEPS(plugin, pre_clone);
KEEPS(plugin, post_clone);
KEEPS(plugin, before_pivot);
KEEPS(plugin, pivot);
KEEPS(plugin, after_pivot);
KEEPS(plugin, join);
KEEPS(plugin, seal);
KEEPS(plugin, post_exec);
KEEPS(plugin, post_exit);
KEEPS(plugin, cleanup);
KEEPS(plugin, extension);

// Numbers that plugins have in them.
static_assert(MC_BOOL == 1 && MC_INT == 2 && MC_FLOAT == 3 && MC_STRING == 4 && MC_PATH == 5 &&
              MC_SIZE == 6 && MC_DURATION == 7 && MC_CHOICE == 8 && MC_LIST == 9 && MC_MAP == 10 &&
              MC_TABLE == 11);
static_assert(MC_OPTION_REQUIRED == 1);
static_assert(MC_MOUNT_FILESYSTEM == 1 && MC_MOUNT_BIND == 2 && MC_MOUNT_DESCRIPTOR == 3 &&
              MC_MOUNT_DIRECTORY == 4 && MC_MOUNT_FILE == 5 && MC_MOUNT_SYMLINK == 6 &&
              MC_MOUNT_DEVICE == 7 && MC_MOUNT_MASK == 8 && MC_MOUNT_READONLY == 9 &&
              MC_MOUNT_REMOUNT == 10);
static_assert(MC_RANK_FALLBACK == 1 && MC_RANK_DEFAULT == 2 && MC_RANK_USER == 3);
static_assert(MC_MOUNT_RECURSIVE == 1 && MC_MOUNT_OPTIONAL == 2 && MC_MOUNT_COPY_UP == 4 &&
              MC_MOUNT_LATE == 8 && MC_MOUNT_IDMAP_CONTAINER == 16 &&
              MC_MOUNT_IDMAP_RECURSIVE == 32 && MC_MOUNT_NO_FOLLOW == 64);
static_assert(MC_LOG_DEBUG == 1 && MC_LOG_INFO == 2 && MC_LOG_WARN == 3);
static_assert(MC_CALL_EXEC == 1 && MC_CALL_LATER == 2 && MC_CALL_FAILED == 4 &&
              MC_CALL_DETACHED == 8);
static_assert(MC_PLUGIN_STATELESS == 1 && MC_PLUGIN_KEEPS_ROOT == 2 &&
              MC_PLUGIN_SHARES_MEMORY == 4 && MC_PLUGIN_SETS_CAPABILITIES == 8);
static_assert(sizeof(mc_root) == 16 && offsetof(mc_root, announce) == 8 && MC_ROOT_RECURSIVE == 1);
static_assert(sizeof(mc_unwinder) == 96 && offsetof(mc_unwinder, RaiseException) == 8 &&
              offsetof(mc_unwinder, Resume) == 16 && offsetof(mc_unwinder, GetDataRelBase) == 88);

}  // namespace
