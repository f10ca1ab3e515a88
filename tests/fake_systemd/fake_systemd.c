/* SPDX-License-Identifier: Apache-2.0
 * org.freedesktop.systemd1 as far as a runtime needs it: makes the cgroup of a transient scope in
 * the unified hierarchy and in name=systemd, and prints what it was asked for, a line each.
 *   fake_systemd DIRECTORY...   below which each scope gets its cgroup
 * A scope whose name holds "refused" is refused, one whose name holds "failing" fails, and one
 * whose name holds "slow" takes its time, before the answer and before the job is done. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

static char **directories;
static char last_slice[256] = "system.slice";
static const char job[] = "/org/freedesktop/systemd1/job/7";

static void enter(const char *slice, const char *unit, unsigned pid) {
  for (char **top = directories; *top != NULL; ++top) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", *top, slice);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/%s/%s", *top, slice, unit);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/%s/%s/cgroup.procs", *top, slice, unit);
    FILE *procs = fopen(path, "w");
    if (procs == NULL || fprintf(procs, "%u", pid) < 0 || fclose(procs) != 0)
      printf("error %s %s\n", path, strerror(errno));
  }
}

/* Ends what is in the scope, and takes its directories away, the slice's too if it is empty. */
static void leave(const char *unit) {
  for (char **top = directories; *top != NULL; ++top) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%s/cgroup.kill", *top, last_slice, unit);
    FILE *end = fopen(path, "w");
    if (end != NULL) {
      fputs("1", end);
      fclose(end);
    }
    snprintf(path, sizeof path, "%s/%s/%s", *top, last_slice, unit);
    for (int attempt = 0; attempt < 200 && rmdir(path) < 0 && errno == EBUSY; ++attempt)
      usleep(5000);
    snprintf(path, sizeof path, "%s/%s", *top, last_slice);
    rmdir(path);
  }
}

/* Prints the properties; gives the slice and the process that they name. */
static int properties(sd_bus_message *call, char *slice, size_t size, unsigned *pid) {
  int result = sd_bus_message_enter_container(call, 'a', "(sv)");
  while (result >= 0 && (result = sd_bus_message_enter_container(call, 'r', "sv")) > 0) {
    const char *name = NULL;
    const char *type = NULL;
    sd_bus_message_read(call, "s", &name);
    sd_bus_message_peek_type(call, NULL, &type);
    sd_bus_message_enter_container(call, 'v', type);
    if (strcmp(type, "s") == 0) {
      const char *text = NULL;
      sd_bus_message_read(call, "s", &text);
      printf("%s s %s\n", name, text);
      if (strcmp(name, "Slice") == 0) snprintf(slice, size, "%s", text);
    } else if (strcmp(type, "b") == 0) {
      int flag = 0;
      sd_bus_message_read(call, "b", &flag);
      printf("%s b %d\n", name, flag);
    } else if (strcmp(type, "t") == 0) {
      uint64_t number = 0;
      sd_bus_message_read(call, "t", &number);
      printf("%s t %llu\n", name, (unsigned long long)number);
    } else if (strcmp(type, "au") == 0) {
      sd_bus_message_read(call, "au", 1, pid);
      printf("%s au %u\n", name, *pid);
    } else {
      printf("%s %s ?\n", name, type);
      sd_bus_message_skip(call, type);
    }
    sd_bus_message_exit_container(call);
    sd_bus_message_exit_container(call);
  }
  return result;
}

static int finish(sd_bus_message *call, const char *unit, const char *outcome) {
  sd_bus *bus = sd_bus_message_get_bus(call);
  const useconds_t pause = strstr(unit, "slow") != NULL ? 700000 : 0;
  usleep(pause);
  int result = sd_bus_reply_method_return(call, "o", job);
  if (result < 0) return result;
  sd_bus_flush(bus);
  usleep(pause);
  /* Another's job first: only the own one counts. */
  sd_bus_emit_signal(bus, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                     "JobRemoved", "uoss", 6U, "/org/freedesktop/systemd1/job/6", "other.scope",
                     "canceled");
  return sd_bus_emit_signal(bus, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                            "JobRemoved", "uoss", 7U, job, unit, outcome);
}

static int start(sd_bus_message *call, void *data, sd_bus_error *error) {
  (void)data;
  const char *unit = NULL;
  const char *mode = NULL;
  unsigned pid = 0;
  sd_bus_message_read(call, "ss", &unit, &mode);
  printf("StartTransientUnit %s %s\n", unit, mode);
  if (strstr(unit, "refused") != NULL)
    return sd_bus_error_set(error, "org.freedesktop.systemd1.UnitExists", "Unit already exists.");
  int result = properties(call, last_slice, sizeof last_slice, &pid);
  if (result < 0) return result;
  const char *outcome = strstr(unit, "failing") != NULL ? "failed" : "done";
  if (strcmp(outcome, "done") == 0) enter(last_slice, unit, pid);
  return finish(call, unit, outcome);
}

static int set(sd_bus_message *call, void *data, sd_bus_error *error) {
  (void)data;
  (void)error;
  const char *unit = NULL;
  int runtime = 0;
  char slice[256];
  unsigned pid = 0;
  sd_bus_message_read(call, "sb", &unit, &runtime);
  printf("SetUnitProperties %s %d\n", unit, runtime);
  int result = properties(call, slice, sizeof slice, &pid);
  return result < 0 ? result : sd_bus_reply_method_return(call, "");
}

static int stop(sd_bus_message *call, void *data, sd_bus_error *error) {
  (void)data;
  (void)error;
  const char *unit = NULL;
  const char *mode = NULL;
  sd_bus_message_read(call, "ss", &unit, &mode);
  printf("StopUnit %s %s\n", unit, mode);
  leave(unit);
  return finish(call, unit, "done");
}

static int reset(sd_bus_message *call, void *data, sd_bus_error *error) {
  (void)data;
  (void)error;
  const char *unit = NULL;
  sd_bus_message_read(call, "s", &unit);
  printf("ResetFailedUnit %s\n", unit);
  return sd_bus_reply_method_return(call, "");
}

static const sd_bus_vtable manager[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("StartTransientUnit", "ssa(sv)a(sa(sv))", "o", start, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("SetUnitProperties", "sba(sv)", "", set, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StopUnit", "ss", "o", stop, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("ResetFailedUnit", "s", "", reset, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL("JobRemoved", "uoss", 0),
    SD_BUS_VTABLE_END};

int main(int argc, char **argv) {
  (void)argc;
  directories = argv + 1;
  setvbuf(stdout, NULL, _IOLBF, 0);
  sd_bus *bus = NULL;
  int result = sd_bus_default_system(&bus);
  if (result >= 0)
    result = sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/systemd1",
                                      "org.freedesktop.systemd1.Manager", manager, NULL);
  if (result >= 0) result = sd_bus_request_name(bus, "org.freedesktop.systemd1", 0);
  if (result >= 0) printf("ready\n");
  while (result >= 0) {
    result = sd_bus_process(bus, NULL);
    if (result == 0) result = sd_bus_wait(bus, UINT64_MAX);
  }
  fprintf(stderr, "fake_systemd: %s\n", strerror(-result));
  return 1;
}
