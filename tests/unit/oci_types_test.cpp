// SPDX-License-Identifier: Apache-2.0
// A config.json with every property of the specification, each then with every wrong type; and one
// that ends, or is damaged, at any byte.
#include <doctest/doctest.h>

#include <functional>

#include "core/json.hpp"
#include "core/oci/translate.hpp"

namespace {

using namespace mini_container;

// config.md and config-linux.md of runtime-spec 1.3, without what is another platform's and without
// intelRdt, which is refused as a whole.
constexpr const char* every_property = R"({
  "ociVersion": "1.3.0",
  "root": {"path": "rootfs", "readonly": true},
  "mounts": [{"destination": "/data", "type": "bind", "source": "/srv", "options": ["rbind", "ro"],
    "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
    "gidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}]}],
  "process": {
    "terminal": false, "consoleSize": {"height": 24, "width": 80},
    "cwd": "/", "env": ["A=1"], "args": ["true"],
    "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 20}],
    "apparmorProfile": "profile", "selinuxLabel": "a:b:c",
    "capabilities": {"effective": ["CAP_KILL"], "bounding": ["CAP_KILL"],
      "inheritable": ["CAP_KILL"], "permitted": ["CAP_KILL"], "ambient": ["CAP_KILL"]},
    "noNewPrivileges": true, "oomScoreAdj": 100,
    "scheduler": {"policy": "SCHED_OTHER", "nice": 1, "priority": 1, "flags": ["SCHED_FLAG_RECLAIM"],
      "runtime": 1, "deadline": 1, "period": 1},
    "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 4},
    "user": {"uid": 1, "gid": 2, "umask": 18, "additionalGids": [3]}
  },
  "hostname": "box", "domainname": "domain",
  "hooks": {
    "prestart": [{"path": "/a", "args": ["a"], "env": ["A=1"], "timeout": 5}],
    "createRuntime": [{"path": "/a", "args": ["a"], "env": ["A=1"], "timeout": 5}],
    "createContainer": [{"path": "/a", "args": ["a"], "env": ["A=1"], "timeout": 5}],
    "startContainer": [{"path": "/a", "args": ["a"], "env": ["A=1"], "timeout": 5}],
    "poststart": [{"path": "/a", "args": ["a"], "env": ["A=1"], "timeout": 5}],
    "poststop": [{"path": "/a", "args": ["a"], "env": ["A=1"], "timeout": 5}]
  },
  "annotations": {"org.example.key": "value"},
  "linux": {
    "namespaces": [{"type": "mount"}, {"type": "pid"}, {"type": "network", "path": "/run/netns/x"},
      {"type": "ipc"}, {"type": "uts"}, {"type": "user"}, {"type": "time"}, {"type": "cgroup"}],
    "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
    "gidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
    "timeOffsets": {"monotonic": {"secs": 1, "nanosecs": 2}, "boottime": {"secs": 1, "nanosecs": 2}},
    "devices": [{"path": "/dev/more", "type": "c", "major": 1, "minor": 3, "fileMode": 438,
      "uid": 0, "gid": 0}],
    "netDevices": {"eth5": {"name": "inside"}},
    "cgroupsPath": "/a/b",
    "resources": {
      "devices": [{"allow": false, "type": "c", "major": 1, "minor": 3, "access": "rwm"}],
      "memory": {"limit": 1, "reservation": 1, "swap": 1, "kernel": 1, "kernelTCP": 1,
        "swappiness": 1, "disableOOMKiller": true, "useHierarchy": true, "checkBeforeUpdate": true},
      "cpu": {"shares": 1, "quota": 1, "burst": 1, "period": 1, "realtimeRuntime": 1,
        "realtimePeriod": 1, "cpus": "0", "mems": "0", "idle": 1},
      "blockIO": {"weight": 10, "leafWeight": 10,
        "weightDevice": [{"major": 1, "minor": 2, "weight": 10, "leafWeight": 10}],
        "throttleReadBpsDevice": [{"major": 1, "minor": 2, "rate": 10}],
        "throttleWriteBpsDevice": [{"major": 1, "minor": 2, "rate": 10}],
        "throttleReadIOPSDevice": [{"major": 1, "minor": 2, "rate": 10}],
        "throttleWriteIOPSDevice": [{"major": 1, "minor": 2, "rate": 10}]},
      "hugepageLimits": [{"pageSize": "2MB", "limit": 1}],
      "network": {"classID": 1, "priorities": [{"name": "eth0", "priority": 1}]},
      "pids": {"limit": 1},
      "rdma": {"mlx": {"hcaHandles": 1, "hcaObjects": 1}},
      "unified": {"memory.high": "1"}
    },
    "sysctl": {"net.core.somaxconn": "256"},
    "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
      "architectures": ["SCMP_ARCH_X86_64"], "flags": ["SECCOMP_FILTER_FLAG_LOG"],
      "listenerPath": "/run/l", "listenerMetadata": "m",
      "syscalls": [{"names": ["mincore"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
        "args": [{"index": 0, "value": 1, "valueTwo": 2, "op": "SCMP_CMP_EQ"}]}]},
    "rootfsPropagation": "private",
    "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"],
    "mountLabel": "a:b:c",
    "personality": {"domain": "LINUX", "flags": []},
    "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}
  }
})";

std::string refusal(const std::function<void()>& body) {
  try {
    body();
  } catch (const mc::Error& error) {
    return error.attempt();
  }
  return "";
}

std::string refusal_of(const Value& config) {
  return refusal([&] { static_cast<void>(oci::translate_config(config, {})); });
}

/// Calls `each` with every value below `value` and its path as errors name it.
void walk(Value& value, const std::string& path,
          const std::function<void(Value&, const std::string&)>& each) {
  if (!path.empty()) each(value, path);
  if (auto* members = value.as<Table>())
    for (auto& [key, member] : *members) walk(member, path.empty() ? key : path + "." + key, each);
  if (auto* list = value.as<List>())
    for (std::size_t i = 0; i < list->size(); ++i)
      walk((*list)[i], path + "[" + std::to_string(i) + "]", each);
}

bool is_integer(const Value& value) { return value.as<std::int64_t>() != nullptr; }

}  // namespace

TEST_CASE("a configuration with every property is translated") {
  CHECK(refusal_of(parse_json(every_property, "config.json")) == "");
}

TEST_CASE("each property with each wrong type is refused by file, line and path") {
  Value config = parse_json(every_property, "config.json");
  const Value wrong[] = {Value(true),
                         Value(std::int64_t{1}),
                         Value(1.5),
                         Value(1e300),
                         Value(std::string("x")),
                         Value(List{Value(List{})}),
                         Value(Table{{"x", Value(Table{{"y", Value(true)}})}})};
  int tried = 0;
  walk(config, "", [&](Value& value, const std::string& path) {
    const Value right = value;
    for (const Value& other : wrong) {
      if (other.content().index() == right.content().index()) continue;
      value = Value(other.content(), right.place());
      const std::string text = refusal_of(config);
      INFO(path << " as " << std::string(other.type_name()) << ": " << text);
      CHECK(text.starts_with("config.json:" + std::to_string(right.place().line) + ":"));
      CHECK(text.find(": " + path) != std::string::npos);
      CHECK(text.find('\n') == std::string::npos);
      ++tried;
    }
    // A map or a list with an element of another type.
    value = right;
  });
  MESSAGE(tried << " wrong values");
  CHECK(tried > 1500);
}

TEST_CASE("integers beyond what the kernel has are refused by path") {
  Value config = parse_json(every_property, "config.json");
  walk(config, "", [&](Value& value, const std::string& path) {
    if (!is_integer(value)) return;
    const Value right = value;
    for (const char* id : {"uid", "gid", "additionalGids[0]", "containerID", "hostID"}) {
      if (!path.ends_with(id)) continue;
      for (const std::int64_t number : {std::int64_t{-1}, std::int64_t{4294967296}}) {
        value = Value(number, right.place());
        const std::string text = refusal_of(config);
        INFO(path << " = " << number << ": " << text);
        CHECK(text.find(": " + path + ": ") != std::string::npos);
        CHECK(text.find("out of range") != std::string::npos);
      }
    }
    value = right;
  });
}

TEST_CASE("text that ends at any byte is refused by file, line and column") {
  const std::string text = every_property;
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto said = refusal([&] { parse_json(text.substr(0, size), "config.json"); });
    INFO(size << " bytes: " << said);
    CHECK(said.starts_with("config.json:"));
  }
}

TEST_CASE("text with any one byte damaged is read or refused") {
  const std::string text = every_property;
  for (const char damage : {'\0', '\xff', '"', '{', ']', '9'})
    for (std::size_t at = 0; at < text.size(); ++at) {
      std::string damaged = text;
      damaged[at] = damage;
      const auto said = refusal([&] {
        static_cast<void>(oci::translate_config(parse_json(damaged, "config.json"), {}));
      });
      INFO("byte " << at << ": " << said);
      CHECK((said.empty() || said.starts_with("config.json:")));
    }
}
