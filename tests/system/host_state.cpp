// SPDX-License-Identifier: Apache-2.0
#include "tests/system/host_state.hpp"

#include <doctest/doctest.h>
#include <net/if.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <sstream>

#include "tests/system/container_root.hpp"
#include "tests/system/process.hpp"

namespace mini_container::test {
namespace {

namespace fs = std::filesystem;

void add_tree(std::set<std::string>& state, const std::string& kind, const fs::path& path) {
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(path, error);
       entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (error) break;
    state.insert(kind + " " + entry->path().string());
  }
}

void add_processes(std::set<std::string>& state) {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename();
    if (!std::all_of(pid.begin(), pid.end(), [](unsigned char c) { return std::isdigit(c); }))
      continue;
    std::string command = read_file(entry.path() / "cmdline");
    if (command.empty()) continue;  // it is ending: an earlier test's
    std::replace(command.begin(), command.end(), '\0', ' ');
    state.insert("process " + pid + " " + command);
  }
}

void add_lines(std::set<std::string>& state, const std::string& kind, const std::string& path,
               std::size_t columns) {
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kept = kind;
    std::string word;
    for (std::size_t column = 0; column < columns && words >> word; ++column) kept += " " + word;
    state.insert(kept);
  }
}

void add_interfaces(std::set<std::string>& state) {
  struct if_nameindex* const list = ::if_nameindex();
  for (auto* one = list; one != nullptr && one->if_name != nullptr; ++one)
    state.insert(std::string("link ") + one->if_name);
  if (list != nullptr) ::if_freenameindex(list);
}

}  // namespace

std::set<std::string> host_state() {
  std::set<std::string> state;
  add_processes(state);
  add_lines(state, "mount", "/proc/self/mountinfo", 7);
  add_interfaces(state);
  add_tree(state, "state", "/run/mini_container");
  for (const char* kind : {"msg", "sem", "shm"})
    add_lines(state, std::string("sysv ") + kind, std::string("/proc/sysvipc/") + kind, 2);
  add_tree(state, "posix", "/dev/mqueue");
  add_tree(state, "posix", "/dev/shm");
  utsname names{};
  ::uname(&names);
  state.insert(std::string("names ") + names.nodename + " " + names.domainname);
  return state;
}

std::string difference(const std::set<std::string>& before, const std::set<std::string>& after) {
  std::string text;
  for (const auto& line : before)
    if (!after.contains(line)) text += "- " + line + "\n";
  for (const auto& line : after)
    if (!before.contains(line)) text += "+ " + line + "\n";
  return text;
}

HostUnchanged::~HostUnchanged() {
  eventually([this] { return host_state() == before_; }, std::chrono::milliseconds(1000));
  CHECK_MESSAGE(difference(before_, host_state()).empty(),
                "the host is not as it was:\n"
                    << difference(before_, host_state()));
}

std::set<std::string> cgroups_named(const std::string& part) {
  std::set<std::string> found;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator("/sys/fs/cgroup", error);
       entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (error) break;
    if (entry->is_directory(error) && entry->path().string().find(part) != std::string::npos)
      found.insert("cgroup " + entry->path().string());
  }
  return found;
}

}  // namespace mini_container::test
