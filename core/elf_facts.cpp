// SPDX-License-Identifier: Apache-2.0
#include "core/elf_facts.hpp"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <optional>

#include "core/elf_machine.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

namespace {

constexpr std::size_t largest_plugin = 256U << 20U;

// Believes no offset of the file's.
class ElfFile {
 public:
  explicit ElfFile(const std::string& path)
      : path_(path), bytes_(mc::read_file(AT_FDCWD, path.c_str(), largest_plugin)) {
    if (bytes_.size() < SELFMAG || std::memcmp(bytes_.data(), ELFMAG, SELFMAG) != 0)
      mc::fail("'", path_, "' is not a shared object");
    header_ = at<ElfW(Ehdr)>(0);
    if (!is_for_this_machine(header_))
      mc::fail("'", path_, "' is made for another machine: ", foreign_machine_text(bytes_));
    if (header_.e_type != ET_DYN)
      mc::fail("'", path_, "' is no shared object, but another ELF file");
    if (header_.e_shoff == 0 || header_.e_shnum == 0)
      mc::fail("'", path_, "' has no section headers, which tell what it exports",
               mc::Hint{"build it again, and strip no more than strip(1) does"});
    // A file cut short has lost its end, where the section headers are.
    static_cast<void>(section(header_.e_shnum - 1U));
  }

  ElfFacts facts() const {
    ElfFacts out;
    read_segments(out);
    for (unsigned i = 0; i < header_.e_shnum; ++i) {
      const auto found = section(i);
      if (found.sh_type == SHT_DYNSYM) read_symbols(found, out);
      if (found.sh_type == SHT_DYNAMIC) read_dynamic(found, out);
    }
    return out;
  }

 private:
  template <class Type>
  Type at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(Type))
      mc::fail("'", path_, "' is cut short: it refers to byte ", offset, " of ", bytes_.size(),
               mc::Hint{"build or copy it again"});
    Type out;
    std::memcpy(&out, bytes_.data() + offset, sizeof out);
    return out;
  }

  ElfW(Shdr) section(unsigned index) const {
    return at<ElfW(Shdr)>(header_.e_shoff + std::uint64_t{index} * sizeof(ElfW(Shdr)));
  }

  std::string text(const ElfW(Shdr) & strings, std::uint64_t offset) const {
    std::string out;
    if (offset >= strings.sh_size) return out;
    for (auto place = strings.sh_offset + offset; out.size() < 4096; ++place) {
      const char letter = at<char>(place);
      if (letter == '\0') break;
      out += letter;
    }
    return out;
  }

  void read_segments(ElfFacts& out) const {
    // Without the header the loader takes the stack to be executable.
    out.executable_stack = true;
    for (unsigned i = 0; i < header_.e_phnum; ++i) {
      const auto segment = at<ElfW(Phdr)>(header_.e_phoff + std::uint64_t{i} * sizeof(ElfW(Phdr)));
      if (segment.p_type == PT_GNU_STACK) out.executable_stack = (segment.p_flags & PF_X) != 0;
      if (segment.p_type == PT_GNU_RELRO) out.read_only_relocations = true;
    }
  }

  std::optional<ElfW(Shdr)> find_section(std::uint32_t type) const {
    for (unsigned i = 0; i < header_.e_shnum; ++i)
      if (const auto found = section(i); found.sh_type == type) return found;
    return std::nullopt;
  }

  void read_symbols(const ElfW(Shdr) & table, ElfFacts& out) const {
    const auto strings = section(table.sh_link);
    const auto versions = find_section(SHT_GNU_versym);
    constexpr std::uint64_t stride = sizeof(ElfW(Sym));
    for (std::uint64_t i = 1; i < table.sh_size / stride; ++i) {
      const auto symbol = at<ElfW(Sym)>(table.sh_offset + i * stride);
      const auto binding = ELF64_ST_BIND(symbol.st_info);  // the same for both classes
      if (symbol.st_shndx != SHN_UNDEF) {
        if (binding != STB_LOCAL && ELF64_ST_VISIBILITY(symbol.st_other) == STV_DEFAULT)
          out.exported.push_back(text(strings, symbol.st_name));
        continue;
      }
      if (binding == STB_WEAK) continue;
      const auto version =
          versions ? at<ElfW(Half)>(versions->sh_offset + i * sizeof(ElfW(Half))) : ElfW(Half){0};
      // 0 and 1 are no version of any library.
      if ((version & 0x7FFFU) <= 1) out.unbound.push_back(text(strings, symbol.st_name));
    }
  }

  void read_dynamic(const ElfW(Shdr) & table, ElfFacts& out) const {
    const auto strings = section(table.sh_link);
    constexpr std::uint64_t stride = sizeof(ElfW(Dyn));
    for (std::uint64_t i = 0; i < table.sh_size / stride; ++i) {
      const auto entry = at<ElfW(Dyn)>(table.sh_offset + i * stride);
      const auto value = entry.d_un.d_val;
      switch (entry.d_tag) {
        case DT_NEEDED:
          out.libraries.push_back(text(strings, value));
          break;
        case DT_RPATH:
        case DT_RUNPATH:
          out.search_path = text(strings, value);
          break;
        case DT_TEXTREL:
          out.text_relocations = true;
          break;
        case DT_BIND_NOW:
          out.bound_at_load = true;
          break;
        case DT_FLAGS:
          out.text_relocations |= (value & DF_TEXTREL) != 0;
          out.bound_at_load |= (value & DF_BIND_NOW) != 0;
          break;
        case DT_FLAGS_1:
          out.bound_at_load |= (value & DF_1_NOW) != 0;
          break;
        default:
          break;
      }
    }
  }

  const std::string& path_;
  std::string bytes_;
  ElfW(Ehdr) header_{};
};

}  // namespace

bool is_for_this_machine(const ElfW(Ehdr) & header) {
  constexpr auto own_class = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  return header.e_ident[EI_CLASS] == own_class && header.e_machine == own_machines[0];
}

ElfFacts read_elf_facts(const std::string& path) { return ElfFile(path).facts(); }

}  // namespace mini_container
