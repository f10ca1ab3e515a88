// SPDX-License-Identifier: Apache-2.0
// spec: a config.json to start from.
#include <fcntl.h>
#include <sys/stat.h>

#include "core/json.hpp"
#include "core/oci/bundle.hpp"
#include "core/oci/verbs.hpp"
#include "core/verb_options.hpp"
#include "mini_container/fd.hpp"

namespace mini_container::oci {

namespace {

constexpr const char* usual = R"({
  "ociVersion": "1.3.0",
  "process": {
    "terminal": true,
    "user": {"uid": 0, "gid": 0},
    "args": ["sh"],
    "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
    "cwd": "/",
    "capabilities": {
      "bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
      "effective": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
      "permitted": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
    },
    "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
    "noNewPrivileges": true
  },
  "root": {"path": "rootfs", "readonly": true},
  "hostname": "mini-container",
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
     "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
     "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
     "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
    {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
     "options": ["nosuid", "noexec", "nodev"]},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs",
     "options": ["nosuid", "noexec", "nodev", "ro"]},
    {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
     "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}
  ],
  "linux": {
    "resources": {"devices": [{"allow": false, "access": "rwm"}]},
    "namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"},
                   {"type": "cgroup"}, {"type": "mount"}],
    "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
                    "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                    "/proc/sched_debug", "/sys/firmware", "/proc/scsi"],
    "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
  }
})";

Value id_map(std::int64_t host) {
  Value entry(Table{});
  entry.set("containerID", Value(std::int64_t{0}));
  entry.set("hostID", Value(host));
  entry.set("size", Value(std::int64_t{1}));
  return Value(List{std::move(entry)});
}

// For the user alone: no ids but one, no cgroup, and what a user namespace may not mount is bound.
void make_rootless(Value& config) {
  Value& linux = *config.find("linux");
  Value user(Table{});
  user.set("type", Value(std::string("user")));
  linux.find("namespaces")->as<List>()->push_back(std::move(user));
  linux.set("uidMappings", id_map(::geteuid()));
  linux.set("gidMappings", id_map(::getegid()));
  std::erase_if(*linux.as<Table>(),
                [](const Member& member) { return member.first == "resources"; });
  auto& mounts = *config.find("mounts")->as<List>();
  std::erase_if(mounts, [](const Value& mount) {
    return *mount.find("type")->as<std::string>() == "cgroup";
  });
}

}  // namespace

mc::Fd make_file(const std::string& path) {
  mc::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  const int number = errno;
  if (!file)
    mc::fail_with(number, "make '", path, "'",
                  mc::Hint{number == EEXIST ? "a file that is there is not overwritten" : ""});
  return file;
}

int spec_verb(VerbContext&, const Arguments& arguments) {
  std::string bundle = ".";
  std::string file_name = "config.json";
  bool rootless = false;
  VerbOptions options("spec");
  options
      .value("bundle", 'b', bundle, "DIR", "Where it is written; the working directory without it")
      .value("file", 'f', file_name, "FILE", "Its name; config.json without it")
      .flag("rootless", 0, rootless, "For an ordinary user");
  if (!options.parse(arguments).empty()) mc::fail("spec: it takes no arguments");
  Value config = parse_json(usual, "the usual configuration");
  if (rootless) make_rootless(config);
  const auto path = file_name.starts_with('/') ? file_name : bundle + "/" + file_name;
  const auto text = write_json(config, JsonStyle::pretty);
  const mc::Fd file = make_file(path);
  mc::check(::write(file.get(), text.data(), text.size()), "write '", path, "'");
  return 0;
}

}  // namespace mini_container::oci
