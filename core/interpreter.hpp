// SPDX-License-Identifier: Apache-2.0
// What the kernel opens along with a program.
#pragma once

#include <optional>
#include <string>

namespace mini_container {

/// [child] What the file names as its interpreter: the #! line's, as the kernel reads it
/// (execve(2)), or the ELF program header's (elf(5)). None where it names none, and for another
/// processor's ELF file, which is for an emulator to start: nothing is known of its paths.
std::optional<std::string> interpreter_of(int fd);

/// [child] Whether it is an ELF file of another processor.
bool is_foreign_elf(int fd);

}  // namespace mini_container
