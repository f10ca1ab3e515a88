// SPDX-License-Identifier: Apache-2.0
// A session keyring of the container's own, so that keys of the caller do not cross: keyrings(7).
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>

#include "mini_container/plugin.hpp"

namespace keyring {

namespace {

// Of KEYCTL_SETPERM: what the owner may do without holding the key.
constexpr unsigned possessor_all = 0x3f000000;
constexpr unsigned owner_view_read_search = 0x000b0000;

/// The owner's id out of KEYCTL_DESCRIBE's "TYPE;UID;GID;PERM;NAME".
uid_t owner_of(long key) {
  char text[512];
  const long length = mc::check(::syscall(SYS_keyctl, KEYCTL_DESCRIBE, key, text, sizeof text),
                                "describe the session keyring");
  const std::string_view description(
      text, std::min<std::size_t>(static_cast<std::size_t>(length), sizeof text));
  const auto start = description.find(';');
  long owner = -1;  // the kernel writes it signed: 4294967294 is "-2"
  if (start != std::string_view::npos)
    std::from_chars(description.data() + start + 1, description.data() + description.size(), owner);
  return static_cast<uid_t>(owner);
}

}  // namespace

class Keyring {
 public:
  explicit Keyring(const mc::Host& host)
      : name_(host.config().text("name")), optional_(host.config().boolean("optional")) {}

  void seal(mc::Host& host, const mc::Call& call) {
    const std::string name = name_.empty() ? call->id : name_;
    long key = ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name.c_str());
    if (key < 0 && errno == ENOSYS && optional_) {
      host.warn("this kernel has no keyrings; the container has none");
      return;
    }
    mc::check(key, "make the session keyring '", name, "'", mc::Hint{hint(errno)});
    // 0: it was this process's session keyring already, from the caller.
    if (key == 0)
      key = mc::check(::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0),
                      "find the session keyring");
    // The kernel joins a keyring of that name where one lets us search it, whoever made it.
    if (owner_of(key) != ::geteuid())
      mc::fail("the session keyring '", name, "' belongs to another user",
               mc::Hint{"choose another 'keyring.name'"});
    if (call.exec()) return;
    if (::syscall(SYS_keyctl, KEYCTL_READ, key, nullptr, 0) > 0)
      mc::fail("a session keyring '", name, "' is in use and holds keys",
               mc::Hint{"choose another 'keyring.name', or end the processes that hold it"});
    // `exec` finds it by its name only where its owner may search it.
    mc::check(::syscall(SYS_keyctl, KEYCTL_SETPERM, key, possessor_all | owner_view_read_search),
              "set the permissions of the session keyring '", name, "'");
  }

 private:
  static const char* hint(int error_number) {
    if (error_number == EDQUOT)
      return "the user's quota of keys is used up: sysctl kernel.keys.maxkeys, maxbytes";
    if (error_number == ENOSYS) return "this kernel has no keyrings; keyring.optional = true";
    return "";
  }

  std::string name_;
  bool optional_;
};

namespace {

constexpr mc_option options[] = {
    mc::option({.type = MC_STRING,
                .key = "name",
                .help = "The keyring's name; the container's id where it is left out",
                .minimum = 1,
                .maximum = 255}),
    mc::option({.type = MC_BOOL,
                .key = "optional",
                .help = "Go on where the kernel has no keyrings",
                .default_text = "false"}),
};

}  // namespace

}  // namespace keyring

MC_PLUGIN(keyring::Keyring, {.name = "keyring",
                             .summary = "A session keyring of the container's own",
                             .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_SHARES_MEMORY,
                             .options = keyring::options})
