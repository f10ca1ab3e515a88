/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin in plain C: the command's scheduling priority.
 *
 *   gcc -shared -O2 $(pkg-config --cflags mini_container) priority.c -o priority.so \
 *       $(pkg-config --libs mini_container)
 *   mini_container --plugin-dir . --priority.nice 5 -- nice
 */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

#include "mini_container/abi.h"

static int seal(void* self, const mc_host* host, const mc_call* call, mc_error* error) {
  const mc_node* nice = host->get(host->config(host), "nice");
  const int value = (int)host->integer(nice);
  (void)self;
  (void)call;
  if (setpriority(PRIO_PROCESS, 0, value) != 0) {
    error->error_number = errno;
    /* Formatting an integer into memory is safe in the child; writing to a FILE is not. */
    snprintf(error->text, sizeof error->text, "%s: set the nice value %d", host->where(nice),
             value);
    snprintf(error->hint, sizeof error->hint, "a value below the present one needs CAP_SYS_NICE");
    return -1;
  }
  host->log(host, MC_LOG_DEBUG, "the nice value is set");
  return 0;
}

static const mc_option options[] = {
    {.size = sizeof(mc_option),
     .type = MC_INT,
     .key = "nice",
     .help = "The nice value; see setpriority(2)",
     .default_text = "10",
     .minimum = -20,
     .maximum = 19},
};

MC_EXPORT const mc_plugin mc_plugin_v1 = {
    .size = sizeof(mc_plugin),
    .abi_minor = 0,
    .name = "priority",
    .version = "1.0.0",
    .summary = "The command's scheduling priority",
    .flags = MC_PLUGIN_STATELESS,
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .option_stride = sizeof(mc_option),
    .seal = seal,
};
