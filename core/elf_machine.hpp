// SPDX-License-Identifier: Apache-2.0
// Processors, as ELF files name them: elf(5), e_machine.
#pragma once

#include <elf.h>

#include <string>
#include <string_view>

namespace mini_container {

/// What this processor runs: its own files, and behind them those of its 32-bit predecessor.
#if defined(__x86_64__)
inline constexpr int own_machines[] = {EM_X86_64, EM_386};
#elif defined(__aarch64__)
inline constexpr int own_machines[] = {EM_AARCH64, EM_ARM};
#elif defined(__riscv)
inline constexpr int own_machines[] = {EM_RISCV};
#else
#error "name this processor's ELF machine"
#endif

/// Of a file for another machine, which begins with `head`: "for aarch64, this is x86-64".
std::string foreign_machine_text(std::string_view head);

}  // namespace mini_container
