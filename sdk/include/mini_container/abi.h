/* SPDX-License-Identifier: Apache-2.0
 *
 * mini_container plugin ABI, major version 1.
 *
 * A plugin is a shared object named NAME.so that exports one data symbol,
 *
 *     const mc_plugin mc_plugin_v1;
 *
 * constant-initialised, so that the core reads it without running plugin code.
 *
 * RULES THAT HOLD EVERYWHERE
 *   Growth     Every struct starts with its size in bytes and only grows at its end; mc_error
 *              alone is as it is for good. Arrays of structs carry a stride (the writer's sizeof
 *              of one element). A reader takes what both sides know: a field beyond `size` is
 *              absent and reads as zero, or, where it is a descriptor, as -1. Numbers of enums
 *              keep their meaning, and functions their arguments. A writer sets what it has not
 *              heard of to zero. So a plugin that is built today loads in every later core of
 *              this major version, and one that is built against a later header loads today if
 *              its mc_plugin.abi_minor says that it can do without the additions: it then looks
 *              at `size` before it uses one.
 *   Ownership  Strings, arrays and descriptors are borrowed: the receiver copies what it keeps
 *              (descriptors with F_DUPFD_CLOEXEC). Nothing is freed across the boundary.
 *              What a hook passes to the plan is copied by the core before the call returns,
 *              descriptors included.
 *   Failure    A function that can fail returns 0, or -1 with mc_error filled. No C++ exception
 *              and no longjmp crosses the boundary.
 *   Process    [agent] runs in the runtime's process, outside every new namespace.
 *              [child] runs in the cloned process, inside them, before execve. There: no
 *              threads, no dlopen, no NSS (getpwnam...), no locale, no stdio, no exit().
 *   Threads    None. Every call is made on the process's only thread. A plugin that starts a
 *              thread and leaves it running before the clone makes the launch fail.
 *   Time       Each hook has a deadline (mc_plugin.deadline_ms). A hook that exceeds it, crashes,
 *              exits or closes the core's descriptors fails the launch by name; all that was
 *              made is undone. The time is looked at four times a second, and may be seen that
 *              much later. In the agent, and in a child in its memory, SIGALRM does it: what
 *              signal(7) lists as never restarted (nanosleep, poll) may give EINTR in a hook, and
 *              one that blocks or ignores it, and then hangs, hangs the launch. What runs while
 *              the file is loaded (constructors) has ten seconds. One end cannot be
 *              noticed: that of the agent past exit(3) and _exit(2), by the system call exit_group
 *              itself or SIGKILL. The caller gets that status, the child ends too, and what was
 *              made stays on record for `delete --force`.
 */
#ifndef MINI_CONTAINER_ABI_H
#define MINI_CONTAINER_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The minor version of the ABI that this header describes. It grows with every addition. */
#define MC_ABI_MINOR 0

/* ---- Errors ------------------------------------------------------------------------------ */

/* 512 bytes of the caller's memory. The callee fills them before it returns -1.
 * text  what was attempted on what, without the errno: "bind mount '/srv' on '/data'".
 * hint  the way out, where it is known, or empty: "create the directory, or drop the mount". */
typedef struct mc_error {
  int32_t error_number; /* errno(3), or 0 where no system call failed */
  char text[348];       /* NUL-terminated UTF-8, one line */
  char hint[160];       /* NUL-terminated UTF-8, one line; may be empty */
} mc_error;

/* ---- Options ----------------------------------------------------------------------------- */

/* Types of an option's value, and of the elements of a list or a map. */
enum mc_type {
  MC_BOOL = 1,
  MC_INT = 2,      /* 64-bit signed; `minimum` to `maximum`. TOML's 0o755 is at home here. */
  MC_FLOAT = 3,
  MC_STRING = 4,   /* UTF-8 without NUL; `minimum` to `maximum` bytes long */
  MC_PATH = 5,     /* a path of the host; the core makes it absolute, relative to the directory
                      of the file it was written in (of the working directory for a flag) */
  MC_SIZE = 6,     /* bytes: an integer, or text with K, M, G, T (powers of 1024): "64M" */
  MC_DURATION = 7, /* microseconds: text with us, ms, s, m, h: "1.5s"; a bare integer is seconds */
  MC_CHOICE = 8,   /* one of `choices` */
  MC_LIST = 9,     /* of `element`; `minimum` to `maximum` elements */
  MC_MAP = 10,     /* any keys, values of `element`; `minimum` to `maximum` entries */
  MC_TABLE = 11    /* of `fields` */
};

enum mc_option_flag {
  MC_OPTION_REQUIRED = 1,  /* a launch that leaves it out is refused */
  MC_OPTION_POSITIONAL = 2 /* reserved */
};

/* One option of a plugin, or one field of a table. Plain data: the core checks launches with it,
 * applies defaults, makes command-line flags, the manual, completions and the JSON Schema. */
typedef struct mc_option {
  uint32_t size;
  uint32_t type;    /* enum mc_type */
  uint32_t element; /* enum mc_type of a list's or map's values; MC_TABLE uses `fields` */
  uint32_t flags;   /* enum mc_option_flag */
  const char *key;  /* [a-z][a-z0-9_]* */
  const char *help; /* one sentence, no final period */
  /* The default, as one would write it on a command line ("64M", "true", "a,b" for a list of a
   * and b, each item as its element type). NULL: none, and mc_host.get gives NULL. */
  const char *default_text;
  int64_t minimum;  /* both 0: no bound */
  int64_t maximum;
  /* NULL-terminated. MC_CHOICE: the allowed values. MC_INT, MC_SIZE, MC_DURATION: words allowed
   * in place of a number ("max"); read such a value with mc_host.string. A list or map of
   * MC_CHOICE: the allowed values of its elements. */
  const char *const *choices;
  const struct mc_option *fields; /* MC_TABLE, or `element` MC_TABLE */
  uint32_t field_count;
  uint32_t field_stride;
  const char *value_name; /* for the manual: "BYTES"; NULL: made from the type */
  /* A flag beside the --PLUGIN.KEY that every option has: `long_flag` "hostname" for
   * --hostname, and/or `short_flag` 'r' for -r. Several long spellings: "domain,domainname". A
   * launch refuses the plugin where one is the core's own, as --log is; see --help for those. */
  const char *long_flag;
  uint32_t short_flag;
  uint32_t since; /* the plugin's option is newer than its first version: free use, shown by info */
} mc_option;

/* A value of the checked configuration, defaults applied. Borrowed: valid in both processes for
 * as long as the plugin's instance lives. */
typedef struct mc_node mc_node;

/* ---- The plan ---------------------------------------------------------------------------- */

/* What an entry of the plan's file-system list makes at its destination. */
enum mc_mount_kind {
  MC_MOUNT_FILESYSTEM = 1, /* a new instance of filesystem `type`, options in `data` */
  MC_MOUNT_BIND = 2,       /* the host's `source`; with MC_MOUNT_RECURSIVE its submounts too */
  MC_MOUNT_DESCRIPTOR = 3, /* the detached mount `fd` (open_tree(2), fsmount(2)) */
  MC_MOUNT_DIRECTORY = 4,  /* a directory, if it is not there */
  MC_MOUNT_FILE = 5,       /* a regular file with `content` */
  MC_MOUNT_SYMLINK = 6,    /* a symbolic link to `source` */
  MC_MOUNT_DEVICE = 7,     /* a device node, or the host's bound there where mknod is not allowed */
  MC_MOUNT_MASK = 8,       /* hidden: a file under /dev/null, a directory under an empty tmpfs */
  MC_MOUNT_READONLY = 9,   /* what is there, read-only from here on */
  MC_MOUNT_REMOUNT = 10    /* what is mounted there, with other attributes */
};

/* Who wins where two entries name one destination. Two of one rank from two plugins clash, but for
 * the user's, which are all performed. */
enum mc_mount_rank {
  MC_RANK_FALLBACK = 1, /* only if nobody else provides it */
  MC_RANK_DEFAULT = 2,  /* a plugin's own; placed by depth of the destination */
  MC_RANK_USER = 3      /* the user's list; kept in its order, and replaces the others */
};

enum mc_mount_flag {
  MC_MOUNT_RECURSIVE = 1, /* rbind */
  MC_MOUNT_OPTIONAL = 2,  /* a missing source, filesystem or destination is passed over */
  MC_MOUNT_COPY_UP = 4,   /* a tmpfs starts with the content that it covers (tmpcopyup) */
  MC_MOUNT_LATE = 8,      /* after every entry without this flag (masks and read-only paths) */
  MC_MOUNT_IDMAP_CONTAINER = 16, /* idmapped with the container's own user namespace */
  MC_MOUNT_IDMAP_RECURSIVE = 32, /* ridmap */
  MC_MOUNT_NO_FOLLOW = 64 /* the destination's last component must not be a symbolic link */
};

typedef struct mc_mount {
  uint32_t size;
  uint32_t kind;           /* enum mc_mount_kind */
  uint32_t rank;           /* enum mc_mount_rank */
  uint32_t flags;          /* enum mc_mount_flag */
  const char *destination; /* absolute, in the container; resolved with RESOLVE_IN_ROOT */
  const char *source;      /* absolute on the host (BIND), link target (SYMLINK), or a label */
  const char *type;        /* filesystem type, FILESYSTEM only */
  const char *data;        /* filesystem options, comma-separated; NULL: none */
  uint64_t attr_set;       /* MOUNT_ATTR_* of mount_setattr(2) */
  uint64_t attr_clear;
  uint64_t recursive_attr_set; /* the same for the whole subtree ("rro") */
  uint64_t recursive_attr_clear;
  uint64_t propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, with MS_REC; 0: none */
  int32_t fd;           /* DESCRIPTOR: the mount; otherwise -1 */
  int32_t idmap_fd;     /* a user namespace to map ids with, or -1 */
  uint32_t mode;        /* FILE, DIRECTORY, DEVICE: permission bits */
  uint32_t uid;         /* owner, as an id of the container */
  uint32_t gid;
  uint32_t device_type; /* S_IFCHR, S_IFBLK or S_IFIFO */
  uint32_t device_major;
  uint32_t device_minor;
  const void *content; /* FILE */
  uint64_t content_size;
} mc_mount;

/* A namespace of the container. */
typedef struct mc_namespace {
  uint32_t size;
  int32_t fd;    /* an open namespace descriptor, /proc/PID/ns/...; -1 where it is not known yet */
  uint64_t type; /* CLONE_NEWNS, CLONE_NEWPID, ... */
  uint32_t is_new; /* 1: made for this container; 0: joined */
  uint32_t reserved;
} mc_namespace;

/* ---- The host: what the core offers a plugin --------------------------------------------- */

enum mc_log_level { MC_LOG_DEBUG = 1, MC_LOG_INFO = 2, MC_LOG_WARN = 3 };

typedef struct mc_host mc_host;

/* One per plugin and launch. Pass it as the first argument; never copy it. */
struct mc_host {
  uint32_t size;
  uint32_t abi_minor; /* the core's MC_ABI_MINOR */

  /* [agent] [child] One line, prefixed with the plugin's name; from the child it travels to the
   * agent, also from inside the new root. info: a lifecycle step; debug: every mount and write;
   * warn: we went on without something. */
  void (*log)(const mc_host *host, uint32_t level, const char *text);

  /* [agent] [child] The plugin's own table, checked, defaults applied. Never NULL. */
  const mc_node *(*config)(const mc_host *host);
  /* The member `key` of a table or map; NULL: absent and without default. */
  const mc_node *(*get)(const mc_node *node, const char *key);
  /* The number of elements of a list, members of a table or map; 0 for a scalar. */
  size_t (*length)(const mc_node *node);
  const mc_node *(*at)(const mc_node *node, size_t index);     /* NULL: out of range */
  const char *(*key_at)(const mc_node *node, size_t index);    /* tables and maps; else NULL */
  int32_t (*boolean)(const mc_node *node);                     /* 0 or 1 */
  int64_t (*integer)(const mc_node *node);                     /* INT; SIZE: bytes; DURATION: us */
  double (*number)(const mc_node *node);                       /* FLOAT, or an INT */
  const char *(*string)(const mc_node *node); /* STRING, PATH, CHOICE, a word; NULL: a number */
  /* "launch.toml:12:1", "--uts.hostname", "default": for messages. Never NULL. */
  const char *(*where)(const mc_node *node);

  /* [agent] in plan and pre_clone only. Each gives -1 and an error where another plugin has
   * contributed the same; the error names both and their places. `source` is the node that
   * asked for it, shown by `mini_container plan`; NULL: the plugin's table. */
  /* A new namespace of the container: one CLONE_NEW* bit out of mc_plugin.namespaces. */
  int (*new_namespace)(const mc_host *host, uint64_t type, const mc_node *source, mc_error *error);
  /* A namespace to join instead; `fd` is duplicated. setns(2). */
  int (*join_namespace)(const mc_host *host, uint64_t type, int fd, const mc_node *source,
                        mc_error *error);
  int (*add_mount)(const mc_host *host, const mc_mount *mount, const mc_node *source,
                   mc_error *error);
  /* The cgroup v2 directory to be born in (CLONE_INTO_CGROUP); `fd` is duplicated. */
  int (*set_cgroup)(const mc_host *host, int fd, const mc_node *source, mc_error *error);
  /* A variable of the command's environment; the launch's own `env` wins over it. */
  int (*set_environment)(const mc_host *host, const char *name, const char *value,
                         const mc_node *source, mc_error *error);
  /* Keeps `fd` (duplicated) open in the command as descriptor `target` (at least 3). */
  int (*keep_descriptor)(const mc_host *host, int fd, int target, const mc_node *source,
                         mc_error *error);
  /* Runs the program behind `fd` in the command's place, as argv {"init", REPORT, PATH, ARGV...}.
   * REPORT is the decimal number of a descriptor: the program makes it close-on-exec in the
   * process that executes PATH with ARGV, closes it in its own, and, if the execve fails, writes
   * the errno as an int32_t in host byte order to it. */
  int (*set_init)(const mc_host *host, int fd, const mc_node *source, mc_error *error);

  /* Descriptors across the clone, by name. `give` in [agent] post_clone for `take` in [child],
   * or in [child] for `take` in [agent] post_exec. take: an owned descriptor, or -1. */
  int (*give)(const mc_host *host, const char *name, int fd, mc_error *error);
  int (*take)(const mc_host *host, const char *name);

  /* What later minor versions add: a struct that starts with its size, or NULL. */
  const void *(*extension)(const mc_host *host, const char *id);
};

/* ---- Facts -------------------------------------------------------------------------------- */

/* host->extension(host, MC_EXTENSION_FACTS): what plugins of one launch tell each other without
 * knowing each other. A name is "PLUGIN.WHAT"; the plugin's page says what the value means. */
#define MC_EXTENSION_FACTS "facts"

typedef struct mc_facts {
  uint32_t size;
  uint32_t reserved;
  /* [agent] in create and plan. Tells every plugin that comes later in the order. Both texts are
   * copied; a name that was told before gets the new value. */
  int (*tell)(const mc_host *host, const char *name, const char *value, mc_error *error);
  /* [agent] The value, borrowed until the name is told again; NULL: nobody told. */
  const char *(*ask)(const mc_host *host, const char *name);
} mc_facts;

/* ---- Hooks that a launch can do without ---------------------------------------------------- */

/* host->extension(host, MC_EXTENSION_HOOKS): saves the time of hooks that would do nothing. A
 * launch in which nobody has a post_clone goes on without the child waiting for the agent. */
#define MC_EXTENSION_HOOKS "hooks"

typedef struct mc_hooks {
  uint32_t size;
  uint32_t reserved;
  /* [agent] in plan and pre_clone. The plugin's own hook of this name ("post_clone", "post_exec",
   * or "post_exit") has nothing to do in this launch and is not called; unless anyone contributes
   * to the plan after this call, for then the plugin has decided too early. In plan "cleanup", too:
   * what the plugin makes in this launch ends with the container. That holds whoever contributes,
   * and `delete` does without the plugin. -1 with EINVAL: not one of these names, or "cleanup"
   * after plan. */
  int (*skip)(const mc_host *host, const char *hook, mc_error *error);
} mc_hooks;

/* ---- The root that will be ----------------------------------------------------------------- */

/* host->extension(host, MC_EXTENSION_ROOT): what the container's root will be made of, for those
 * who look into it ahead of the launch: `validate` finds the command, its working directory and
 * its user there, and `plan` shows it. */
#define MC_EXTENSION_ROOT "root"

enum mc_root_flag {
  MC_ROOT_RECURSIVE = 1 /* what is mounted below `path` is there too */
};

typedef struct mc_root {
  uint32_t size;
  uint32_t reserved;
  /* [agent] in plan, by the plugin that has the pivot hook. The root will hold what the directory
   * `path` (absolute, on the host; copied) holds, and what the plan's mounts make of it. Who
   * cannot say so simply, says nothing: then nobody looks. `flags`: enum mc_root_flag. `source`:
   * as in mc_host.add_mount. */
  int (*announce)(const mc_host *host, const char *path, uint32_t flags, const mc_node *source,
                  mc_error *error);
} mc_root;

/* ---- The unwinder ------------------------------------------------------------------------- */

/* host->extension(host, MC_EXTENSION_UNWINDER): the functions that carry a C++ exception, for
 * plugins that bring none of their own, which is most of a small one's size. The CMake function
 * mini_container_add_plugin sees to it (UNWINDER_OF_CORE); exceptions stay within the plugin. */
#define MC_EXTENSION_UNWINDER "unwinder"

/* Itanium C++ ABI, level I, and what GCC adds to it: each is the function _Unwind_NAME of the
 * compiler's unwind.h, to be entered by a jump. They are there as long as the core is, in both
 * processes, but not before `create`: nothing may throw in a static initialiser. */
typedef struct mc_unwinder {
  uint32_t size;
  uint32_t reserved;
  void (*RaiseException)(void);
  void (*Resume)(void);
  void (*Resume_or_Rethrow)(void);
  void (*DeleteException)(void);
  void (*GetLanguageSpecificData)(void);
  void (*GetRegionStart)(void);
  void (*GetIPInfo)(void);
  void (*SetGR)(void);
  void (*SetIP)(void);
  void (*GetTextRelBase)(void);
  void (*GetDataRelBase)(void);
} mc_unwinder;

/* ---- Hooks ------------------------------------------------------------------------------- */

enum mc_call_flag {
  MC_CALL_EXEC = 1,    /* seal, join: for a further process in a running container */
  MC_CALL_LATER = 2,   /* post_exec, cleanup: not the process that made the container */
  MC_CALL_FAILED = 4,  /* cleanup: the launch failed */
  MC_CALL_DETACHED = 8 /* the agent will not stay with the container */
};

/* What a hook is given. Borrowed; valid during the call. Unknown numbers are -1. */
typedef struct mc_call {
  uint32_t size;
  uint32_t flags;    /* enum mc_call_flag */
  const char *id;    /* the container's id: 1 to 255 of [A-Za-z0-9_.+-], no leading dot or dash */
  int32_t pid;       /* the container's first process, or that of `exec`, as the called process
                        sees it */
  int32_t pidfd;     /* [agent] after the clone; otherwise -1 */
  int32_t wait_status; /* wait(2), in post_exit and cleanup after the container ran; else -1 */
  int32_t root_fd;   /* O_PATH of the container's root as seen from here: [child] from after_pivot
                        on, [agent] from post_exec on; else -1 */
  int32_t state_fd;  /* [agent] the plugin's own state directory, 0700, made by the core, kept
                        until cleanup has succeeded; [child] -1 */
  uint32_t uid;      /* the user that the command will run as, an id of the container: in seal, for
                        its name is looked up in the finished root, and where the launch says it by
                        number in pre_clone and post_clone; else 0xffffffff */
  uint32_t gid;      /* its group; in seal alone, else 0xffffffff */
  const mc_namespace *namespaces; /* all of the container that are new or joined */
  uint32_t namespace_count;
  uint32_t namespace_stride;
  const mc_mount *mounts; /* from post_clone on: the merged plan, in the order to perform it;
                             in pre_clone what plan contributed, in that order */
  uint32_t mount_count;
  uint32_t mount_stride;
  const char *bundle; /* the OCI bundle, or the directory of the launch file; absolute */
} mc_call;

/* Every hook: `self` is what create gave (NULL without create). Returns 0, or -1 with `error`. */
typedef int (*mc_hook)(void *self, const mc_host *host, const mc_call *call, mc_error *error);

enum mc_plugin_flag {
  MC_PLUGIN_STATELESS = 1, /* never uses state_fd; saves the directory */
  /* None of its hooks from pre_clone to after_pivot changes which files the command will find, or
   * its environment, other than by what `plan` has contributed. Where a plugin with such a hook
   * does not say so, `validate` does not look for the command: the hook might provide it. */
  MC_PLUGIN_KEEPS_ROOT = 2,
  /* The plugin's [child] hooks may run in the agent's own memory while the agent waits, which
   * saves a launch the copying of it: clone(2), CLONE_VM with CLONE_VFORK. What they change there
   * stays changed for the hooks in the agent and for destroy, so they change nothing that these
   * use, keep no descriptor in it (its number means nothing in the agent) and let SIGALRM be.
   * The core does so where every plugin of a launch that has a [child] hook says this and the
   * agent has nothing to do meanwhile; else the child works on a copy. Likewise create, cleanup
   * and destroy of a later process (MC_CALL_LATER), which have a process of their own there. */
  MC_PLUGIN_SHARES_MEMORY = 4,
  /* Its seal hook decides which capabilities are effective at execve. Without such a plugin a
   * command of a user other than root is looked for, and has to be executable, as for that user
   * alone: the capabilities that the hooks need are not the command's. */
  MC_PLUGIN_SETS_CAPABILITIES = 8
};

/* The descriptor. Hooks are listed in the order in which they run; each may be NULL. What it points
 * to, options and all their texts, stays as it is for the life of the process: the core reads it where
 * it lies. */
typedef struct mc_plugin {
  uint32_t size;
  uint32_t abi_minor;  /* the oldest core this plugin works with */
  const char *name;    /* [a-z][a-z0-9_]*, at most 32 bytes; the file is NAME.so */
  const char *version; /* "1.0.0" */
  const char *summary; /* one sentence, no final period */
  uint64_t namespaces; /* CLONE_NEW* bits it may ask for; each has one owner in a launch */
  uint32_t flags;      /* enum mc_plugin_flag */
  uint32_t deadline_ms; /* for each hook; 0: the launch's own (10 s); UINT32_MAX: none */
  const mc_option *options;
  uint32_t option_count;
  uint32_t option_stride;
  const char *const *needs;  /* NULL-terminated names, or NULL: enabled with it, and before it */
  const char *const *after;  /* where both are enabled, this one's hooks run after theirs */
  const char *const *before; /* ... before theirs */
  const char *long_flag;     /* a flag that enables the plugin beside --NAME; NULL: none */
  uint32_t short_flag;       /* 'p' for -p; 0: none */
  uint32_t reserved;

  /* [agent] Once for each launch, before every hook. May read the configuration. */
  int (*create)(const mc_host *host, void **self, mc_error *error);
  void (*destroy)(void *self);

  /* [agent] Checks what only the plugin can check and contributes to the plan. Touches nothing:
   * `validate` and `plan` stop here, and may run without privileges. */
  mc_hook plan;
  /* [agent] Reserves what the container needs, each thing noted in state_fd before it is made.
   * May still contribute to the plan (descriptors). From here on cleanup is certain to run. */
  mc_hook pre_clone;
  /* [agent] The child exists in all its new namespaces and waits: id maps, veth, limits. */
  mc_hook post_clone;
  /* [child] In the new namespaces, the host's paths still in view; id maps are written. */
  mc_hook before_pivot;
  /* [child] Performs call->mounts and enters the new root. At most one plugin of a launch. */
  mc_hook pivot;
  /* [child] Inside the new root, still with every privilege: hostname, loopback, sysctls. */
  mc_hook after_pivot;
  /* [child] exec only: what joining the recorded namespaces does not bring. Before seal. */
  mc_hook join;
  /* [child] Last, for a first process and for exec alike. The process has its final user and
   * groups, and still every capability: rlimits, capabilities, no_new_privs, LSM, seccomp. */
  mc_hook seal;
  /* [agent] The program runs. A failure here stops the container. */
  mc_hook post_exec;
  /* [agent] The container's first process has ended: call->wait_status. */
  mc_hook post_exit;
  /* [agent] Always, once pre_clone was called; in reverse order; repeatable; from what is in
   * state_fd alone, since it may be another process than the one that made it. */
  mc_hook cleanup;

  /* What later minor versions add: a struct that starts with its size, or NULL. May be NULL. */
  const void *(*extension)(const char *id);
} mc_plugin;

#define MC_PLUGIN_SYMBOL "mc_plugin_v1"

#if defined(__GNUC__)
#define MC_EXPORT __attribute__((visibility("default")))
#else
#define MC_EXPORT
#endif

#ifdef __cplusplus
}
#endif
/* ---- The hooks, one by one ---------------------------------------------------------------
 *
 * The core calls each hook of each enabled plugin, in the order that needs, after and before make;
 * cleanup in reverse. All of one hook are called before the next hook's first, create and plan
 * apart, which follow each other for each plugin. A hook that fails ends the launch: no further
 * hook but cleanup is called, and the command is not run.
 *
 * What a [child] hook changes of its own process is there for the hooks after it. Of that the
 * command finds:
 *   as it was left  The signal mask; a signal that is ignored (one that has a handler has its default
 *                   action again); nice value, scheduling policy, CPU affinity and timer slack;
 *                   resource limits; no_new_privs; process group and session; the standard three
 *                   descriptors. Interval timers, and being a subreaper, unless an init program
 *                   runs it: fork(2).
 *   from seal only  Umask, working directory, and whether a descriptor is closed on execve: the core
 *                   sets them between the other hooks and seal.
 *   never           Environment variables (mc_host.set_environment is the way), memory, the
 *                   process's name, whether it is dumpable.
 *
 * create     [agent] By whoever needs the plugin at work: a launch, `validate`, `plan`, `exec`,
 *            and a later `delete`, before the one hook that it calls. Guaranteed: the
 *            configuration is checked and complete. May read it, and files; may refuse it; may
 *            tell facts. Must change nothing.
 * plan       [agent] By a launch, `validate` and `plan`; perhaps without privileges. May
 *            contribute, and look at the host. Must change nothing on it. Guaranteed: plugins
 *            earlier in the order have contributed, and told their facts. call->state_fd is -1.
 * pre_clone  [agent] By a launch alone. Guaranteed: the state directory is there, unless
 *            MC_PLUGIN_STATELESS; the id is taken; call->namespaces says which there will be (fd
 *            -1); from now on cleanup is called, whatever happens, this very hook's failure
 *            included. May make things on the host, each noted before; may contribute
 *            descriptors. There must be no thread left when it returns.
 * post_clone [agent] Guaranteed: the child exists in all its namespaces and waits, in the host's
 *            root still, until every post_clone has returned; call->pid, pidfd, and the open
 *            descriptors of call->namespaces are valid; call->mounts is the merged plan. May write
 *            the child's /proc files, move interfaces into it, `give` descriptors to it. Where no
 *            plugin has this hook the child is not waited for.
 * before_pivot [child] Guaranteed: id maps are written; every new or joined namespace is entered
 *            but a new time namespace, which execve enters; the host's tree is in view, so
 *            what is opened now can be used later; the process is not dumpable. May `take`.
 * pivot      [child] Of one plugin of the launch. Performs call->mounts in their order and
 *            enters the new root, so that "/" is it and nothing of the old one is reachable.
 *            Without a plugin that has it the host's root stays.
 * after_pivot [child] Guaranteed: "/" is the container's root, call->root_fd is open on it, and
 *            the process has every capability of its user namespace. May set up what belongs to
 *            its namespaces. Must look paths up as a stranger's: openat2(2), RESOLVE_IN_ROOT.
 * join       [child] Of `exec`, in place of the three before: the container's namespaces and root
 *            are entered. MC_CALL_EXEC is set. call->namespaces is empty.
 * seal       [child] Guaranteed: the user, groups, umask and working directory are the command's;
 *            every capability is effective; the command has been looked up, descriptors are set
 *            close-on-exec: nothing but execve follows the last seal. May take rights away, for
 *            ever. A filter must leave execve, and the write of an error to a descriptor.
 *            MC_CALL_EXEC tells `exec` from a first process. What it opens without O_CLOEXEC stays
 *            open in the command.
 * post_exec  [agent] Guaranteed: the execve has succeeded; call->root_fd is the container's root,
 *            or -1 where the program has ended by now. May look, and start what goes along with
 *            the container. Failing stops it. Where a container is created first and started
 *            later: by the process that starts it, with MC_CALL_LATER, after create.
 * post_exit  [agent] Guaranteed: the first process has ended and is waited for; call->wait_status
 *            is its status. Not called where the agent did not live to see it. A failure is
 *            reported, and the others go on.
 * cleanup    [agent] Guaranteed: the first process has ended, or never was. May be called again,
 *            by another process (MC_CALL_LATER: after create, with the configuration as it was
 *            recorded and call->state_fd), and after any part of pre_clone. Removes what is noted
 *            there and is its own, and nothing else; what is gone already is no error. A failure
 *            is reported, and the others go on; the state is kept for `delete`.
 * destroy    [agent] Last, where create succeeded and the process goes on. Not called where the
 *            process ends with the launch: what has to happen at its end belongs to cleanup.
 */
#endif
