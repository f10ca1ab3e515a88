// SPDX-License-Identifier: Apache-2.0
#include "core/interpreter.hpp"

#include <elf.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "core/elf_machine.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

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

// It lies in one place in the headers of both classes; 0: cut short, and the kernel refuses it.
int machine_of(std::string_view head) {
  Elf32_Half machine = 0;
  if (head.size() >= sizeof(Elf64_Ehdr))
    std::memcpy(&machine, head.data() + offsetof(Elf64_Ehdr, e_machine), sizeof machine);
  return machine;
}

bool is_own_machine(std::string_view head) {
  const int machine = machine_of(head);
  return machine == 0 || std::ranges::find(own_machines, machine) != std::end(own_machines);
}

// An object file or a core dump is none. The type lies in one place, too.
bool may_be_program(std::string_view head) {
  Elf64_Half type = ET_EXEC;
  if (head.size() >= sizeof(Elf64_Ehdr))
    std::memcpy(&type, head.data() + offsetof(Elf64_Ehdr, e_type), sizeof type);
  return type == ET_EXEC || type == ET_DYN;
}

// Most processors' kernels do not look at what the file says of its own class: elf_check_arch.
bool may_be_wide(std::string_view head) {
#if defined(__riscv)
  constexpr bool looks_at_class = true;
#else
  constexpr bool looks_at_class = false;
#endif
  return machine_of(head) == own_machines[0] && (!looks_at_class || head[EI_CLASS] == ELFCLASS64);
}

// As the kernel reads it: a path that is ended, no longer than paths are.
std::optional<std::string> name_in(int fd, std::uint64_t offset, std::uint64_t size) {
  char name[PATH_MAX];
  if (size < 2 || size > sizeof name) return std::nullopt;
  if (::pread(fd, name, size, static_cast<off_t>(offset)) != static_cast<ssize_t>(size) ||
      name[size - 1] != '\0')
    return std::nullopt;
  return std::string(name);
}

// The first that is named counts: load_elf_binary in the kernel's fs/binfmt_elf.c.
template <class Header, class Segment>
std::optional<std::string> of_elf(int fd, std::string_view head) {
  Header elf;
  if (head.size() < sizeof elf) return std::nullopt;
  std::memcpy(&elf, head.data(), sizeof elf);
  if (elf.e_phentsize != sizeof(Segment)) return std::nullopt;
  Segment segments[32];
  for (std::size_t first = 0; first < elf.e_phnum; first += std::size(segments)) {
    const auto count = std::min<std::size_t>(elf.e_phnum - first, std::size(segments));
    const auto offset = static_cast<off_t>(elf.e_phoff + first * sizeof(Segment));
    if (::pread(fd, segments, count * sizeof(Segment), offset) !=
        static_cast<ssize_t>(count * sizeof(Segment)))
      return std::nullopt;
    for (const Segment& segment : std::span(segments, count))
      if (segment.p_type == PT_INTERP) return name_in(fd, segment.p_offset, segment.p_filesz);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> interpreter_of(int fd) {
  char space[head_size];
  const auto head = read_head(fd, space);
  if (head.starts_with("#!")) return of_script(head);
  if (!head.starts_with(ELFMAG) || !is_own_machine(head)) return std::nullopt;
  if (may_be_wide(head))
    if (auto name = of_elf<Elf64_Ehdr, Elf64_Phdr>(fd, head)) return name;
  return of_elf<Elf32_Ehdr, Elf32_Phdr>(fd, head);
}

ProgramFormat format_of(int fd) {
  char space[head_size];
  const auto head = read_head(fd, space);
  if (head.empty()) return {"is empty", {}};
  if (head.starts_with("#!")) {
    auto interpreter = of_script(head);
    if (!interpreter) return {"names no interpreter behind its #!", {}};
    return {{}, std::move(*interpreter)};
  }
  if (!head.starts_with(ELFMAG))
    return {"is no ELF file: begin a script with #!/path/to/interpreter", {}};
  if (!is_own_machine(head)) return {"is made " + foreign_machine_text(head), {}};
  if (!may_be_program(head)) return {"is an ELF file, but no program", {}};
  return {};
}

}  // namespace mini_container
