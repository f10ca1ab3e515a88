// SPDX-License-Identifier: Apache-2.0
#include "key.hpp"

#include <sched.h>

#include <algorithm>
#include <iterator>

#include "mini_container/error.hpp"

namespace sysctl {

namespace {

// ipc_namespaces(7); the *_next_id files choose the identifier of the next object (checkpointing).
constexpr std::string_view ipc_keys[] = {
    "kernel/msgmax",      "kernel/msgmnb",      "kernel/msgmni",      "kernel/sem",
    "kernel/shmall",      "kernel/shmmax",      "kernel/shmmni",      "kernel/shm_rmid_forced",
    "kernel/auto_msgmni", "kernel/msg_next_id", "kernel/sem_next_id", "kernel/shm_next_id"};

bool is_below(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory);
}

std::string as_path(std::string_view text) {
  std::string path(text);
  const auto first = path.find_first_of("./");
  if (first != std::string::npos && path[first] == '.')
    for (char& letter : path) {
      if (letter == '.')
        letter = '/';
      else if (letter == '/')
        letter = '.';
    }
  return path;
}

bool well_formed(std::string_view path) {
  if (path.empty() || path.size() > 255) return false;
  for (std::size_t start = 0; start <= path.size();) {
    const auto end = std::min(path.find('/', start), path.size());
    const auto part = path.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    start = end + 1;
  }
  return std::none_of(path.begin(), path.end(), [](char letter) {
    return static_cast<unsigned char>(letter) <= ' ' || letter == '\x7f';
  });
}

}  // namespace

Key read_key(std::string_view text, std::string_view where) {
  std::string path = as_path(text);
  if (!well_formed(path))
    mc::fail(where, ": '", text, "' is no name of a kernel parameter",
             mc::Hint{"write it as sysctl(8) does: net.ipv4.ip_forward"});
  if (std::find(std::begin(ipc_keys), std::end(ipc_keys), path) != std::end(ipc_keys) ||
      is_below(path, "fs/mqueue/"))
    return {std::move(path), CLONE_NEWIPC};
  if (is_below(path, "net/")) return {std::move(path), CLONE_NEWNET};
  if (is_below(path, "user/")) return {std::move(path), CLONE_NEWUSER};
  if (path == "kernel/hostname")
    mc::fail(where, ": kernel.hostname is set elsewhere",
             mc::Hint{"use uts.hostname, or hostname in a bundle"});
  if (path == "kernel/domainname")
    mc::fail(where, ": kernel.domainname is set elsewhere", mc::Hint{"use uts.domainname"});
  mc::fail(where, ": '", text, "' is a parameter of the whole host",
           mc::Hint{"only keys of a container's own namespaces can be set: kernel.msg*, "
                    "kernel.sem, kernel.shm*, fs.mqueue.*, net.*, user.*"});
}

const char* table_of(std::uint64_t name_space) {
  switch (name_space) {
    case CLONE_NEWIPC:
      return "ipc";
    case CLONE_NEWNET:
      return "net";
    default:
      return "user";
  }
}

}  // namespace sysctl
