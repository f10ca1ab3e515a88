// SPDX-License-Identifier: Apache-2.0
// Where thrown exceptions live. The C++ runtime's own version sets 72 KB aside for the case that
// memory runs out, in every shared object that it is linked into, at every load. Here an exception
// that finds no memory ends the process, which the Itanium C++ ABI allows (2.4.2, "Allocating the
// exception object"); the core names the hook, and undoes the launch.
#include <cstdlib>
#include <cstring>
#include <exception>

// The header in front of an exception, which the runtime fills in: LP64, as
// __cxa_refcounted_exception and __cxa_dependent_exception of libstdc++ have been since GCC 4.5.
#if defined(__LP64__) && (defined(__x86_64__) || defined(__aarch64__)) && \
    !defined(__SANITIZE_ADDRESS__)

namespace {

constexpr std::size_t header_size = 128;
constexpr std::size_t dependent_size = 112;

void* zeroed(std::size_t size, std::size_t to_zero) {
  void* memory = std::malloc(size);
  if (memory == nullptr) std::terminate();
  return std::memset(memory, 0, to_zero);
}

}  // namespace

extern "C" {

void* __cxa_allocate_exception(std::size_t size) noexcept;
void __cxa_free_exception(void* exception) noexcept;
void* __cxa_allocate_dependent_exception() noexcept;
void __cxa_free_dependent_exception(void* exception) noexcept;

void* __cxa_allocate_exception(std::size_t size) noexcept {
  return static_cast<char*>(zeroed(size + header_size, header_size)) + header_size;
}
void __cxa_free_exception(void* exception) noexcept {
  std::free(static_cast<char*>(exception) - header_size);
}
void* __cxa_allocate_dependent_exception() noexcept {
  return zeroed(dependent_size, dependent_size);
}
void __cxa_free_dependent_exception(void* exception) noexcept { std::free(exception); }

}  // extern "C"

#endif
