/* SPDX-License-Identifier: Apache-2.0
 * attest: says from inside a container what it sees. Static, needs no file but itself. */
#ifndef ATTEST_H
#define ATTEST_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A section of the report: prints "key value" lines. */
typedef struct section {
  const char *name;
  void (*print)(void);
} section;

/* An action takes its arguments and gives the exit code. */
typedef struct action {
  const char *name;
  int minimum_arguments;
  const char *usage;
  int (*run)(int count, char **arguments);
} action;

extern const section sections[];       /* each of these is ended by a NULL name */
extern const action actions[];
extern const action ipc_actions[];
extern const action net_actions[];
extern const action kernel_actions[];

/* Prints "WHAT ok", or "WHAT ENAME" for errno; gives 0 or 1. */
int say(const char *what, long result);

#endif
