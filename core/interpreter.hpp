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

struct ProgramFormat {
  /// What makes execve(2) answer ENOEXEC, unless binfmt_misc has the file started by another: "is
  /// made for aarch64, this is x86-64". Empty where its head does not tell.
  std::string misfit;
  /// What a script names, whose own format counts then; else empty.
  std::string interpreter;
};

/// [child]
ProgramFormat format_of(int fd);

}  // namespace mini_container
