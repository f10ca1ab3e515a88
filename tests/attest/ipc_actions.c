/* SPDX-License-Identifier: Apache-2.0
 * The six kinds of IPC objects: `create` makes one anew, `open` finds one, `remove` ends it. */
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest.h"

static int creates(const char *verb) { return strcmp(verb, "create") == 0; }
static int removes(const char *verb) { return strcmp(verb, "remove") == 0; }
static int sysv_flags(const char *verb) { return creates(verb) ? IPC_CREAT | IPC_EXCL | 0666 : 0; }
static key_t key_of(const char *text) { return (key_t)strtol(text, NULL, 0); }

static int do_sysv_msg(int count, char **arguments) {
  (void)count;
  int id = msgget(key_of(arguments[1]), sysv_flags(arguments[0]));
  if (id >= 0 && removes(arguments[0])) id = msgctl(id, IPC_RMID, NULL);
  return say("sysv-msg", id);
}

static int do_sysv_sem(int count, char **arguments) {
  (void)count;
  int id = semget(key_of(arguments[1]), creates(arguments[0]) ? 1 : 0, sysv_flags(arguments[0]));
  if (id >= 0 && removes(arguments[0])) id = semctl(id, 0, IPC_RMID);
  return say("sysv-sem", id);
}

static int do_sysv_shm(int count, char **arguments) {
  size_t size = count > 2 ? strtoull(arguments[2], NULL, 0) : 4096;
  int id = shmget(key_of(arguments[1]), creates(arguments[0]) ? size : 0, sysv_flags(arguments[0]));
  if (id >= 0 && removes(arguments[0])) id = shmctl(id, IPC_RMID, NULL);
  return say("sysv-shm", id);
}

static int posix_flags(const char *verb) { return creates(verb) ? O_RDWR | O_CREAT | O_EXCL : O_RDWR; }

/* A third and fourth argument: how many messages, of how many bytes. */
static int do_posix_mq(int count, char **arguments) {
  if (removes(arguments[0])) return say("posix-mq", mq_unlink(arguments[1]));
  struct mq_attr attributes = {0};
  attributes.mq_maxmsg = count > 2 ? atol(arguments[2]) : 4;
  attributes.mq_msgsize = count > 3 ? atol(arguments[3]) : 64;
  return say("posix-mq", mq_open(arguments[1], posix_flags(arguments[0]), 0666, &attributes));
}

static int do_posix_sem(int count, char **arguments) {
  (void)count;
  if (removes(arguments[0])) return say("posix-sem", sem_unlink(arguments[1]));
  sem_t *semaphore = sem_open(arguments[1], posix_flags(arguments[0]), 0666, 1);
  return say("posix-sem", semaphore == SEM_FAILED ? -1 : 0);
}

static int do_posix_shm(int count, char **arguments) {
  (void)count;
  if (removes(arguments[0])) return say("posix-shm", shm_unlink(arguments[1]));
  return say("posix-shm", shm_open(arguments[1], posix_flags(arguments[0]), 0666));
}

const action ipc_actions[] = {
    {"sysv-msg", 2, "create|open|remove KEY", do_sysv_msg},
    {"sysv-sem", 2, "create|open|remove KEY", do_sysv_sem},
    {"sysv-shm", 2, "create|open|remove KEY [BYTES]", do_sysv_shm},
    {"posix-mq", 2, "create|open|remove NAME [MESSAGES BYTES]", do_posix_mq},
    {"posix-sem", 2, "create|open|remove NAME", do_posix_sem},
    {"posix-shm", 2, "create|open|remove NAME", do_posix_shm},
    {NULL, 0, NULL, NULL}};
