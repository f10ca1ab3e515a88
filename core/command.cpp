// SPDX-License-Identifier: Apache-2.0
#include "core/command.hpp"

#include <elf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/failure.hpp"
#include "mini_container/in_root.hpp"

namespace mini_container {

namespace {

constexpr int most_interpreters = 5;  // the kernel's own limit for #! in #!, binfmt_script

[[noreturn]] void refuse(int exit_code, int error_number, std::string what,
                         std::string hint = {}) {
  throw Failure({}, mc::Error(error_number, std::move(what), std::move(hint)), exit_code);
}

int open_plain(const std::string& path, int flags) {
  return mc::try_open_in_root(AT_FDCWD, path.c_str(), flags, 0, RESOLVE_NO_MAGICLINKS);
}

// What `path` names as its interpreter: the #! line's, or an ELF program header's.
std::optional<std::string> interpreter_of(int fd) {
  char head[256];
  const auto got = ::pread(fd, head, sizeof head, 0);
  if (got < 4) return std::nullopt;
  std::string_view text(head, static_cast<std::size_t>(got));
  if (text.starts_with("#!")) {
    text.remove_prefix(2);
    text = text.substr(0, text.find_first_of("\n"));
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return std::nullopt;
    text.remove_prefix(begin);
    return std::string(text.substr(0, text.find_first_of(" \t\r\0", 0, 4)));
  }
  Elf64_Ehdr elf;
  if (text.size() < sizeof elf || !text.starts_with(ELFMAG) || head[EI_CLASS] != ELFCLASS64)
    return std::nullopt;
  std::memcpy(&elf, head, sizeof elf);
  for (int i = 0; i < std::min<int>(elf.e_phnum, 32); ++i) {
    Elf64_Phdr segment;
    const auto at = static_cast<off_t>(elf.e_phoff) + i * static_cast<off_t>(sizeof segment);
    if (::pread(fd, &segment, sizeof segment, at) != sizeof segment) return std::nullopt;
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

void refuse_own_binary(int fd, const std::string& path, const FileIdentity& own) {
  struct stat info {};
  mc::check(::fstat(fd, &info), "look at '", path, "'");
  if (info.st_dev == own.device && info.st_ino == own.inode)
    refuse(exit_not_executable, 0, "refuse to execute '" + path +
                                       "': it is the container runtime's own binary");
}

// The file itself is checked before; here, what the kernel would open along with it.
void check_interpreters(std::string path, const FileIdentity& own) {
  for (int depth = 0; depth < most_interpreters; ++depth) {
    const int opened = open_plain(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (opened < 0) return;  // execute-only, or gone: execve says why
    const mc::Fd file(opened);
    auto next = interpreter_of(file.get());
    if (!next || next->empty()) return;
    const int link = open_plain(*next, O_PATH);
    if (link == -ELOOP)
      refuse(exit_not_executable, ELOOP, "refuse to execute '" + path +
                                             "': its interpreter '" + *next +
                                             "' is a magic link or a loop of links");
    if (link < 0) return;
    refuse_own_binary(mc::Fd(link).get(), *next, own);
    path = std::move(*next);
  }
}

enum class Verdict { usable, absent, unusable };

struct Candidate {
  Verdict verdict;
  int error_number;
  const char* why;
};

Candidate examine(const std::string& path, const FileIdentity& own) {
  const int opened = open_plain(path, O_PATH);
  if (opened < 0) {
    const bool absent = opened == -ENOENT || opened == -ENOTDIR;
    return {absent ? Verdict::absent : Verdict::unusable, -opened,
            opened == -ELOOP ? "a magic link or a loop of links" : "cannot be opened"};
  }
  const mc::Fd file(opened);
  struct stat info {};
  mc::check(::fstat(file.get(), &info), "look at '", path, "'");
  if (S_ISDIR(info.st_mode)) return {Verdict::unusable, EISDIR, "a directory"};
  if (!S_ISREG(info.st_mode)) return {Verdict::unusable, EACCES, "not a regular file"};
  if ((info.st_mode & 0111) == 0) return {Verdict::unusable, EACCES, "not executable"};
  refuse_own_binary(file.get(), path, own);
  return {Verdict::usable, 0, nullptr};
}

}  // namespace

FileIdentity own_binary() {
  struct stat info {};
  mc::check(::stat("/proc/self/exe", &info), "look at '/proc/self/exe'",
            mc::Hint{"mount proc on /proc"});
  return {info.st_dev, info.st_ino};
}

std::string find_command(const std::string& name, const std::string& search_path,
                         const FileIdentity& own) {
  if (name.empty()) refuse(exit_not_found, 0, "the command is empty");
  if (name.find('/') != std::string::npos) {
    const auto candidate = examine(name, own);
    if (candidate.verdict == Verdict::absent)
      refuse(exit_not_found, candidate.error_number, "find the command '" + name + "'",
             "the path is looked up inside the container");
    if (candidate.verdict == Verdict::unusable)
      refuse(exit_not_executable, candidate.error_number,
             "execute '" + name + "': it is " + candidate.why);
    check_interpreters(name, own);
    return name;
  }
  std::optional<std::pair<std::string, Candidate>> near_miss;
  for (std::size_t at = 0; at <= search_path.size();) {
    const auto end = std::min(search_path.find(':', at), search_path.size());
    std::string path = search_path.substr(at, end - at);
    path = path.empty() ? "./" + name : path + "/" + name;
    const auto candidate = examine(path, own);
    if (candidate.verdict == Verdict::usable) {
      check_interpreters(path, own);
      return path;
    }
    if (candidate.verdict == Verdict::unusable && !near_miss) near_miss = {path, candidate};
    at = end + 1;
  }
  if (near_miss)
    refuse(exit_not_executable, near_miss->second.error_number,
           "execute '" + near_miss->first + "': it is " + near_miss->second.why);
  refuse(exit_not_found, ENOENT, "find the command '" + name + "' in the container's PATH",
         "PATH is " + (search_path.empty() ? std::string("empty") : search_path));
}

void refuse_execution(const std::string& path, int error_number) {
  const int exit_code = error_number == ENOENT ? exit_not_found : exit_not_executable;
  if (error_number == ENOENT || error_number == ENOTDIR) {
    const int opened = open_plain(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (opened >= 0)
      if (const auto interpreter = interpreter_of(mc::Fd(opened).get()))
        refuse(exit_code, error_number,
               "execute '" + path + "': its interpreter '" + *interpreter + "' is missing",
               "install it in the root");
  }
  std::string hint;
  if (error_number == ENOEXEC) hint = "begin a script with #!/path/to/interpreter";
  if (error_number == EACCES) hint = "it, or a directory above it, is closed to the user, or the "
                                     "filesystem is mounted noexec";
  refuse(exit_code, error_number, "execute '" + path + "'", hint);
}

}  // namespace mini_container
