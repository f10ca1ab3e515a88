/* SPDX-License-Identifier: Apache-2.0
 * trace_functions OFFSETS PROGRAM [ARGUMENT...]: runs the position-independent program, and what it
 * forks for as long as that runs this very program, with a breakpoint on each of its functions, and
 * prints the offsets of those that were called, in the order in which they first were. OFFSETS: a
 * file with one hexadecimal number a line. For launch_order.sh; x86-64. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define BASE 0x555555554000UL /* where it is loaded when nothing is random */
#define MOST_CODE (8UL << 20)
#define BREAKPOINT 0xccUL /* int3 */

enum { NONE, WAITED_FOR, CALLED };
static char state[MOST_CODE];
static unsigned char original[MOST_CODE];

static void check(long result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(2);
}

static void put_byte(pid_t pid, unsigned long offset, unsigned long byte) {
  unsigned long word = (unsigned long)ptrace(PTRACE_PEEKTEXT, pid, BASE + offset, NULL);
  check(ptrace(PTRACE_POKETEXT, pid, BASE + offset, (word & ~0xffUL) | byte), "write its code");
}

static void set_breakpoints(pid_t pid, const char *offsets) {
  FILE *file = fopen(offsets, "re");
  if (file == NULL) check(-1, offsets);
  unsigned long offset;
  while (fscanf(file, "%lx", &offset) == 1) {
    if (offset >= MOST_CODE || state[offset] != NONE) continue;
    errno = 0;
    original[offset] = (unsigned char)ptrace(PTRACE_PEEKTEXT, pid, BASE + offset, NULL);
    if (errno != 0) continue;
    state[offset] = WAITED_FOR;
    put_byte(pid, offset, BREAKPOINT);
  }
  fclose(file);
}

/* Whether the process has stopped at a breakpoint of ours; then it is taken away. */
static int take(pid_t pid) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0) return 0;
  unsigned long offset = registers.rip - 1 - BASE;
  if (offset >= MOST_CODE || state[offset] == NONE) return 0;
  put_byte(pid, offset, original[offset]);
  if (state[offset] != CALLED) printf("%lx\n", offset);
  state[offset] = CALLED;
  --registers.rip;
  check(ptrace(PTRACE_SETREGS, pid, NULL, &registers), "set its registers");
  return 1;
}

static int runs(pid_t pid, const struct stat *program) {
  char path[64];
  struct stat now;
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  return stat(path, &now) == 0 && now.st_ino == program->st_ino && now.st_dev == program->st_dev;
}

int main(int argc, char **argv) {
  struct stat program;
  if (argc < 3) return 2;
  check(stat(argv[2], &program), argv[2]);
  pid_t first = fork();
  check(first, "fork");
  if (first == 0) {
    check(personality(ADDR_NO_RANDOMIZE), "personality");
    check(ptrace(PTRACE_TRACEME, 0, NULL, NULL), "ptrace");
    execv(argv[2], argv + 2);
    check(-1, argv[2]);
  }
  int status = 0;
  check(waitpid(first, &status, 0), "waitpid");
  check(ptrace(PTRACE_SETOPTIONS, first, NULL,
               PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC),
        "ptrace");
  set_breakpoints(first, argv[1]);
  ptrace(PTRACE_CONT, first, NULL, NULL);
  for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
    if (!WIFSTOPPED(status)) continue;
    int signal = WSTOPSIG(status), event = status >> 16;
    if (event == PTRACE_EVENT_EXEC && !runs(pid, &program)) {
      ptrace(PTRACE_DETACH, pid, NULL, NULL);
      continue;
    }
    /* SIGALRM is the clock of the hooks' guard: a launch that is traced is slow enough to hear it. */
    if (event != 0 || signal == SIGSTOP || signal == SIGALRM || (signal == SIGTRAP && take(pid))) signal = 0;
    ptrace(PTRACE_CONT, pid, NULL, (long)signal);
  }
  return 0;
}
