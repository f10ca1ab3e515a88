/* SPDX-License-Identifier: Apache-2.0
 * lifecycle [--rest MS] ROUNDS BUNDLE NAME RUNTIME... [-- NAME RUNTIME...]...: takes a bundle
 * through create, start and delete with each runtime in turn, A B A B ..., and measures each verb as
 * a whole process, from vfork to the end of wait4. RUNTIME is the program with its global options.
 * The container's process ends by itself; what comes between start and delete is waited for, not
 * measured. With --rest so many milliseconds pass before each verb, unmeasured; otherwise one
 * follows the other. Prints one line for each verb and runtime:
 *   VERB<TAB>NAME<TAB>MEDIAN_US<TAB>MINIMUM_US<TAB>RATIO<TAB>RATIO_LOW<TAB>RATIO_HIGH<TAB>PEAK_KB
 * RATIO is the median of the ratios to the first runtime in the same round, LOW and HIGH its
 * quartiles. A verb that fails ends the measurement. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CREATE, START, DELETE, VERBS, MOST = 8, WORDS = 32 };
static const char *const verb_names[VERBS] = {"create", "start", "delete"};

typedef struct runtime {
  const char *name;
  char **words;
  int word_count;
  double *times[VERBS]; /* microseconds, by round */
  long peak[VERBS];     /* KiB */
} runtime;

static int null;
static char pid_file[4096 + 16]; /* absolute: a runtime may change its directory */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int rest; /* milliseconds */

static double run(runtime *one, int verb, char *const *more) {
  char *argv[WORDS + 1];
  int count = 0;
  for (int i = 0; i < one->word_count && count < WORDS; ++i) argv[count++] = one->words[i];
  for (; *more != NULL && count < WORDS; ++more) argv[count++] = *more;
  argv[count] = NULL;
  if (rest > 0) poll(NULL, 0, rest);
  double start = now();
  pid_t pid = vfork();
  if (pid == 0) {
    dup2(null, 0);
    dup2(null, 1);
    execvp(argv[0], argv);
    _exit(127);
  }
  int status = 0;
  struct rusage usage;
  while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  double end = now();
  if (status != 0) {
    fprintf(stderr, "lifecycle: %s %s failed: wait status 0x%x\n", one->name, verb_names[verb],
            (unsigned)status);
    exit(1);
  }
  if (usage.ru_maxrss > one->peak[verb]) one->peak[verb] = usage.ru_maxrss;
  return end - start;
}

/* The container's process, from the pid file. */
static int open_process(const char *pid_file) {
  FILE *file = fopen(pid_file, "re");
  int pid = 0;
  if (file == NULL || fscanf(file, "%d", &pid) != 1) {
    fprintf(stderr, "lifecycle: no process id in %s\n", pid_file);
    exit(1);
  }
  fclose(file);
  return (int)syscall(SYS_pidfd_open, pid, 0);
}

static void round_of(runtime *one, int round, char *bundle) {
  static char id[] = "bench";
  char *create[] = {"create", "--pid-file", pid_file, "--bundle", bundle, id, NULL};
  char *start[] = {"start", id, NULL};
  char *delete[] = {"delete", id, NULL};
  one->times[CREATE][round] = run(one, CREATE, create);
  struct pollfd process = {open_process(pid_file), POLLIN, 0};
  one->times[START][round] = run(one, START, start);
  if (poll(&process, 1, 10000) != 1) {
    fprintf(stderr, "lifecycle: the container of %s does not end\n", one->name);
    exit(1);
  }
  close(process.fd);
  one->times[DELETE][round] = run(one, DELETE, delete);
}

static int compare(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static void report(runtime *all, int count, int verb, int rounds) {
  double *values = malloc((size_t)rounds * sizeof *values);
  for (int one = 0; one < count; ++one) {
    const double *times = all[one].times[verb];
    for (int round = 0; round < rounds; ++round)
      values[round] = times[round] / all[0].times[verb][round];
    qsort(values, (size_t)rounds, sizeof *values, compare);
    double ratio = values[rounds / 2], low = values[rounds / 4], high = values[rounds * 3 / 4];
    memcpy(values, times, (size_t)rounds * sizeof *values);
    qsort(values, (size_t)rounds, sizeof *values, compare);
    printf("%s\t%s\t%.0f\t%.0f\t%.3f\t%.3f\t%.3f\t%ld\n", verb_names[verb], all[one].name,
           values[rounds / 2], values[0], ratio, low, high, all[one].peak[verb]);
  }
  free(values);
}

int main(int argc, char **argv) {
  if (argc > 2 && strcmp(argv[1], "--rest") == 0) {
    rest = atoi(argv[2]);
    argc -= 2;
    argv += 2;
  }
  int rounds = argc > 4 ? atoi(argv[1]) : 0;
  if (rounds < 1) {
    fprintf(stderr,
            "usage: lifecycle [--rest MS] ROUNDS BUNDLE NAME RUNTIME... [-- NAME RUNTIME...]...\n");
    return 2;
  }
  runtime all[MOST];
  int count = 0;
  for (int index = 3; index < argc && count < MOST; ++index) {
    runtime *one = &all[count++];
    memset(one, 0, sizeof *one);
    one->name = argv[index++];
    one->words = argv + index;
    while (index < argc && strcmp(argv[index], "--") != 0) ++index, ++one->word_count;
    for (int verb = 0; verb < VERBS; ++verb)
      one->times[verb] = calloc((size_t)rounds, sizeof(double));
  }
  char here[4096];
  if (getcwd(here, sizeof here) == NULL) return 1;
  snprintf(pid_file, sizeof pid_file, "%s/bench.pid", here);
  null = open("/dev/null", O_RDWR | O_CLOEXEC);
  round_of(&all[0], 0, argv[2]); /* warm */
  for (int round = 0; round < rounds; ++round)
    for (int one = 0; one < count; ++one) round_of(&all[one], round, argv[2]);
  for (int verb = 0; verb < VERBS; ++verb) report(all, count, verb, rounds);
  return 0;
}
