/* SPDX-License-Identifier: Apache-2.0
 * The smallest useful process 1: starts the command, hands it every signal that arrives, reaps
 * orphans, and ends as the command ends. Without a C library, so that it is a few kilobytes and
 * starts without a page of relocations.
 *
 *   init REPORT PATH ARGV...
 *
 * REPORT is the descriptor on which the command's execve is waited for: see mc_host.set_init.
 */
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/signal.h>
#include <linux/wait.h>

#if defined(__x86_64__)
static long call(long number, long a, long b, long c, long d, long e) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}
/* The kernel enters with argc at the stack pointer: hand its address to run(). */
__asm__(".globl _start\n_start:\n xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call run\n hlt\n");
#elif defined(__aarch64__)
static long call(long number, long a, long b, long c, long d, long e) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
                   : "memory");
  return x0;
}
__asm__(".globl _start\n_start:\n mov x29,#0\n mov x0,sp\n bl run\n brk #1\n");
#else
#error "write call() and _start for this processor"
#endif

enum { SIGNAL_SET_BYTES = 8, LAST_SIGNAL = 64, FAILED = 127 };

static void leave(long status) {
  for (;;) call(__NR_exit_group, status, 0, 0, 0, 0);
}

static int number(const char *text) {
  int value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) value = value * 10 + (*text - '0');
  return value;
}

/* The signals that the command must see as they come are the ones we wait for: all, but those
 * that a fault of our own raises. */
static const unsigned long long every_signal =
    ~((1ULL << (SIGSEGV - 1)) | (1ULL << (SIGBUS - 1)) | (1ULL << (SIGFPE - 1)) |
      (1ULL << (SIGILL - 1)) | (1ULL << (SIGTRAP - 1)));

static void start_command(long report, char **arguments, char **environment,
                          const unsigned long long *old_mask) {
  int error;
  call(__NR_rt_sigprocmask, SIG_SETMASK, (long)old_mask, 0, SIGNAL_SET_BYTES, 0);
  call(__NR_fcntl, report, F_SETFD, 1 /* FD_CLOEXEC */, 0, 0);
  error = (int)-call(__NR_execve, (long)arguments[0], (long)(arguments + 1), (long)environment, 0,
                     0);
  call(__NR_write, report, (long)&error, sizeof error, 0, 0);
  leave(FAILED);
}

/* A system call filter holds for this process too: without these calls it could only hang. */
static void give_up(const char *text, long length) {
  call(__NR_write, 2, (long)text, length, 0, 0);
  leave(FAILED);
}
#define GIVE_UP(text) give_up(text "\n", sizeof text)

/* Reaps all that have ended; leaves as the command did, once it is among them. */
static void reap(long command) {
  for (;;) {
    int status = 0;
    const long pid = call(__NR_wait4, -1, (long)&status, WNOHANG | WUNTRACED, 0, 0);
    if (pid == -EINTR) continue;
    if (pid < 0 && pid != -ECHILD) GIVE_UP("init: wait4 fails: does the seccomp filter forbid it?");
    if (pid <= 0) return;
    if (pid != command) continue;
    if ((status & 0xff) == 0x7f) {
      /* Ctrl-Z. Process 1 cannot stop along, so nobody would ever continue the command. */
      if (status >> 8 == SIGTSTP) call(__NR_kill, 0, SIGCONT, 0, 0, 0);
      continue;
    }
    /* Process 1 cannot die of a signal that it sends itself: 128+n says it. When it leaves, the
     * kernel ends what is left in the namespace. */
    leave((status & 0x7f) != 0 ? 128 + (status & 0x7f) : (status >> 8) & 0xff);
  }
}

__attribute__((used)) static void run(long *stack) {
  const long argc = stack[0];
  char **argv = (char **)(stack + 1);
  char **environment = argv + argc + 1;
  unsigned long long old_mask = 0;
  long report, command;

  if (argc < 4) leave(FAILED);
  report = number(argv[1]);
  /* Blocked, not handled: a signal waits until the loop takes it, and process 1 is sent even
   * those whose default action it would not see. */
  call(__NR_rt_sigprocmask, SIG_SETMASK, (long)&every_signal, (long)&old_mask, SIGNAL_SET_BYTES,
       0);
  command = call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
  if (command == 0) start_command(report, argv + 2, environment, &old_mask);
  if (command < 0) {
    const int error = (int)-command;
    call(__NR_write, report, (long)&error, sizeof error, 0, 0);
    leave(FAILED);
  }
  call(__NR_close, report, 0, 0, 0, 0);

  for (;;) {
    siginfo_t info;
    const long signal =
        call(__NR_rt_sigtimedwait, (long)&every_signal, (long)&info, 0, SIGNAL_SET_BYTES, 0);
    if (signal == SIGCHLD) {
      reap(command);
      continue;
    }
    if (signal < 0 && signal != -EINTR && signal != -EAGAIN)
      GIVE_UP("init: rt_sigtimedwait fails: does the seccomp filter forbid it?");
    if (signal <= 0 || signal > LAST_SIGNAL) continue;
    /* What the terminal sends goes to its whole foreground group, the command included. */
    if (info.si_code == SI_KERNEL) continue;
    call(__NR_kill, command, signal, 0, 0, 0);
  }
}
