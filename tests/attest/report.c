/* SPDX-License-Identifier: Apache-2.0
 * What the process is: asked from the kernel by system calls where there is one, so that a root
 * without /proc does as well. */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "attest.h"

extern char **environ;

/* Every line of `path`, after `key`; the errno's name where it cannot be read. */
static void print_file(const char *key, const char *path) {
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    printf("%s %s\n", key, strerrorname_np(errno));
    return;
  }
  char line[8192];
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    printf("%s %s\n", key, line);
  }
  fclose(file);
}

static void print_link(const char *key, const char *path) {
  char target[4096];
  ssize_t length = readlink(path, target, sizeof target - 1);
  if (length >= 0) target[length] = '\0';
  printf("%s %s\n", key, length >= 0 ? target : strerrorname_np(errno));
}

static void print_namespaces(void) {
  static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};
  for (size_t index = 0; index < sizeof names / sizeof *names; ++index) {
    char key[32], path[64];
    snprintf(key, sizeof key, "ns.%s", names[index]);
    snprintf(path, sizeof path, "/proc/self/ns/%s", names[index]);
    print_link(key, path);
  }
}

static void print_mounts(void) { print_file("mount", "/proc/self/mountinfo"); }

static void print_ids(void) {
  uid_t uid[3];
  gid_t gid[3], groups[1024];
  getresuid(&uid[0], &uid[1], &uid[2]);
  getresgid(&gid[0], &gid[1], &gid[2]);
  printf("uid %u %u %u\ngid %u %u %u\ngroups", uid[0], uid[1], uid[2], gid[0], gid[1], gid[2]);
  int count = getgroups(1024, groups);
  for (int index = 0; index < count; ++index) printf(" %u", groups[index]);
  printf("\n");
  print_file("uid_map", "/proc/self/uid_map");
  print_file("gid_map", "/proc/self/gid_map");
  print_file("setgroups", "/proc/self/setgroups");
}

static void print_caps(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
  syscall(SYS_capget, &header, data);
  unsigned long long bounding = 0, ambient = 0;
  for (int cap = 0; cap < 64; ++cap) {
    if (prctl(PR_CAPBSET_READ, cap) == 1) bounding |= 1ULL << cap;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1) ambient |= 1ULL << cap;
  }
#define BOTH(field) (((unsigned long long)data[1].field << 32) | data[0].field)
  printf("cap.inheritable %016llx\ncap.permitted %016llx\ncap.effective %016llx\n",
         BOTH(inheritable), BOTH(permitted), BOTH(effective));
  printf("cap.bounding %016llx\ncap.ambient %016llx\n", bounding, ambient);
}

static void print_privileges(void) {
  printf("seccomp %d\n", prctl(PR_GET_SECCOMP));
  printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  printf("dumpable %d\n", prctl(PR_GET_DUMPABLE));
  printf("securebits %d\n", prctl(PR_GET_SECUREBITS));
  int death_signal = -1;
  prctl(PR_GET_PDEATHSIG, &death_signal);
  printf("pdeathsig %d\n", death_signal);
  print_file("lsm", "/proc/self/attr/current");
  printf("keyring %ld\n", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
}

static void print_fds(void) {
  for (int fd = 0; fd < 4096; ++fd) {
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0) continue;
    char key[32], path[64];
    snprintf(key, sizeof key, "fd %d", fd);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    print_link(key, path);
  }
}

static void print_limits(void) {
  static const char *const names[] = {"cpu",     "fsize",   "data",       "stack",  "core",     "rss",
                                      "nproc",   "nofile",  "memlock",    "as",     "locks",    "sigpending",
                                      "msgqueue", "nice",   "rtprio",     "rttime"};
  for (int index = 0; index < 16; ++index) {
    struct rlimit limit;
    getrlimit((__rlimit_resource_t)index, &limit);
    printf("limit.%s", names[index]);
    const rlim_t values[] = {limit.rlim_cur, limit.rlim_max};
    for (int value = 0; value < 2; ++value)
      if (values[value] == RLIM_INFINITY)
        printf(" unlimited");
      else
        printf(" %llu", (unsigned long long)values[value]);
    printf("\n");
  }
}

static void print_place(void) {
  char path[8192];
  printf("cwd %s\n", getcwd(path, sizeof path) != NULL ? path : strerrorname_np(errno));
  struct stat root;
  if (stat("/", &root) == 0)
    printf("root %llu:%llu mode %o uid %u gid %u\n", (unsigned long long)root.st_dev,
           (unsigned long long)root.st_ino, root.st_mode & 07777U, root.st_uid, root.st_gid);
  mode_t mask = umask(0);
  umask(mask);
  printf("umask %04o\n", mask);
  print_link("exe", "/proc/self/exe");
}

static void print_names(void) {
  struct utsname names;
  uname(&names);
  printf("hostname %s\ndomainname %s\nmachine %s\n", names.nodename, names.domainname,
         names.machine);
}

static void print_env(void) {
  for (char **entry = environ; *entry != NULL; ++entry) printf("env %s\n", *entry);
}

static void print_tty(void) {
  for (int fd = 0; fd < 3; ++fd) {
    char key[16], path[32];
    snprintf(key, sizeof key, "tty.%d", fd);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (isatty(fd))
      print_link(key, path);
    else
      printf("%s no\n", key);
  }
  struct winsize size;
  if (ioctl(0, TIOCGWINSZ, &size) == 0) printf("size %d %d\n", size.ws_row, size.ws_col);
  int ctty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  printf("ctty %s\n", ctty >= 0 ? "yes" : strerrorname_np(errno));
  if (ctty >= 0) printf("foreground %s\n", tcgetpgrp(ctty) == getpgrp() ? "yes" : "no");
}

static void print_signals(void) {
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  printf("signals.blocked");
  for (int number = 1; number < NSIG; ++number)
    if (sigismember(&blocked, number) == 1) printf(" %d", number);
  printf("\nsignals.ignored");
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction handler;
    if (sigaction(number, NULL, &handler) == 0 && handler.sa_handler == SIG_IGN)
      printf(" %d", number);
  }
  printf("\n");
}

static void print_process(void) {
  printf("pid %d\nppid %d\npgid %d\nsid %d\n", getpid(), getppid(), getpgrp(), getsid(0));
}

static void print_cgroup(void) { print_file("cgroup", "/proc/self/cgroup"); }

static void print_scheduling(void) {
  errno = 0;
  printf("nice %d\npolicy %d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
  printf("ioprio %ld\n", syscall(SYS_ioprio_get, 1, 0));
  struct {
    unsigned size, policy;
    unsigned long long flags;
    int nice;
    unsigned priority;
    unsigned long long runtime, deadline, period;
  } attributes = {0};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) == 0)
    printf("sched.flags %llx\nsched.priority %u\nsched.deadline %llu %llu %llu\n", attributes.flags,
           attributes.priority, attributes.runtime, attributes.deadline, attributes.period);
  print_file("oom_score_adj", "/proc/self/oom_score_adj");
  printf("personality %x\n", (unsigned)personality(0xffffffff));
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  sched_getaffinity(0, sizeof cpus, &cpus);
  printf("affinity");
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &cpus)) printf(" %d", cpu);
  int policy = -1;
  syscall(SYS_get_mempolicy, &policy, NULL, 0, NULL, 0);
  printf("\nmempolicy %d\n", policy);
}

static void print_time(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  printf("time.monotonic %lld\n", (long long)now.tv_sec);
  clock_gettime(CLOCK_BOOTTIME, &now);
  printf("time.boottime %lld\n", (long long)now.tv_sec);
  print_file("time.offset", "/proc/self/timens_offsets");
}

const section sections[] = {
    {"namespaces", print_namespaces}, {"mounts", print_mounts},       {"ids", print_ids},
    {"caps", print_caps},             {"privileges", print_privileges}, {"fds", print_fds},
    {"limits", print_limits},         {"place", print_place},         {"names", print_names},
    {"env", print_env},               {"tty", print_tty},             {"signals", print_signals},
    {"process", print_process},       {"cgroup", print_cgroup},
    {"scheduling", print_scheduling}, {"time", print_time},           {NULL, NULL}};
