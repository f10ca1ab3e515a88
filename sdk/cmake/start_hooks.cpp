// SPDX-License-Identifier: Apache-2.0
// What the compiler's start files call where somebody brings transactional memory or profiling.
// Nobody does; without these, ld.so looks for each by name, everywhere, at every load, and finds
// none.
extern "C" {

void _ITM_registerTMCloneTable(void*, unsigned long);
void _ITM_deregisterTMCloneTable(void*);
void __gmon_start__();

void _ITM_registerTMCloneTable(void*, unsigned long) {}
void _ITM_deregisterTMCloneTable(void*) {}
void __gmon_start__() {}

}  // extern "C"
