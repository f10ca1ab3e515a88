/* SPDX-License-Identifier: Apache-2.0
 * pair [--rest MS] ROUNDS NAME COMMAND... [-- NAME COMMAND...]...: runs the commands in turn,
 * A B C A B C ..., so that what the machine does meanwhile hits them alike, and measures whole
 * processes: from vfork to the end of wait4, nothing subtracted. With --rest so many milliseconds
 * pass before each, unmeasured; otherwise one follows the other. Prints one line for each:
 *   NAME<TAB>MEDIAN_US<TAB>MINIMUM_US<TAB>RATIO<TAB>RATIO_LOW<TAB>RATIO_HIGH<TAB>PEAK_KB<TAB>MORE_US
 *   and then the median ratio to each command in turn
 * RATIO is the median of the ratios to the first command of the same round, LOW and HIGH its
 * quartiles; PEAK the largest resident size of the process and what it waited for; MORE the median of
 * the differences to the first command. A command that fails ends the measurement. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 64

typedef struct contender {
  const char *name;
  char **argv;
  double *times; /* microseconds, by round */
  long peak;     /* KiB */
} contender;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int rest; /* milliseconds */

static double run(contender *one, int null) {
  if (rest > 0) poll(NULL, 0, rest);
  double start = now();
  pid_t pid = vfork();
  if (pid == 0) {
    dup2(null, 0);
    dup2(null, 1);
    execvp(one->argv[0], one->argv);
    _exit(127);
  }
  int status = 0;
  struct rusage usage;
  while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  double end = now();
  if (status != 0) {
    fprintf(stderr, "pair: %s failed: wait status 0x%x\n", one->name, (unsigned)status);
    exit(1);
  }
  if (usage.ru_maxrss > one->peak) one->peak = usage.ru_maxrss;
  return end - start;
}

static int compare(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* Sorts them. */
static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, compare);
  return values[count / 2];
}

int main(int argc, char **argv) {
  if (argc > 2 && strcmp(argv[1], "--rest") == 0) {
    rest = atoi(argv[2]);
    argc -= 2;
    argv += 2;
  }
  int rounds = argc > 3 ? atoi(argv[1]) : 0;
  if (rounds < 1) {
    fprintf(stderr, "usage: pair [--rest MS] ROUNDS NAME COMMAND... [-- NAME COMMAND...]...\n");
    return 2;
  }
  contender all[MOST];
  int count = 0;
  for (int index = 2; index < argc && count < MOST;) {
    all[count] = (contender){argv[index], argv + index + 1, NULL, 0};
    all[count].times = calloc((size_t)rounds, sizeof(double));
    ++count;
    while (index < argc && strcmp(argv[index], "--") != 0) ++index;
    if (index < argc) argv[index++] = NULL;
  }
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int warm = 0; warm < 3; ++warm)
    for (int one = 0; one < count; ++one) run(&all[one], null);
  for (int round = 0; round < rounds; ++round)
    for (int one = 0; one < count; ++one) all[one].times[round] = run(&all[one], null);

  double *values = malloc((size_t)rounds * sizeof *values);
  for (int one = 0; one < count; ++one) {
    const double *times = all[one].times;
    for (int round = 0; round < rounds; ++round) values[round] = times[round] / all[0].times[round];
    qsort(values, (size_t)rounds, sizeof *values, compare);
    double ratio = values[rounds / 2], low = values[rounds / 4], high = values[rounds * 3 / 4];
    for (int round = 0; round < rounds; ++round) values[round] = times[round] - all[0].times[round];
    double more = median(values, rounds);
    for (int round = 0; round < rounds; ++round) values[round] = times[round];
    double middle = median(values, rounds);
    printf("%s\t%.0f\t%.0f\t%.3f\t%.3f\t%.3f\t%ld\t%.1f", all[one].name, middle, values[0], ratio,
           low, high, all[one].peak, more);
    for (int other = 0; other < count; ++other) {
      for (int round = 0; round < rounds; ++round)
        values[round] = times[round] / all[other].times[round];
      printf("\t%.3f", median(values, rounds));
    }
    printf("\n");
  }
  return 0;
}
