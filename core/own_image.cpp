// SPDX-License-Identifier: Apache-2.0
#include "core/own_image.hpp"

#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/mount.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "core/process_mark.hpp"
#include "mini_container/fd.hpp"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U  // Linux 6.3; older ones refuse it, and need no permission
#endif

namespace mini_container {

namespace {

struct Field {
  int number;  // in /proc/PID/stat, from 1: proc_pid_stat(5)
  __u64 prctl_mm_map::*member;
};

constexpr Field fields[] = {
    {26, &prctl_mm_map::start_code},  {27, &prctl_mm_map::end_code},
    {28, &prctl_mm_map::start_stack}, {45, &prctl_mm_map::start_data},
    {46, &prctl_mm_map::end_data},    {47, &prctl_mm_map::start_brk},
    {48, &prctl_mm_map::arg_start},   {49, &prctl_mm_map::arg_end},
    {50, &prctl_mm_map::env_start},   {51, &prctl_mm_map::env_end},
};

struct Range {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};

std::uintptr_t page_of(std::uintptr_t address) {
  return address & ~(static_cast<std::uintptr_t>(::getpagesize()) - 1);
}

Range pages_of(std::uintptr_t begin, std::size_t size) {
  return {page_of(begin), page_of(begin + size + static_cast<std::size_t>(::getpagesize()) - 1)};
}

// Filled, and then put in the place of what it is a copy of in one step: this very code runs there.
void move_to_anonymous_memory(Range range, int protection) {
  const std::size_t size = range.end - range.begin;
  void* copy = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (copy == MAP_FAILED) mc::fail_with(errno, "make room for a copy of the runtime's program");
  std::memcpy(copy, reinterpret_cast<const void*>(range.begin), size);
  mc::check(::mprotect(copy, size, protection), "protect the copy of the runtime's program");
  if (::mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
               reinterpret_cast<void*>(range.begin)) == MAP_FAILED)
    mc::fail_with(errno, "move the copy of the runtime's program");
}

// The same pages, through another mount: the kernel looks at the path of what is mapped.
void map_through(int view, Range range, int protection, off_t offset) {
  if (::mmap(reinterpret_cast<void*>(range.begin), range.end - range.begin, protection,
             MAP_PRIVATE | MAP_FIXED, view, offset) == MAP_FAILED)
    mc::fail_with(errno, "map the runtime's program anew");
}

// The first object is the program; what of it has no file behind it (.bss) stays. `data`: the
// descriptor of another view of the binary, or -1.
int move_segments(dl_phdr_info* program, std::size_t, void* data) {
  const int view = *static_cast<const int*>(data);
  Range read_only;
  for (const auto& segment : std::span(program->dlpi_phdr, program->dlpi_phnum)) {
    const auto begin = program->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_GNU_RELRO)
      read_only = {page_of(begin), page_of(begin + segment.p_memsz)};
    if (segment.p_type != PT_LOAD || segment.p_filesz == 0) continue;
    const int protection = ((segment.p_flags & PF_R) != 0 ? PROT_READ : 0) |
                           ((segment.p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
                           ((segment.p_flags & PF_X) != 0 ? PROT_EXEC : 0);
    const Range range = pages_of(begin, segment.p_filesz);
    if (view >= 0 && (segment.p_flags & PF_W) == 0)
      map_through(view, range, protection, static_cast<off_t>(page_of(segment.p_offset)));
    else
      move_to_anonymous_memory(range, protection);
  }
  if (read_only.end > read_only.begin)
    mc::check(::mprotect(reinterpret_cast<void*>(read_only.begin), read_only.end - read_only.begin,
                         PROT_READ),
              "protect the copy of the runtime's relocated data");
  return 1;
}

// The runtime's binary, or -1: the path leads elsewhere by now.
int open_if_same(const std::string& path, const FileIdentity& own) {
  mc::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat found {};
  const bool same = file && mc::stat_of(file.get(), &found) == 0 && found.st_dev == own.device &&
                    found.st_ino == own.inode;
  return same ? file.release() : -1;
}

// A mount of its own; none where this process may not make one.
mc::Fd clone_mount(const std::string& path) {
  return mc::Fd(static_cast<int>(
      ::syscall(SYS_open_tree, AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
}

mc::Fd make_empty_executable() {
  int fd = ::memfd_create("mini_container", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (fd < 0 && errno == EINVAL)
    fd = ::memfd_create("mini_container", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  mc::Fd out(mc::check(fd, "make the file that stands for the runtime's binary",
                       mc::Hint{"see /proc/sys/vm/memfd_noexec"}));
  mc::check(::fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
            "seal the file that stands for the runtime's binary");
  return out;
}

// One call in place of many: select(2) complains of descriptors that are closed, and overlooks
// those beyond the table of descriptors, whose size is a power of two (BUGS there).
bool may_be_open_from(int first) {
  constexpr std::size_t bits = sizeof(fd_mask) * CHAR_BIT;
  const auto from = static_cast<std::size_t>(first);
  std::vector<fd_mask> numbers(2 * from / bits, 0);
  std::fill(numbers.begin() + static_cast<std::ptrdiff_t>(from / bits), numbers.end(), ~fd_mask{0});
  timeval at_once{};
  return ::select(2 * first, reinterpret_cast<fd_set*>(numbers.data()), nullptr, nullptr,
                  &at_once) != 0;
}

}  // namespace

OwnImage::OwnImage(bool by_path, const FileIdentity& own) : own_(own) {
  const auto facts = ProcessFacts::own();
  if (!facts) mc::fail("look at '/proc/self/stat'", mc::Hint{"mount proc on /proc"});
  for (const Field& field : fields) map_.*field.member = facts->field(field.number);
  char path[PATH_MAX];
  const auto length = ::readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return;
  const std::string name(path, static_cast<std::size_t>(length));
  if (by_path) {
    path_ = name;
    return;
  }
  mount_ = clone_mount(name);
  if (mount_) view_.reset(open_if_same(mc::concat("/proc/self/fd/", mount_.get()), own));
}

void OwnImage::let_go() const {
  int view = view_.get();
  const mc::Fd by_path(path_.empty() ? -1 : open_if_same(path_, own_));
  if (by_path) view = by_path.get();
  ::dl_iterate_phdr(move_segments, &view);
  const mc::Fd empty = make_empty_executable();
  prctl_mm_map map = map_;
  map.brk = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  map.exe_fd = static_cast<__u32>(empty.get());
  mc::check(::prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0L),
            "let go of the runtime's binary",
            mc::Hint{"the kernel must have CONFIG_CHECKPOINT_RESTORE"});
}

// poll(2), which tells of many at once, takes O_PATH for closed.
std::vector<int> find_ways_out(const std::vector<int>& stay) {
  int end = 64;  // the smallest table
  while (may_be_open_from(end)) end *= 2;
  std::vector<int> out;
  for (int fd = 3; fd < end; ++fd) {
    struct stat info {};
    if (mc::stat_of(fd, &info) != 0 || std::ranges::find(stay, fd) != stay.end()) continue;
    const bool is_program = S_ISREG(info.st_mode) && (info.st_mode & 0111) != 0;
    if (is_program || S_ISDIR(info.st_mode)) out.push_back(fd);
  }
  return out;
}

void close_ways_out(const std::vector<int>& ways_out) {
  for (const int fd : ways_out)
    if (::close(fd) != 0 && (errno == EPERM || errno == EACCES || errno == ENOSYS))
      mc::fail_with(errno, "close what leads out of the container",
                    mc::Hint{"a system call filter is in force; let it allow close(2)"});
}

}  // namespace mini_container
