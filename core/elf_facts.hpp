// SPDX-License-Identifier: Apache-2.0
// What a shared object says of itself, read from the file: elf(5). Nothing of it is loaded.
#pragma once

#include <link.h>

#include <string>
#include <vector>

namespace mini_container {

struct ElfFacts {
  std::vector<std::string> exported;   // names of the dynamic symbols that it defines
  std::vector<std::string> unbound;    // that it wants, of no library's version; weak ones not
  std::vector<std::string> libraries;  // DT_NEEDED
  std::string search_path;             // DT_RUNPATH or DT_RPATH
  bool text_relocations = false;       // code would have to be writable
  bool executable_stack = false;
  bool bound_at_load = false;          // -z now
  bool read_only_relocations = false;  // -z relro
};

/// Whether the class and the machine are ours.
bool is_for_this_machine(const ElfW(Ehdr) & header);

/// Throws mc::Error where `path` is no shared object for this machine, or is cut short.
ElfFacts read_elf_facts(const std::string& path);

}  // namespace mini_container
