/* SPDX-License-Identifier: Apache-2.0
 *
 * What a plugin may offer beyond its hooks: structs that mc_plugin.extension(id) gives.
 *
 * The rules of abi.h hold: each struct starts with its size and only grows at its end; a reader
 * calls what both sides know. The functions take no instance: they work from what the plugin has
 * written to its state directory, so that any later process can call them (`pause`, `events`,
 * `kill --all`), while the agent that made the container lives on, or after it is gone. All are
 * [agent] and touch only the one container.
 */
#ifndef MINI_CONTAINER_EXTENSIONS_H
#define MINI_CONTAINER_EXTENSIONS_H

#include "mini_container/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The resources of a running container, offered by the plugin that put it into cgroups.
 *
 *   const mc_resources *resources = plugin->extension(MC_EXTENSION_RESOURCES);
 *   if (resources != NULL && resources->pause != NULL) resources->pause(state_fd, &error);
 *
 * `state_fd` is the plugin's state directory, as mc_call.state_fd has it. Every function gives 0,
 * or -1 with `error`; ENOENT where the plugin has no cgroup on record. */
#define MC_EXTENSION_RESOURCES "mc.resources.v1"

typedef struct mc_resources {
  uint32_t size;
  uint32_t reserved;

  /* One JSON object, handed to `take` once, NUL-terminated. Its members are those of `data` in
   * what `runc events --stats` prints: cpu (nanoseconds), memory, pids, blkio, hugetlb; and
   * oom_kills, the number of processes that the kernel killed for want of memory. Members that
   * this machine's controllers do not give are left out. */
  int (*statistics)(int state_fd, void (*take)(void *to, const char *json), void *to,
                    mc_error *error);

  /* Stops every process, also those that are made meanwhile, and returns once all are stopped;
   * resume lets them go on. Both are repeatable. */
  int (*pause)(int state_fd, mc_error *error);
  int (*resume)(int state_fd, mc_error *error);
  /* 1 or 0. */
  int (*paused)(int state_fd, int32_t *out, mc_error *error);

  /* Brings the limits in `host`'s configuration into force; what it leaves out stays as it is.
   * `host` is made for this call, with the plugin's checked table of changed options alone. */
  int (*update)(const mc_host *host, int state_fd, mc_error *error);

  /* The numbers of all processes, as the caller's /proc has them, in no order. */
  int (*processes)(int state_fd, void (*each)(void *to, int32_t pid), void *to, mc_error *error);

  /* Sends a signal to every process. SIGKILL also reaches those that are made meanwhile, and
   * processes of a paused container. Not to wait for: they end when they end. */
  int (*signal_all)(int state_fd, int32_t signal, mc_error *error);

  /* For `exec`. A new process comes into the container's cgroups in two ways:
   *   birth    A descriptor of the v2 cgroup for CLONE_INTO_CGROUP, owned by the caller; -1 in
   *            `out` where the machine has v1 alone.
   *   entries  Descriptors for writing, owned by the caller: a single-threaded process enters the
   *            v1 cgroups by writing "0" to each (which costs microseconds, where moving it from
   *            outside costs milliseconds). `count` says how many `fds` has room for, and then
   *            how many were given; ERANGE where there are more.
   * `sub_path` is a cgroup below the container's, which must exist: "" or NULL for its own. Lines
   * "CONTROLLER[,CONTROLLER]:PATH" are for the v1 hierarchies of these controllers alone. */
  int (*birth)(int state_fd, const char *sub_path, int32_t *out, mc_error *error);
  int (*entries)(int state_fd, const char *sub_path, int32_t *fds, uint32_t *count,
                 mc_error *error);
  /* The plain way: moves process `pid` into all of them. */
  int (*enter)(int state_fd, const char *sub_path, int32_t pid, mc_error *error);

  /* How many processes the kernel killed for want of memory so far. */
  int (*oom_kills)(int state_fd, uint64_t *out, mc_error *error);
} mc_resources;

#ifdef __cplusplus
}
#endif
#endif
