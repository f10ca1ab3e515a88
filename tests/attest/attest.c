/* SPDX-License-Identifier: Apache-2.0 */
#include "attest.h"

int say(const char *what, long result) {
  printf("%s %s\n", what, result >= 0 ? "ok" : strerrorname_np(errno));
  return result >= 0 ? 0 : 1;
}

static const action *find_action(const action *list, const char *name) {
  for (; list->name != NULL; ++list)
    if (strcmp(list->name, name) == 0) return list;
  return NULL;
}

static void print_usage(void) {
  fprintf(stderr, "usage: attest [SECTION...] [ACTION ARGUMENT...]\nsections:");
  for (const section *one = sections; one->name != NULL; ++one) fprintf(stderr, " %s", one->name);
  fprintf(stderr, " all\nactions:\n");
  const action *lists[] = {actions, ipc_actions, net_actions, kernel_actions};
  for (size_t list = 0; list < sizeof lists / sizeof *lists; ++list)
    for (const action *one = lists[list]; one->name != NULL; ++one)
      fprintf(stderr, "  %s %s\n", one->name, one->usage);
}

static int print_section(const char *name) {
  int found = 0;
  for (const section *one = sections; one->name != NULL; ++one)
    if (strcmp(name, "all") == 0 || strcmp(one->name, name) == 0) {
      one->print();
      found = 1;
    }
  return found;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int index = 1; index < argc; ++index) {
    const action *act = find_action(actions, argv[index]);
    if (act == NULL) act = find_action(ipc_actions, argv[index]);
    if (act == NULL) act = find_action(net_actions, argv[index]);
    if (act == NULL) act = find_action(kernel_actions, argv[index]);
    if (act != NULL) {
      if (argc - index - 1 < act->minimum_arguments) {
        fprintf(stderr, "attest %s %s\n", act->name, act->usage);
        return 2;
      }
      return act->run(argc - index - 1, argv + index + 1);
    }
    if (strncmp(argv[index], "--", 2) == 0 && argv[index][2] == '\0') continue;
    if (!print_section(argv[index])) {
      fprintf(stderr, "attest: unknown: %s\n", argv[index]);
      return 2;
    }
  }
  if (argc < 2) print_usage();
  return argc < 2 ? 2 : 0;
}
