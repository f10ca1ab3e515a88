// SPDX-License-Identifier: Apache-2.0
#include "filter_cache.hpp"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <cstring>
#include <memory>

namespace seccomp {

namespace {

constexpr std::uint32_t magic = 0x3146434d;  // "MCF1"
constexpr std::size_t most_bytes = 4 << 20;
constexpr unsigned most_files = 256;

struct Header {
  std::uint32_t magic;
  std::uint32_t flags;
  std::uint32_t notifies;
  std::uint32_t instructions;
  std::uint64_t description;
  std::uint32_t listener_path;
  std::uint32_t listener_metadata;
};

std::string cache_root() {
  if (::geteuid() == 0) return "/var/cache";
  // A relative path is to be ignored, says the XDG base directory specification.
  const char* cache = ::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return cache;
  const char* home = ::getenv("HOME");
  return home != nullptr && home[0] == '/' ? mc::concat(home, "/.cache") : std::string();
}

bool is_ours(int fd, mode_t type) {
  struct stat info {};
  return mc::stat_of(fd, &info) == 0 && (info.st_mode & S_IFMT) == type &&
         info.st_uid == ::geteuid() && (info.st_mode & 077) == 0;
}

/// FNV-1a. Two descriptions of one hash only take each other's place on disk.
std::uint64_t hash(std::string_view text) {
  std::uint64_t out = 0xcbf29ce484222325;
  for (const char c : text) {
    out ^= static_cast<unsigned char>(c);
    out *= 0x100000001b3;
  }
  return out;
}

std::string hex(std::uint64_t value) {
  std::string out(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4U) out[i] = "0123456789abcdef"[value & 15U];
  return out;
}

/// What else than the launch decides how a profile compiles: this plugin, the library (its file,
/// for a mended one may keep its version), and the kernel, which the library asks what it can do.
std::string surroundings() {
  struct stat library {};
  if (::stat(LIBSECCOMP_FILE, &library) != 0) library = {};
  utsname kernel{};
  mc::check(::uname(&kernel), "ask for the kernel's release");
  return mc::concat("filter " FILTER_SOURCES " ", library.st_size, " ", library.st_mtim.tv_sec, ".",
                    library.st_mtim.tv_nsec, " ", kernel.machine, " ", kernel.release, "\n");
}

mc::Fd open_directory(int parent, const char* name) {
  return mc::Fd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
}

mc::Fd make_directory(int parent, const char* name, mode_t mode) {
  if (::mkdirat(parent, name, mode) != 0 && errno != EEXIST)
    mc::check(-1, "make the directory '", name, "' for the filter cache");
  mc::Fd fd = open_directory(parent, name);
  mc::check(fd.get(), "open the directory '", name, "' of the filter cache");
  return fd;
}

/// Every profile that ever ran would add a file: when they are many, all go.
void prune(const mc::Fd& directory) {
  DIR* opened = ::fdopendir(mc::duplicate(directory.get()).release());
  if (opened == nullptr) mc::check(-1, "list the filter cache");
  const std::unique_ptr<DIR, int (*)(DIR*)> list(opened, ::closedir);
  unsigned count = 0;
  while (::readdir(list.get()) != nullptr) ++count;
  if (count <= most_files) return;
  ::rewinddir(list.get());
  while (const dirent* entry = ::readdir(list.get()))
    if (entry->d_type == DT_REG) ::unlinkat(directory.get(), entry->d_name, 0);
}

void append(std::string& out, const void* data, std::size_t size) {
  out.append(static_cast<const char*>(data), size);
}

}  // namespace

FilterCache::FilterCache(std::string description)
    : description_(surroundings() + std::move(description)), name_(hex(hash(description_))) {}

std::optional<Compiled> FilterCache::load() const {
  const std::string root = cache_root();
  if (root.empty()) return std::nullopt;
  const std::string path = root + "/mini_container/seccomp";
  const mc::Fd directory = open_directory(AT_FDCWD, path.c_str());
  if (!directory || !is_ours(directory.get(), S_IFDIR)) return std::nullopt;
  const mc::Fd file(
      ::openat(directory.get(), name_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file || !is_ours(file.get(), S_IFREG)) return std::nullopt;
  const std::string bytes = mc::read_all(file.get(), name_, most_bytes);

  Header header{};
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != magic || header.description != description_.size() ||
      header.instructions == 0 || header.instructions > BPF_MAXINSNS ||
      bytes.size() != sizeof header + description_.size() + header.listener_path +
                          header.listener_metadata + header.instructions * sizeof(sock_filter))
    return std::nullopt;
  std::string_view rest(bytes);
  const auto take = [&rest](std::size_t size) {
    const std::string_view out = rest.substr(0, size);
    rest.remove_prefix(size);
    return out;
  };
  take(sizeof header);
  if (take(description_.size()) != description_) return std::nullopt;
  Compiled out;
  out.flags = header.flags;
  out.notifies = header.notifies != 0;
  out.listener_path = take(header.listener_path);
  out.listener_metadata = take(header.listener_metadata);
  out.program.resize(header.instructions);
  std::memcpy(out.program.data(), rest.data(), rest.size());
  return out;
}

void FilterCache::store(const Compiled& compiled) const {
  const std::string root = cache_root();
  if (root.empty()) mc::fail("neither XDG_CACHE_HOME nor HOME says where a cache may be");
  // ~/.cache may not be there yet; /var/cache is.
  if (::mkdir(root.c_str(), 0700) != 0 && errno != EEXIST)
    mc::check(-1, "make the directory '", root, "'");
  const mc::Fd base(
      mc::check(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open '", root, "'"));
  const mc::Fd ours = make_directory(base.get(), "mini_container", 0755);
  const mc::Fd directory = make_directory(ours.get(), "seccomp", 0700);
  if (!is_ours(directory.get(), S_IFDIR))
    mc::fail("'", root, "/mini_container/seccomp' is not a directory of this user's with mode 0700",
             mc::Hint{"remove it"});
  prune(directory);

  const Header header{magic,
                      compiled.flags,
                      compiled.notifies ? 1U : 0U,
                      static_cast<std::uint32_t>(compiled.program.size()),
                      description_.size(),
                      static_cast<std::uint32_t>(compiled.listener_path.size()),
                      static_cast<std::uint32_t>(compiled.listener_metadata.size())};
  std::string bytes;
  append(bytes, &header, sizeof header);
  bytes += description_ + compiled.listener_path + compiled.listener_metadata;
  append(bytes, compiled.program.data(), compiled.program.size() * sizeof(sock_filter));
  if (bytes.size() > most_bytes) mc::fail("the filter is too large to be kept");

  const std::string fresh = mc::concat(name_, ".", ::getpid());
  ::unlinkat(directory.get(), fresh.c_str(), 0);  // Of a process of that id that was killed here.
  const mc::Fd file(mc::check(::openat(directory.get(), fresh.c_str(),
                                       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600),
                              "make '", fresh, "' in the filter cache"));
  const auto written = mc::check(::write(file.get(), bytes.data(), bytes.size()), "write '", fresh,
                                 "' in the filter cache");
  // A name that appears before its content has reached the disk would outlive a power cut.
  if (static_cast<std::size_t>(written) != bytes.size() || ::fdatasync(file.get()) != 0) {
    ::unlinkat(directory.get(), fresh.c_str(), 0);
    mc::fail("write '", fresh, "' in the filter cache: the disk took only a part");
  }
  mc::check(::renameat(directory.get(), fresh.c_str(), directory.get(), name_.c_str()), "put '",
            name_, "' into the filter cache");
}

}  // namespace seccomp
