// SPDX-License-Identifier: Apache-2.0
// Where the C++ runtime keeps the exceptions that a thread is handling. Its own version is built
// for any place of the thread's storage, which ld.so has to give a number at every load, and look
// up by name; initial-exec takes 16 bytes of what ld.so sets aside for this: ELF TLS ABI, 4.
#include <cxxabi.h>

// As __cxa_eh_globals of libstdc++ is on these machines, and the Itanium C++ ABI has it (2.2.2).
#if defined(__LP64__) && (defined(__x86_64__) || defined(__aarch64__)) && \
    !defined(__SANITIZE_ADDRESS__)

namespace {

struct Globals {
  void* caught = nullptr;
  unsigned uncaught_count = 0;
};
__attribute__((tls_model("initial-exec"))) constinit thread_local Globals globals;

}  // namespace

namespace __cxxabiv1 {

extern "C" __cxa_eh_globals* __cxa_get_globals() noexcept {
  return reinterpret_cast<__cxa_eh_globals*>(&globals);
}
extern "C" __cxa_eh_globals* __cxa_get_globals_fast() noexcept { return __cxa_get_globals(); }

}  // namespace __cxxabiv1

#endif
