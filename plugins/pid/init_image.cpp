// SPDX-License-Identifier: Apache-2.0
// The program init, as it was built, in the plugin's read-only data.
#include "init_image.hpp"

__asm__(
    ".section .rodata\n"
    ".balign 16\n"
    "mini_container_init_begin:\n"
    ".incbin \"" MINI_CONTAINER_INIT
    "\"\n"
    "mini_container_init_end:\n"
    ".previous\n");

extern "C" {
extern const char mini_container_init_begin[] __attribute__((visibility("hidden")));
extern const char mini_container_init_end[] __attribute__((visibility("hidden")));
}

std::string_view init_image() {
  return {mini_container_init_begin,
          static_cast<std::size_t>(mini_container_init_end - mini_container_init_begin)};
}
