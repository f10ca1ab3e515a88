/* SPDX-License-Identifier: Apache-2.0
 * floor ROOT COMMAND [ARGUMENT...]: the floor that a launch is measured against. A bare static
 * program that has the kernel do what the launch of rootfs, pid, uts and ipc has it do: the same
 * namespaces, mounts, nodes, masks and read-only paths, then execve. It reads no configuration,
 * checks nothing that it does not need, cleans nothing up, and takes the shortest way to each
 * result that the kernel offers. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(long result, const char *what) {
  if (result >= 0) return;
  perror(what);
  _exit(125);
}

static void mount_new(const char *type, const char *target, unsigned long flags, const char *data) {
  check(mount(type, target, type, flags, data), target);
}

#define QUIET (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static void fill_dev(void) {
  mount_new("tmpfs", "dev", MS_NOSUID | MS_NOEXEC, "mode=755,size=65536k");
  check(mkdir("dev/pts", 0755), "dev/pts");
  mount_new("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC,
            "newinstance,ptmxmode=0666,mode=0620,gid=5");
  check(mkdir("dev/shm", 0755), "dev/shm");
  mount_new("tmpfs", "dev/shm", QUIET, "mode=1777,size=67108864");
  check(mkdir("dev/mqueue", 0755), "dev/mqueue");
  mount_new("mqueue", "dev/mqueue", QUIET, NULL);
  static const struct {
    const char *path;
    unsigned major, minor;
  } nodes[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
               {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
  for (unsigned index = 0; index < 6; ++index)
    check(mknod(nodes[index].path, S_IFCHR | 0666, makedev(nodes[index].major, nodes[index].minor)),
          nodes[index].path);
  static const char *const links[][2] = {
      {"/proc/self/fd", "dev/fd"},       {"/proc/self/fd/0", "dev/stdin"},
      {"/proc/self/fd/1", "dev/stdout"}, {"/proc/self/fd/2", "dev/stderr"},
      {"pts/ptmx", "dev/ptmx"},          {"/proc/kcore", "dev/core"}};
  for (unsigned index = 0; index < 6; ++index)
    check(symlink(links[index][0], links[index][1]), links[index][1]);
}

/* What is not there is passed over, by the error of the mount itself where there is one. */
static void make_readonly(void) {
  static const char *const paths[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys",
                                      "proc/sysrq-trigger"};
  for (unsigned index = 0; index < 5; ++index) {
    if (mount(paths[index], paths[index], NULL, MS_BIND | MS_REC, NULL) < 0) continue;
    struct mount_attr attributes = {MOUNT_ATTR_RDONLY, 0, 0, 0};
    check(syscall(SYS_mount_setattr, AT_FDCWD, paths[index], AT_RECURSIVE, &attributes,
                  sizeof attributes),
          paths[index]);
  }
}

static void mask(void) {
  static const char *const paths[] = {"proc/acpi",        "proc/asound",
                                      "proc/interrupts",  "proc/kcore",
                                      "proc/keys",        "proc/latency_stats",
                                      "proc/sched_debug", "proc/scsi",
                                      "proc/timer_list",  "proc/timer_stats",
                                      "sys/dev/block",    "sys/devices/virtual/powercap",
                                      "sys/firmware",     "sys/fs/selinux"};
  const char *empty = NULL;
  for (unsigned index = 0; index < sizeof paths / sizeof *paths; ++index) {
    struct stat found;
    if (stat(paths[index], &found) < 0) continue;
    if (!S_ISDIR(found.st_mode)) {
      check(mount("dev/null", paths[index], NULL, MS_BIND, NULL), paths[index]);
    } else if (empty != NULL) {
      check(mount(empty, paths[index], NULL, MS_BIND, NULL), paths[index]);
    } else {
      mount_new("tmpfs", paths[index], QUIET | MS_RDONLY, "mode=555");
      empty = paths[index];
    }
  }
}

static void run_child(char **argv) {
  check(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "make / a slave");
  check(mount(argv[1], argv[1], NULL, MS_BIND | MS_REC, NULL), argv[1]);
  check(chdir(argv[1]), argv[1]);
  umask(0);
  mount_new("proc", "proc", QUIET, NULL);
  mount_new("sysfs", "sys", QUIET | MS_RDONLY, NULL);
  fill_dev();
  make_readonly();
  mask();
  check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
  check(umount2(".", MNT_DETACH), "umount2");
  check(chdir("/"), "chdir");
  umask(022);
  check(sethostname("box", 3), "sethostname");
  static char *const environment[] = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
      "TERM=xterm", NULL};
  execve(argv[2], argv + 2, environment);
  check(-1, argv[2]);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  /* clone3(2)'s arguments, as far as the first version of the call goes. */
  struct {
    unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
  } arguments = {CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC, 0, 0, 0, SIGCHLD, 0, 0, 0};
  long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  check(child, "clone3");
  if (child == 0) run_child(argv);
  int status = 0;
  check(waitpid((pid_t)child, &status, 0), "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
