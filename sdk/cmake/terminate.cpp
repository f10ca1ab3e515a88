// SPDX-License-Identifier: Apache-2.0
// The C++ runtime's own handler prints the name of an uncaught exception and brings the demangler
// and stdio into every shared object for it. Nothing escapes the SDK's guard, so abort is enough.
#include <cstdlib>

namespace __gnu_cxx {
void __verbose_terminate_handler();
void __verbose_terminate_handler() { std::abort(); }
}  // namespace __gnu_cxx
