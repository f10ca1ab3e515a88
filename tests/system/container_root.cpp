// SPDX-License-Identifier: Apache-2.0
#include "tests/system/container_root.hpp"

#include <link.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <span>
#include <sstream>

#include "mini_container/error.hpp"

namespace mini_container::test {
namespace fs = std::filesystem;

const std::string& build_directory() {
  static const std::string path = fs::read_symlink("/proc/self/exe").parent_path();
  return path;
}

bool plugins_are_files() { return fs::exists(build_directory() + "/plugins.d"); }

std::string fresh_directory() {
  static int count = 0;
  const std::string path = "/run/test/" + std::to_string(++count);
  fs::create_directories(path);
  return path;
}

std::string write_file(const std::string& name, const std::string& text,
                       const std::string& directory) {
  const std::string path = (directory.empty() ? fresh_directory() : directory) + "/" + name;
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) mc::fail("write '", path, "'");
  return path;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string fresh_root() {
  const fs::path root = fresh_directory();
  for (const char* name : {"bin", "dev", "etc", "proc", "root", "sys", "tmp", "run", "mnt"})
    fs::create_directories(root / name);
  fs::permissions(root / "tmp", fs::perms::all | fs::perms::sticky_bit);
  fs::copy_file("/bin/busybox", root / "bin/busybox");
  for (const char* applet :
       {"sh",         "cat",           "echo",  "env",   "false", "grep",  "head", "hostname",
        "id",         "kill",          "ls",    "mkdir", "mount", "ps",    "pwd",  "readlink",
        "rm",         "seq",           "sleep", "stat",  "stty",  "touch", "true", "tty",
        "cut",        "uname",         "wc",    "ping",  "nc",    "ip",    "dd",   "nproc",
        "domainname", "dnsdomainname", "tr"})
    fs::create_symlink("busybox", root / "bin" / applet);
  fs::copy_file(build_directory() + "/attest", root / "bin/attest");
  write_file("passwd",
             "root:x:0:0:root:/root:/bin/sh\n"
             "app:x:1000:1000:an application:/tmp:/bin/sh\n",
             root / "etc");
  write_file("group", "root:x:0:\napp:x:1000:\nextra:x:2000:app\n", root / "etc");
  return root;
}

const std::string& shared_root() {
  static const std::string root = fresh_root();
  return root;
}

std::string launch_file(const std::string& text) {
  std::string whole = text;
  if (text.find("[rootfs]") == std::string::npos)
    whole += "\n[rootfs]\npath = \"" + shared_root() + "\"\n";
  return write_file("launch.toml", whole);
}

std::string host_loader() {
  std::string path;
  const auto read_first = [](dl_phdr_info* program, std::size_t, void* out) {
    for (const auto& header : std::span(program->dlpi_phdr, program->dlpi_phnum))
      if (header.p_type == PT_INTERP)
        *static_cast<std::string*>(out) =
            reinterpret_cast<const char*>(program->dlpi_addr + header.p_vaddr);
    return 1;
  };
  ::dl_iterate_phdr(read_first, &path);
  return path;
}

std::string own_name(const std::string& word) {
  struct stat space {};
  mc::check(::stat("/proc/self/ns/mnt", &space), "look at the test's host");
  return word + "-" + std::to_string(space.st_ino);
}

}  // namespace mini_container::test
