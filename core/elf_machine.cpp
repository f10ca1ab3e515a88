// SPDX-License-Identifier: Apache-2.0
#include "core/elf_machine.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "mini_container/error.hpp"

namespace mini_container {

namespace {

std::string machine_name(int machine) {
  static constexpr struct {
    int machine;
    const char* name;
  } known[] = {{EM_386, "i386"},        {EM_X86_64, "x86-64"},      {EM_ARM, "arm"},
               {EM_AARCH64, "aarch64"}, {EM_RISCV, "riscv"},        {EM_PPC, "ppc"},
               {EM_PPC64, "ppc64"},     {EM_S390, "s390"},          {EM_MIPS, "mips"},
               {EM_SPARCV9, "sparc64"}, {EM_LOONGARCH, "loongarch"}};
  const auto* found =
      std::ranges::find(known, machine, [](const auto& each) { return each.machine; });
  return found != std::end(known) ? found->name : mc::concat("ELF machine ", machine);
}

}  // namespace

std::string foreign_machine_text(std::string_view head) {
  const auto byte = [&](std::size_t at) {
    return at < head.size() ? static_cast<std::uint8_t>(head[at]) : 0U;
  };
  const bool big_endian = byte(EI_DATA) == ELFDATA2MSB;
  constexpr std::size_t at = offsetof(Elf64_Ehdr, e_machine);  // in both classes
  const int machine =
      static_cast<int>(big_endian ? byte(at) << 8U | byte(at + 1) : byte(at + 1) << 8U | byte(at));
  std::string name = machine_name(machine);
  // Else it would be told from this one by nothing.
  if (machine == own_machines[0])
    name.insert(0, big_endian ? "big-endian " : byte(EI_CLASS) == ELFCLASS32 ? "32-bit " : "");
  return mc::concat("for ", name, ", this is ", machine_name(own_machines[0]));
}

}  // namespace mini_container
