/* SPDX-License-Identifier: Apache-2.0
 * What a container's child runs before execve counts too. It cannot write its own profile: by then
 * the build tree is out of its sight. So each module's counters lie in memory that the agent and
 * the child share, and the agent writes them all when it ends. */
#include <string.h>
#include <sys/mman.h>

extern char shared_counters_start[] __attribute__((visibility("hidden")));
extern char shared_counters_end[] __attribute__((visibility("hidden")));

__attribute__((constructor(101))) static void share_counters(void) {
  size_t size = (size_t)(shared_counters_end - shared_counters_start);
  if (size == 0) return;
  void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return;
  memcpy(shared, shared_counters_start, size);
  mremap(shared, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, shared_counters_start);
}
