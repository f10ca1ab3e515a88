// SPDX-License-Identifier: Apache-2.0
// The plugin's options, as data.
#pragma once

#include "mini_container/plugin.hpp"

namespace rootfs {

inline constexpr const char* propagation_words[] = {"rslave",      "slave",      "rprivate",
                                                    "private",     "rshared",    "shared",
                                                    "runbindable", "unbindable", nullptr};

inline constexpr const char* idmap_words[] = {"none", "container", nullptr};

inline constexpr std::int64_t last_id = 4294967294;

inline constexpr mc_option mapping_fields[] = {
    mc::option({.type = MC_INT,
                .flags = MC_OPTION_REQUIRED,
                .key = "container",
                .help = "The first id as the files on disk have it",
                .minimum = 0,
                .maximum = last_id}),
    mc::option({.type = MC_INT,
                .flags = MC_OPTION_REQUIRED,
                .key = "host",
                .help = "The first id that it becomes",
                .minimum = 0,
                .maximum = last_id}),
    mc::option({.type = MC_INT,
                .flags = MC_OPTION_REQUIRED,
                .key = "size",
                .help = "How many ids",
                .minimum = 1,
                .maximum = last_id}),
};

constexpr mc_option mappings(const char* key, const char* help) {
  return mc::option({.type = MC_LIST,
                     .element = MC_TABLE,
                     .key = key,
                     .help = help,
                     .maximum = 340,  // UID_GID_MAP_MAX_EXTENTS
                     .fields = mapping_fields});
}

inline constexpr mc_option mount_fields[] = {
    mc::option({.type = MC_STRING,
                .flags = MC_OPTION_REQUIRED,
                .key = "destination",
                .help = "Where in the root, an absolute path; made where it is missing",
                .minimum = 1,
                .maximum = 4095}),
    mc::option(
        {.type = MC_PATH, .key = "source", .help = "The host's file, directory or block device"}),
    mc::option({.type = MC_STRING,
                .key = "label",
                .help = "What is shown as the source of a filesystem that has no device, or takes "
                        "something else than a path"}),
    mc::option({.type = MC_STRING,
                .key = "type",
                .help =
                    "The filesystem, or \"bind\"; without it the source is bound, with all that "
                    "is mounted below"}),
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .key = "options",
                .help =
                    "Mount options: those of mount(8) and of the OCI specification, the rest is "
                    "the filesystem's"}),
    mc::option({.type = MC_BOOL,
                .key = "optional",
                .help = "Passes the mount over where its source or filesystem is not there",
                .default_text = "false"}),
    mappings("uid_mappings", "Maps the owners of the mount's files"),
    mappings("gid_mappings", "Maps the groups of the mount's files"),
};

inline constexpr mc_option file_fields[] = {
    mc::option({.type = MC_STRING,
                .flags = MC_OPTION_REQUIRED,
                .key = "path",
                .help = "Where in the root, an absolute path",
                .minimum = 1,
                .maximum = 4095}),
    mc::option({.type = MC_STRING,
                .flags = MC_OPTION_REQUIRED,
                .key = "content",
                .help = "What the file holds"}),
    mc::option({.type = MC_INT,
                .key = "mode",
                .help = "Its permissions",
                .default_text = "0o644",
                .minimum = 0,
                .maximum = 07777}),
    mc::option({.type = MC_INT,
                .key = "uid",
                .help = "Its owner, an id of the container",
                .default_text = "0",
                .minimum = 0,
                .maximum = last_id}),
    mc::option({.type = MC_INT,
                .key = "gid",
                .help = "Its group, an id of the container",
                .default_text = "0",
                .minimum = 0,
                .maximum = last_id}),
};

inline constexpr const char* namespace_words[] = {"own", "runtime", nullptr};

inline constexpr mc_option options[] = {
    mc::option({.type = MC_CHOICE,
                .key = "namespace",
                .help = "The mount namespace: the container's own, or the runtime's, to which its "
                        "mounts are not attached (Linux 6.15)",
                .default_text = "own",
                .choices = namespace_words}),
    mc::option({.type = MC_PATH,
                .key = "join",
                .help =
                    "A mount namespace to join instead of making one, /proc/PID/ns/mnt; the root "
                    "becomes that of the whole namespace"}),
    mc::option({.type = MC_PATH,
                .key = "path",
                .help =
                    "The directory that becomes the root; without it, the host's own tree, in a "
                    "mount namespace of the container's own",
                .long_flag = "rootfs",
                .short_flag = 'r'}),
    mc::option({.type = MC_BOOL,
                .key = "readonly",
                .help = "Makes the root read-only, what is mounted in it apart",
                .default_text = "false",
                .long_flag = "read-only"}),
    mc::option(
        {.type = MC_BOOL,
         .key = "overlay",
         .help = "Keeps the directory as it is: changes go to a layer of the container's own",
         .default_text = "false",
         .long_flag = "overlay"}),
    mc::option({.type = MC_SIZE,
                .key = "overlay_size",
                .help = "The most that the layer holds where it is in memory; half of the memory "
                        "where it is left out",
                .minimum = 4096,
                .maximum = INT64_MAX}),
    mc::option({.type = MC_PATH,
                .key = "overlay_upper",
                .help =
                    "The directory that keeps the layer; without it, the layer is in memory and "
                    "goes with the container"}),
    mc::option({.type = MC_PATH,
                .key = "overlay_work",
                .help = "An empty directory on the filesystem of overlay_upper"}),
    mc::option({.type = MC_BOOL,
                .key = "pivot",
                .help = "Whether pivot_root(2) enters the root; chroot(2) does on a host whose own "
                        "root is a ramfs, and keeps less apart",
                .default_text = "true"}),
    mc::option({.type = MC_CHOICE,
                .key = "propagation",
                .help = "Which mounts cross: slave brings the host's into the container, private "
                        "none, shared both ways; with r for the whole tree",
                .default_text = "rslave",
                .choices = propagation_words}),
    mc::option({.type = MC_CHOICE,
                .key = "idmap",
                .help = "Maps the owners of the root's files: as the container's user namespace "
                        "does, or not at all",
                .default_text = "none",
                .choices = idmap_words}),
    mappings("uid_mappings", "Maps the owners of the root's files, in place of idmap"),
    mappings("gid_mappings", "Maps the groups of the root's files, in place of idmap"),
    mc::option({.type = MC_BOOL,
                .key = "proc",
                .help = "Mounts /proc; it shows the container's processes where it has its own",
                .default_text = "true"}),
    mc::option(
        {.type = MC_BOOL, .key = "sys", .help = "Mounts /sys, read-only", .default_text = "true"}),
    mc::option({.type = MC_BOOL,
                .key = "dev",
                .help = "Mounts a /dev, with /dev/pts and, without the plugin ipc, /dev/shm",
                .default_text = "true"}),
    mc::option({.type = MC_BOOL,
                .key = "dev_nodes",
                .help = "Fills /dev: null, zero, full, random, urandom, tty and the usual links; "
                        "where it is left out, if a filesystem is mounted there"}),
    mc::option({.type = MC_LIST,
                .element = MC_TABLE,
                .key = "mounts",
                .help = "Further mounts, in this order; one at the place of a default replaces it",
                .fields = mount_fields}),
    mc::option({.type = MC_LIST,
                .element = MC_TABLE,
                .key = "files",
                .help = "Files with their content; the directory that is the root stays as it is",
                .fields = file_fields}),
    mc::option(
        {.type = MC_LIST,
         .element = MC_STRING,
         .key = "directories",
         .help = "Made in the root where nothing is at their place, before it is read-only"}),
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .key = "masked_paths",
                .help = "What is hidden, where it is there",
                .default_text = "/proc/acpi,/proc/asound,/proc/interrupts,/proc/kcore,/proc/keys,"
                                "/proc/latency_stats,/proc/sched_debug,/proc/scsi,/proc/timer_list,"
                                "/proc/timer_stats,/sys/dev/block,/sys/devices/virtual/powercap,"
                                "/sys/firmware,/sys/fs/selinux"}),
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .key = "readonly_paths",
                .help = "What may only be read, where it is there",
                .default_text = "/proc/bus,/proc/fs,/proc/irq,/proc/sys,/proc/sysrq-trigger"}),
};

}  // namespace rootfs
