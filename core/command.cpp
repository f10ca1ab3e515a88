// SPDX-License-Identifier: Apache-2.0
#include "core/command.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/failure.hpp"
#include "core/interpreter.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

namespace {

constexpr int most_interpreters = 5;  // the kernel's own limit for #! in #!, binfmt_script

[[noreturn]] void refuse(int exit_code, int error_number, std::string what, std::string hint = {}) {
  throw Failure({}, mc::Error(error_number, std::move(what), std::move(hint)), exit_code);
}

int open_to_read(const FileView& files, const std::string& path) {
  return files.try_open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

void refuse_own_binary(int fd, const std::string& path, const FileIdentity& own) {
  struct stat info {};
  mc::check(mc::stat_of(fd, &info), "look at '", path, "'");
  if (info.st_dev == own.device && info.st_ino == own.inode)
    refuse(exit_not_executable, 0,
           "refuse to execute '" + path + "': it is the container runtime's own binary");
}

enum class Verdict { usable, absent, unusable };

struct Candidate {
  Verdict verdict;
  int error_number;
  const char* why;
  const char* way_out;
};

Candidate examine(const FileView& files, const std::string& path, const FileIdentity& own) {
  const int opened = files.try_open(path.c_str(), O_PATH);
  if (opened < 0) {
    const bool absent = opened == -ENOENT || opened == -ENOTDIR;
    return {absent ? Verdict::absent : Verdict::unusable, -opened,
            opened == -ELOOP          ? "a magic link or a loop of links"
            : opened == -ENAMETOOLONG ? "no name that a file can have"
                                      : "closed to us",
            opened == -ELOOP ? "name the file itself" : ""};
  }
  const mc::Fd file(opened);
  struct stat info {};
  mc::check(mc::stat_of(file.get(), &info), "look at '", path, "'");
  // As execve(2) has it; engines tell by the text what kind of failure it is.
  if (S_ISDIR(info.st_mode)) return {Verdict::unusable, EACCES, "a directory", "name a program"};
  if (!S_ISREG(info.st_mode))
    return {Verdict::unusable, EACCES, "not a regular file", "name a program"};
  if ((info.st_mode & 0111) == 0)
    return {Verdict::unusable, EACCES, "not executable", "chmod +x it, or name a program"};
  refuse_own_binary(file.get(), path, own);
  return {Verdict::usable, 0, nullptr, nullptr};
}

// The file itself is checked before; here, what the kernel would open along with it.
void check_interpreters(const FileView& files, std::string path, const FileIdentity& own) {
  for (int depth = 0; depth < most_interpreters; ++depth) {
    const int opened = open_to_read(files, path);
    if (opened < 0) return;  // execute-only, or gone: execve says why
    const mc::Fd file(opened);
    auto next = interpreter_of(file.get());
    if (!next || next->empty()) return;
    const auto candidate = examine(files, *next, own);
    const auto what = "execute '" + path + "': its interpreter '" + *next + "' is ";
    if (candidate.verdict == Verdict::absent)
      refuse(exit_not_found, candidate.error_number, what + "missing",
             next->ends_with('\r') ? "end the script's lines with a newline alone"
                                   : "install it in the root");
    if (candidate.verdict == Verdict::unusable)
      refuse(exit_not_executable, candidate.error_number, what + candidate.why, candidate.way_out);
    path = std::move(*next);
  }
}

}  // namespace

FileIdentity own_binary() {
  struct stat info {};
  mc::check(::stat("/proc/self/exe", &info), "look at '/proc/self/exe'",
            mc::Hint{"mount proc on /proc"});
  return {info.st_dev, info.st_ino};
}

std::string find_command(const std::string& name, const std::string& search_path,
                         const FileIdentity& own, bool judge_rights, const FileView& files) {
  const auto check_rights = [&](const std::string& path) {
    const int failed = judge_rights ? files.try_execute(path.c_str()) : 0;
    if (failed != 0) refuse_execution(path, -failed);
  };
  if (name.empty()) refuse(exit_not_found, 0, "the command is empty");
  if (name.find('/') != std::string::npos) {
    const auto candidate = examine(files, name, own);
    if (candidate.verdict == Verdict::absent)
      // These words are what dockerd, podman and the docker client look for.
      refuse(exit_not_found, candidate.error_number,
             "find the command '" + name + "': executable file not found",
             "the path is looked up inside the container");
    if (candidate.verdict == Verdict::unusable)
      refuse(exit_not_executable, candidate.error_number,
             "execute '" + name + "': it is " + candidate.why, candidate.way_out);
    check_interpreters(files, name, own);
    check_rights(name);
    return name;
  }
  std::optional<std::pair<std::string, Candidate>> near_miss;
  for (std::size_t at = 0; at <= search_path.size();) {
    const auto end = std::min(search_path.find(':', at), search_path.size());
    std::string path = search_path.substr(at, end - at);
    path = path.empty() ? "./" + name : path + "/" + name;
    const auto candidate = examine(files, path, own);
    if (candidate.verdict == Verdict::usable) {
      check_interpreters(files, path, own);
      check_rights(path);
      return path;
    }
    if (candidate.verdict == Verdict::unusable && !near_miss) near_miss = {path, candidate};
    at = end + 1;
  }
  if (near_miss)
    refuse(exit_not_executable, near_miss->second.error_number,
           "execute '" + near_miss->first + "': it is " + near_miss->second.why,
           near_miss->second.way_out);
  refuse(exit_not_found, ENOENT,
         "find the command '" + name + "': executable file not found in the container's PATH",
         "PATH is " + (search_path.empty() ? std::string("empty") : search_path));
}

std::string find_misfit(std::string path, const FileView& files) {
  std::string subject = "it ";
  for (int depth = 0; depth <= most_interpreters && !path.empty(); ++depth) {
    const int opened = open_to_read(files, path);
    if (opened < 0) return {};
    auto [misfit, interpreter] = format_of(mc::Fd(opened).get());
    if (!misfit.empty()) return subject + misfit;
    path = std::move(interpreter);
    subject = "its interpreter '" + path + "' ";
  }
  return {};
}

void refuse_execution(const std::string& path, int error_number, const FileView& files) {
  const int exit_code = error_number == ENOENT ? exit_not_found : exit_not_executable;
  std::string hint;
  if (error_number == ENOEXEC) {
    hint = find_misfit(path, files);
    if (hint.empty()) hint = "this kernel runs no such ELF file, or it is damaged";
  }
  if (error_number == EACCES)
    hint =
        "it, or a directory above it, is closed to the user, the "
        "filesystem is mounted noexec, or a plugin's rules forbid it";
  if (error_number == E2BIG) hint = "shorten the arguments and the environment";
  refuse(exit_code, error_number, "execute '" + path + "'", hint);
}

}  // namespace mini_container
