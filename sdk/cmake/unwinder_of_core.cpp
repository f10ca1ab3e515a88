// SPDX-License-Identifier: Apache-2.0
// In place of the compiler's unwinder: each of its functions goes on in the core's (mc_unwinder of
// abi.h), which finds the plugin's frames by ld.so's list of what is loaded.
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "mini_container/abi.h"

extern "C" {

static void too_early() {
  constexpr char text[] =
      "mini_container: a plugin with UNWINDER_OF_CORE throws before its `create`: it must not, not "
      "even in a static initialiser\n";
  [[maybe_unused]] const auto told = ::write(STDERR_FILENO, text, sizeof text - 1);
  std::abort();
}

// Read by the jumps below.
__attribute__((used, visibility("hidden"))) constinit mc_unwinder mc_unwinder_functions = {
    sizeof(mc_unwinder), 0,         too_early, too_early, too_early, too_early, too_early,
    too_early,           too_early, too_early, too_early, too_early, too_early};

bool mc_adopt_unwinder(const mc_host* host) noexcept;
bool mc_adopt_unwinder(const mc_host* host) noexcept {
  // What the jumps need. What later minor versions add at the end is not called from here.
  constexpr std::size_t needed = offsetof(mc_unwinder, GetDataRelBase) + sizeof(void (*)());
  const auto* offered =
      static_cast<const mc_unwinder*>(host->extension(host, MC_EXTENSION_UNWINDER));
  if (offered == nullptr || offered->size < needed) return false;
  std::memcpy(&mc_unwinder_functions, offered, needed);
  return true;
}

}  // extern "C"

#if defined(__x86_64__)
#define FORWARD_TO(OFFSET) "endbr64\n jmp *mc_unwinder_functions+" OFFSET "(%rip)\n"
#elif defined(__aarch64__)
// x16 is there for such jumps: Procedure Call Standard for the Arm 64-bit Architecture, 6.1.1.
#define FORWARD_TO(OFFSET)                      \
  "hint 34\n adrp x16, mc_unwinder_functions\n" \
  "add x16, x16, :lo12:mc_unwinder_functions\n" \
  "ldr x16, [x16, " OFFSET "]\n br x16\n"
#else
#error "no unwinder of the core's on this processor: leave out UNWINDER_OF_CORE"
#endif

#define FORWARD(NAME, OFFSET)                                                                \
  static_assert(offsetof(mc_unwinder, NAME) == OFFSET);                                      \
  __asm__(".text\n.globl _Unwind_" #NAME "\n.hidden _Unwind_" #NAME "\n.type _Unwind_" #NAME \
          ", %function\n.balign 16\n_Unwind_" #NAME                                          \
          ":\n" FORWARD_TO(#OFFSET) ".size _Unwind_" #NAME ", .-_Unwind_" #NAME "\n")

FORWARD(RaiseException, 8);
FORWARD(Resume, 16);
FORWARD(Resume_or_Rethrow, 24);
FORWARD(DeleteException, 32);
FORWARD(GetLanguageSpecificData, 40);
FORWARD(GetRegionStart, 48);
FORWARD(GetIPInfo, 56);
FORWARD(SetGR, 64);
FORWARD(SetIP, 72);
FORWARD(GetTextRelBase, 80);
FORWARD(GetDataRelBase, 88);
