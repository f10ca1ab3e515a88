// SPDX-License-Identifier: Apache-2.0
#include "core/interpreter.hpp"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

namespace mini_container {

namespace {

// What this processor runs: its own files, and those of its 32-bit predecessor.
#if defined(__x86_64__)
constexpr int own_machines[] = {EM_X86_64, EM_386};
#elif defined(__aarch64__)
constexpr int own_machines[] = {EM_AARCH64, EM_ARM};
#elif defined(__riscv)
constexpr int own_machines[] = {EM_RISCV};
#else
#error "name this processor's ELF machine"
#endif

constexpr std::size_t head_size = 256;  // the kernel's BINPRM_BUF_SIZE

std::string_view read_head(int fd, char (&head)[head_size]) {
  const auto got = ::pread(fd, head, sizeof head, 0);
  return {head, got > 0 ? static_cast<std::size_t>(got) : 0};
}

// A carriage return is part of the name, to the kernel as to us.
std::optional<std::string> of_script(std::string_view head) {
  head.remove_prefix(2);
  head = head.substr(0, head.find('\n'));
  const auto begin = head.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return std::nullopt;
  head.remove_prefix(begin);
  constexpr std::string_view ends(" \t\0", 3);
  return std::string(head.substr(0, head.find_first_of(ends)));
}

template <class Header>
bool is_own_machine(std::string_view head) {
  Header header;
  if (head.size() < sizeof header) return true;  // cut short: the kernel refuses it
  std::memcpy(&header, head.data(), sizeof header);
  return std::ranges::find(own_machines, header.e_machine) != std::end(own_machines);
}

template <class Header, class Segment>
std::optional<std::string> of_elf(int fd, std::string_view head) {
  Header elf;
  if (head.size() < sizeof elf || !is_own_machine<Header>(head)) return std::nullopt;
  std::memcpy(&elf, head.data(), sizeof elf);
  Segment segments[32];
  const auto count = std::min<std::size_t>(elf.e_phnum, std::size(segments));
  const auto got = ::pread(fd, segments, count * sizeof(Segment), static_cast<off_t>(elf.e_phoff));
  if (got != static_cast<ssize_t>(count * sizeof(Segment))) return std::nullopt;
  for (const Segment& segment : std::span(segments, count)) {
    if (segment.p_type != PT_INTERP) continue;
    char name[256] = {};
    if (segment.p_filesz == 0 || segment.p_filesz > sizeof name) return std::nullopt;
    if (::pread(fd, name, segment.p_filesz, static_cast<off_t>(segment.p_offset)) < 0)
      return std::nullopt;
    name[sizeof name - 1] = '\0';
    return std::string(name);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> interpreter_of(int fd) {
  char space[head_size];
  const auto head = read_head(fd, space);
  if (head.starts_with("#!")) return of_script(head);
  if (!head.starts_with(ELFMAG) || head.size() < EI_NIDENT) return std::nullopt;
  return head[EI_CLASS] == ELFCLASS64 ? of_elf<Elf64_Ehdr, Elf64_Phdr>(fd, head)
                                      : of_elf<Elf32_Ehdr, Elf32_Phdr>(fd, head);
}

bool is_foreign_elf(int fd) {
  char space[head_size];
  const auto head = read_head(fd, space);
  return head.starts_with(ELFMAG) && !is_own_machine<Elf64_Ehdr>(head);
}

}  // namespace mini_container
