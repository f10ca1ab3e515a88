/* SPDX-License-Identifier: Apache-2.0
 * Runs a program on a kernel that lacks something: as the host, in front of the runtime. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attest.h"

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, 1)
#define GIVE(action) BPF_STMT(BPF_RET | BPF_K, (action))

static long load_filter(unsigned length, struct sock_filter* steps, unsigned long flags) {
  struct sock_fprog program = {(unsigned short)length, steps};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* The calls NUMBER,NUMBER... fail with ENOSYS. */
static int do_without(int count, char** arguments) {
  (void)count;
  struct sock_filter steps[64] = {LOAD(nr)};
  unsigned length = 1;
  for (char* next = arguments[0]; length < 60 && *next != '\0'; next += *next == ',') {
    steps[length++] = (struct sock_filter)UNLESS((unsigned)strtol(next, &next, 0));
    steps[length++] = (struct sock_filter)GIVE(SECCOMP_RET_ERRNO | ENOSYS);
  }
  steps[length++] = (struct sock_filter)GIVE(SECCOMP_RET_ALLOW);
  if (load_filter(length, steps, 0) < 0) return say("without", -1);
  execvp(arguments[1], arguments + 1);
  return say("without", -1);
}

static void answer_version(int listener, int version) {
  struct seccomp_notif request;
  memset(&request, 0, sizeof request);
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0) return;
  struct seccomp_notif_resp response;
  memset(&response, 0, sizeof response);
  response.id = request.id;
  response.val = version;
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* Asked for its version of Landlock, the kernel says VERSION. */
static int do_landlock_version(int count, char** arguments) {
  (void)count;
  struct sock_filter steps[] = {
      LOAD(nr),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 3),
      LOAD(args[2]),
      UNLESS(1), /* LANDLOCK_CREATE_RULESET_VERSION */
      GIVE(SECCOMP_RET_USER_NOTIF),
      GIVE(SECCOMP_RET_ALLOW)};
  long listener =
      load_filter(sizeof steps / sizeof *steps, steps, SECCOMP_FILTER_FLAG_NEW_LISTENER);
  if (listener < 0) return say("landlock-version", -1);
  pid_t child = fork();
  if (child == 0) {
    execvp(arguments[1], arguments + 1);
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    struct pollfd polled = {(int)listener, POLLIN, 0};
    if (poll(&polled, 1, 10) > 0) answer_version((int)listener, atoi(arguments[0]));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const action kernel_actions[] = {
    {"without", 2, "NUMBER,... COMMAND ARGUMENT...", do_without},
    {"landlock-version", 2, "VERSION COMMAND ARGUMENT...", do_landlock_version},
    {NULL, 0, NULL, NULL}};
