// SPDX-License-Identifier: Apache-2.0
#include "core/plugin_file.hpp"

#include <elf.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <system_error>

#include <boost/dll/shared_library.hpp>

#include "core/elf_facts.hpp"
#include "core/elf_machine.hpp"
#include "core/hook_guard.hpp"
#include "core/plugin_place.hpp"
#include "core/single_thread.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

namespace {

[[noreturn]] void refuse_content(const std::string& path) {
  mc::fail("plugin '", path, "' is not a shared object, or cut short",
           mc::Hint{"install it again"});
}

// A file that ends before its segments do would be mapped all the same, and then the first touch
// of what is missing ends the process with SIGBUS: mmap(2).
void check_is_whole(int file, std::uint64_t size, const std::string& path) {
  alignas(ElfW(Ehdr)) char head[1024];
  const auto got = static_cast<std::size_t>(
      mc::check(::pread(file, head, sizeof head, 0), "read plugin '", path, "'"));
  ElfW(Ehdr) header;
  if (got < sizeof header || std::memcmp(head, ELFMAG, SELFMAG) != 0) refuse_content(path);
  std::memcpy(&header, head, sizeof header);
  // Of such a file the loader says that it is not there.
  if (!is_for_this_machine(header))
    mc::fail("plugin '", path, "' is made for another machine: ", foreign_machine_text({head, got}),
             mc::Hint{"build it for this one"});
  // The program headers follow at once in every file that a linker makes; others are dlopen's.
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const auto at = header.e_phoff + i * sizeof(ElfW(Phdr));
    ElfW(Phdr) segment;
    if (at > got || got - at < sizeof segment) {
      if (at >= size || size - at < sizeof segment) refuse_content(path);
      return;
    }
    std::memcpy(&segment, head + at, sizeof segment);
    if (segment.p_offset > size || segment.p_filesz > size - segment.p_offset) refuse_content(path);
  }
}

// Who may write to the directory that a link leads to may put another file there after the check.
void check_directory_behind_link(const std::string& path) {
  const std::unique_ptr<char, decltype(&::free)> found(::realpath(path.c_str(), nullptr), &::free);
  if (!found) return;  // it leads nowhere
  const std::string target = found.get();
  const std::string directory = target.substr(0, target.rfind('/') + 1);
  struct stat info {};
  mc::check(::stat(directory.c_str(), &info), "look at '", directory, "'");
  check_owner_and_mode(info, "file's directory", path, directory);
  check_way_to(directory);
}

// Checked; false, with errno, where nothing is found by this path.
bool find_plugin_file(const std::string& path) {
  constexpr int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  mc::Fd file(::open(path.c_str(), flags | O_NOFOLLOW));
  if (!file && errno == ELOOP) {
    check_directory_behind_link(path);
    file.reset(::open(path.c_str(), flags));
  }
  if (!file) {
    const int failed = errno;
    if (::access(path.c_str(), F_OK) != 0) return false;
    mc::fail_with(failed, "open plugin '", path, "'");
  }
  struct stat info {};
  mc::check(mc::stat_of(file.get(), &info), "look at plugin '", path, "'");
  if (!S_ISREG(info.st_mode)) mc::fail("plugin '", path, "' is not a regular file");
  check_owner_and_mode(info, "file", path, path);
  check_is_whole(file.get(), static_cast<std::uint64_t>(info.st_size), path);
  return true;
}

// Inlined as a whole: the compiler then sees that Boost has no name to decorate, and what would
// widen one for that, locales and all, stays out of the binary.
[[gnu::flatten]] void open_library(boost::dll::shared_library& library, const std::string& path,
                                   boost::dll::fs::error_code& failed) {
  // A full path, so that no search path decides.
  library.load(std::filesystem::path(path),
               boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local, failed);
}

const mc_plugin* find_descriptor(const boost::dll::shared_library& library,
                                 const std::string& path) {
  try {
    return &library.get<const mc_plugin>(MC_PLUGIN_SYMBOL);
  } catch (const std::system_error&) {
    mc::fail("plugin '", path, "' does not export " MC_PLUGIN_SYMBOL,
             mc::Hint{"it is no plugin, or one of another major ABI version"});
  }
}

}  // namespace

void check_plugin_file(const std::string& path) {
  if (!find_plugin_file(path)) mc::fail_with(errno, "open plugin '", path, "'");
}

std::unique_ptr<Plugin> load_plugin_file(const std::string& path, PluginCheck* check) {
  if (!find_plugin_file(path)) return nullptr;

  boost::dll::shared_library library;
  boost::dll::fs::error_code failed;
  // What the descriptor points to may lead anywhere.
  const LoadWatch watch(path);
  open_library(library, path, failed);
  if (failed) {
    const char* reason = ::dlerror();
    mc::fail("load plugin '", path, "': ", reason != nullptr ? reason : failed.message().c_str());
  }
  // Never unloaded: its code may be in use until the process ends. A handle of its own for life.
  const auto& kept = *new boost::dll::shared_library(std::move(library));
  if (const auto left = threads_left(); left != 0)
    mc::fail("load plugin '", path, "': its initialisers have left ", left, " threads running",
             mc::Hint{"a container is cloned from a process of one thread; start none there"});
  auto plugin = std::make_unique<Plugin>(read_descriptor(find_descriptor(kept, path), path));
  if (check != nullptr) check(*plugin);
  return plugin;
}

}  // namespace mini_container
