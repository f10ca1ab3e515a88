/* SPDX-License-Identifier: Apache-2.0
 * What a test has a container do: each action prints "ACTION ok" or "ACTION ENAME". */
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attest.h"

static int signal_number(const char *name) {
  for (int number = 1; number < NSIG; ++number) {
    const char *abbreviation = sigabbrev_np(number);
    if (abbreviation != NULL && strcmp(abbreviation, name) == 0) return number;
  }
  return atoi(name);
}

static int do_args(int count, char **arguments) {
  for (int index = 0; index < count; ++index) printf("arg.%d %s\n", index, arguments[index]);
  return 0;
}

static int do_exit(int count, char **arguments) {
  (void)count;
  return atoi(arguments[0]);
}

static int do_sleep(int count, char **arguments) {
  (void)count;
  double seconds = atof(arguments[0]);
  struct timespec rest = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  printf("sleeping\n");
  while (nanosleep(&rest, &rest) < 0 && errno == EINTR) {
  }
  return 0;
}

static int do_raise(int count, char **arguments) {
  (void)count;
  /* The first process of a PID namespace is not ended by a signal that it sends to itself. */
  int number = signal_number(arguments[0]);
  signal(number, SIG_DFL);
  return say("raise", raise(number));
}

/* Waits for one of the named signals, at most 30 seconds, after saying "ready". */
static int do_signal_wait(int count, char **arguments) {
  sigset_t set;
  sigemptyset(&set);
  for (int index = 0; index < count; ++index) sigaddset(&set, signal_number(arguments[index]));
  sigprocmask(SIG_BLOCK, &set, NULL);
  printf("ready\n");
  const struct timespec limit = {30, 0};
  int number = sigtimedwait(&set, NULL, &limit);
  if (number < 0) return say("signal-wait", -1);
  printf("got %s\n", sigabbrev_np(number));
  return 0;
}

static int do_open(int count, char **arguments) {
  int flags = O_RDONLY;
  if (count > 1 && strcmp(arguments[1], "w") == 0) flags = O_WRONLY;
  if (count > 1 && strcmp(arguments[1], "rw") == 0) flags = O_RDWR;
  return say("open", open(arguments[0], flags | O_CLOEXEC | O_NOCTTY));
}

static int do_write(int count, char **arguments) {
  const char *text = count > 1 ? arguments[1] : "x";
  int fd = open(arguments[0], O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
  return say("write", fd < 0 ? -1 : write(fd, text, strlen(text)));
}

static int do_read(int count, char **arguments) {
  (void)count;
  char text[65536];
  int fd = open(arguments[0], O_RDONLY | O_CLOEXEC | O_NOCTTY);
  ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);
  if (length < 0) return say("read", -1);
  fwrite(text, 1, (size_t)length, stdout);
  return 0;
}

static int do_mkdir(int count, char **arguments) {
  (void)count;
  return say("mkdir", mkdir(arguments[0], 0755));
}

static int do_unlink(int count, char **arguments) {
  (void)count;
  return say("unlink", unlink(arguments[0]));
}

static int do_mknod(int count, char **arguments) {
  mode_t type = arguments[1][0] == 'b'   ? S_IFBLK
                : arguments[1][0] == 'p' ? S_IFIFO
                : arguments[1][0] == 's' ? S_IFSOCK
                                         : S_IFCHR;
  unsigned major_number = count > 2 ? (unsigned)atoi(arguments[2]) : 0;
  unsigned minor_number = count > 3 ? (unsigned)atoi(arguments[3]) : 0;
  return say("mknod", mknod(arguments[0], type | 0600, makedev(major_number, minor_number)));
}

static int do_stat(int count, char **arguments) {
  static const char *const types[] = {"?", "fifo", "chr", "?", "dir", "?", "blk", "?",
                                      "file", "?", "link", "?", "sock", "?", "?", "?"};
  int failed = 0;
  for (int index = 0; index < count; ++index) {
    struct stat info;
    if (lstat(arguments[index], &info) < 0) {
      failed |= say(arguments[index], -1);
      continue;
    }
    printf("%s %s %04o %u %u %lld", arguments[index], types[(info.st_mode & S_IFMT) >> 12],
           info.st_mode & 07777U, info.st_uid, info.st_gid, (long long)info.st_size);
    if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode))
      printf(" %u:%u", major(info.st_rdev), minor(info.st_rdev));
    if (S_ISLNK(info.st_mode)) {
      char target[4096];
      ssize_t length = readlink(arguments[index], target, sizeof target - 1);
      target[length < 0 ? 0 : length] = '\0';
      printf(" %s", target);
    }
    printf("\n");
  }
  return failed;
}

static int do_mount(int count, char **arguments) {
  const char *data = count > 3 ? arguments[3] : NULL;
  return say("mount", mount(arguments[1], arguments[2], arguments[0], 0, data));
}

static int do_umount(int count, char **arguments) {
  (void)count;
  return say("umount", umount2(arguments[0], MNT_DETACH));
}

static int do_sethostname(int count, char **arguments) {
  (void)count;
  return say("sethostname", sethostname(arguments[0], strlen(arguments[0])));
}

/* The error of a system call with up to six numbers as arguments: for filters. */
static int do_syscall(int count, char **arguments) {
  long value[7] = {0};
  for (int index = 0; index < count && index < 7; ++index)
    value[index] = strtol(arguments[index], NULL, 0);
  return say("syscall",
             syscall(value[0], value[1], value[2], value[3], value[4], value[5], value[6]));
}

/* The machine's other way in: a call of i386, by its own number. */
static int do_i386(int count, char **arguments) {
  (void)count;
#ifdef __x86_64__
  long result = strtol(arguments[0], NULL, 0);
  __asm__ volatile("int $0x80" : "+a"(result) : : "r8", "r9", "r10", "r11", "memory");
  errno = result < 0 ? (int)-result : 0;
  return say("i386", (int)result < 0 ? -1 : 0);
#else
  (void)arguments;
  return say("i386", 0);
#endif
}

static int do_unshare(int count, char **arguments) {
  (void)count;
  return say("unshare", syscall(SYS_unshare, strtol(arguments[0], NULL, 0)));
}

/* The runtime's binary must not be reachable for writing: both links of /proc, all ways in. */
static int do_write_runtime(int count, char **arguments) {
  (void)count;
  (void)arguments;
  static const char *const paths[] = {"/proc/self/exe", "/proc/1/exe"};
  for (size_t index = 0; index < 2; ++index) {
    say(paths[index], open(paths[index], O_WRONLY | O_CLOEXEC));
    say(paths[index], open(paths[index], O_WRONLY | O_TRUNC | O_CLOEXEC));
    int handle = open(paths[index], O_PATH | O_CLOEXEC);
    char again[64];
    snprintf(again, sizeof again, "/proc/self/fd/%d", handle);
    say(paths[index], open(again, O_WRONLY | O_CLOEXEC));
  }
  return 0;
}

/* Leaves `count` orphans that end at once, waits, and prints how many zombies /proc shows. */
static int do_orphans(int count, char **arguments) {
  (void)count;
  for (int left = atoi(arguments[0]); left > 0; --left) {
    pid_t parent = fork();
    if (parent < 0) return say("orphans", -1);
    if (parent == 0) {
      if (fork() == 0) {
        usleep(20000);
        _exit(0);
      }
      _exit(0);
    }
    waitpid(parent, NULL, 0);
  }
  usleep(200000);
  int zombies = 0;
  for (int pid = 1; pid < 4096; ++pid) {
    char path[64], line[512] = "", state = '?';
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) continue;
    if (fgets(line, sizeof line, file) != NULL) {
      const char *end = strrchr(line, ')');
      if (end != NULL) state = end[2];
    }
    fclose(file);
    zombies += state == 'Z';
  }
  printf("zombies %d\n", zombies);
  return 0;
}

/* Touches `bytes` of memory, page by page. */
static int do_eat_memory(int count, char **arguments) {
  (void)count;
  size_t bytes = strtoull(arguments[0], NULL, 0);
  volatile char *memory = malloc(bytes);
  if (memory == NULL) return say("eat-memory", -1);
  for (size_t offset = 0; offset < bytes; offset += 4096) memory[offset] = 1;
  return say("eat-memory", 0);
}

/* Forks up to `count` children that sleep a second; prints how many there were. */
static int do_forks(int count, char **arguments) {
  (void)count;
  int made = 0;
  int wanted = atoi(arguments[0]) < 512 ? atoi(arguments[0]) : 512;
  int error = 0;
  for (; made < wanted; ++made) {
    pid_t pid = fork();
    if (pid == 0) {
      sleep(1);
      _exit(0);
    }
    if (pid < 0) {
      error = errno;
      break;
    }
  }
  printf("forks %d %s\n", made, error == 0 ? "ok" : strerrorname_np(error));
  while (wait(NULL) > 0) {
  }
  return 0;
}

/* Types a letter into the terminal on standard input, as its own user would; then with a request
 * whose upper half, which the kernel ignores, is not empty. */
static int do_type(int count, char **arguments) {
  (void)count;
  (void)arguments;
  char letter = 'x';
  say("type", syscall(SYS_ioctl, 0, TIOCSTI, &letter));
  return say("type-high", syscall(SYS_ioctl, 0, 1UL << 32 | TIOCSTI, &letter));
}

/* The way out of a bare chroot(2): a second one below, left by a directory from above it. Prints
 * whether what is then reached from ".." is still the same root. */
static int do_climb(int count, char **arguments) {
  (void)count;
  struct stat before, after;
  if (stat("/", &before) < 0 || (mkdir(arguments[0], 0700) < 0 && errno != EEXIST))
    return say("climb", -1);
  if (chroot(arguments[0]) < 0) return say("climb", -1);
  for (int step = 0; step < 64; ++step)
    if (chdir("..") < 0) return say("climb", -1);
  if (stat(".", &after) < 0) return say("climb", -1);
  printf("climb %s\n", before.st_dev == after.st_dev && before.st_ino == after.st_ino ? "same" : "out");
  return 0;
}

static int abstract_socket(const char *name, struct sockaddr_un *address, socklen_t *length) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  strncpy(address->sun_path + 1, name, sizeof address->sun_path - 2);
  *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int do_abstract_connect(int count, char **arguments) {
  (void)count;
  struct sockaddr_un address;
  socklen_t length = 0;
  int fd = abstract_socket(arguments[0], &address, &length);
  return say("abstract-connect", connect(fd, (struct sockaddr *)&address, length));
}

static int do_abstract_listen(int count, char **arguments) {
  (void)count;
  struct sockaddr_un address;
  socklen_t length = 0;
  int fd = abstract_socket(arguments[0], &address, &length);
  if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 8) < 0)
    return say("abstract-listen", -1);
  printf("ready\n");
  sleep(10);
  return 0;
}

/* Looks through /proc at the programs of other processes as often as it can, and says each that is
 * not what the last one was. */
static int do_watch_programs(int count, char **arguments) {
  (void)count;
  const time_t end = time(NULL) + atoi(arguments[0]);
  char last[4096] = "";
  printf("ready\n");
  fflush(stdout);
  while (time(NULL) < end)
    for (int number = 2; number < 200; ++number) {
      char name[64];
      char program[4096];
      snprintf(name, sizeof name, "/proc/%d/exe", number);
      const ssize_t length = number == getpid() ? -1 : readlink(name, program, sizeof program - 1);
      if (length <= 0) continue;
      program[length] = '\0';
      if (strcmp(program, last) != 0) printf("program %s\n", program);
      fflush(stdout);
      strcpy(last, program);
    }
  return 0;
}

const action actions[] = {{"args", 0, "[ARGUMENT...]", do_args},
                          {"exit", 1, "N", do_exit},
                          {"sleep", 1, "SECONDS", do_sleep},
                          {"raise", 1, "SIGNAL", do_raise},
                          {"signal-wait", 1, "SIGNAL...", do_signal_wait},
                          {"open", 1, "PATH [r|w|rw]", do_open},
                          {"write", 1, "PATH [TEXT]", do_write},
                          {"read", 1, "PATH", do_read},
                          {"mkdir", 1, "PATH", do_mkdir},
                          {"unlink", 1, "PATH", do_unlink},
                          {"mknod", 2, "PATH c|b|p|s [MAJOR MINOR]", do_mknod},
                          {"stat", 1, "PATH...", do_stat},
                          {"mount", 3, "TYPE SOURCE TARGET [DATA]", do_mount},
                          {"umount", 1, "TARGET", do_umount},
                          {"sethostname", 1, "NAME", do_sethostname},
                          {"syscall", 1, "NUMBER [ARGUMENT...]", do_syscall},
                          {"i386", 1, "NUMBER", do_i386},
                          {"unshare", 1, "FLAGS", do_unshare},
                          {"write-runtime", 0, "", do_write_runtime},
                          {"watch-programs", 1, "SECONDS", do_watch_programs},
                          {"orphans", 1, "COUNT", do_orphans},
                          {"eat-memory", 1, "BYTES", do_eat_memory},
                          {"forks", 1, "COUNT", do_forks},
                          {"climb", 1, "DIRECTORY", do_climb},
                          {"type", 0, "", do_type},
                          {"abstract-connect", 1, "NAME", do_abstract_connect},
                          {"abstract-listen", 1, "NAME", do_abstract_listen},
                          {NULL, 0, NULL, NULL}};
