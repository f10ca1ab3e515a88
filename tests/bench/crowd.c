/* SPDX-License-Identifier: Apache-2.0
 * crowd TOTAL AT_A_TIME COMMAND...: runs the command TOTAL times, AT_A_TIME of them at once.
 * Prints SECONDS<TAB>PER_SECOND<TAB>FAILED. The first failures' errors are shown. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int total = argc > 3 ? atoi(argv[1]) : 0, width = argc > 3 ? atoi(argv[2]) : 0;
  if (total < 1 || width < 1) {
    fprintf(stderr, "usage: crowd TOTAL AT_A_TIME COMMAND...\n");
    return 2;
  }
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  int begun = 0, running = 0, failed = 0;
  while (begun < total || running > 0) {
    while (begun < total && running < width) {
      pid_t pid = vfork();
      if (pid == 0) {
        dup2(null, 0);
        dup2(null, 1);
        if (failed > 5) dup2(null, 2);
        execvp(argv[3], argv + 3);
        _exit(127);
      }
      if (pid < 0) {
        perror("vfork");
        return 1;
      }
      ++begun;
      ++running;
    }
    int status = 0;
    if (wait(&status) < 0) continue;
    --running;
    if (status != 0) ++failed;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  double seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
  printf("%.2f\t%.0f\t%d\n", seconds, total / seconds, failed);
  return failed != 0;
}
