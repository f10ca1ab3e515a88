// SPDX-License-Identifier: Apache-2.0
// config.json becomes the tree that TOML gives.
#include <doctest/doctest.h>

#include "core/json.hpp"
#include "core/oci/translate.hpp"

namespace {

using namespace mini_container;

constexpr const char* least = R"({
  "ociVersion": "1.0.2",
  "process": {"args": ["sh", "-c", "exit 3"], "cwd": "/", "env": ["A=1", "B=x=y"]},
  "root": {"path": "rootfs"},
  "linux": {"namespaces": [{"type": "mount"}]}
})";

Value with(std::string_view key_path, std::string_view json) {
  Value config = parse_json(least, "config.json");
  Value* at = &config;
  for (std::size_t start = 0;;) {
    const auto dot = key_path.find('.', start);
    const auto key = key_path.substr(start, dot == key_path.npos ? dot : dot - start);
    if (dot == key_path.npos) {
      at->set(key, parse_json(json, "config.json"));
      return config;
    }
    Value* next = at->find(key);
    at = next != nullptr ? next : &at->set(key, Value(Table{}));
    start = dot + 1;
  }
}

std::string translated(const Value& config) {
  return write_json(oci::translate_config(config, {}));
}

std::string refusal(const Value& config) {
  try {
    static_cast<void>(oci::translate_config(config, {}));
  } catch (const mc::Error& error) {
    return error.attempt();
  }
  return "";
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("the least bundle is a launch with its root, and without what it does not list") {
  const auto tree = oci::translate_config(parse_json(least, "config.json"), {});
  CHECK(write_json(*tree.find("container")->find("command")) == R"(["sh","-c","exit 3"])");
  CHECK(write_json(*tree.find("container")->find("env")) == R"({"A":"1","B":"x=y"})");
  CHECK(*tree.find("rootfs")->find("path")->as<std::string>() == "rootfs");
  CHECK(*tree.find("rootfs")->find("proc")->as<bool>() == false);
  CHECK(*tree.find("rootfs")->find("dev_nodes")->as<bool>() == true);
  CHECK(tree.find("rootfs")->find("masked_paths")->as<List>()->empty());
  CHECK(tree.find("capabilities")->find("bounding")->as<List>()->empty());
  for (const char* absent : {"pid", "net", "ipc", "uts", "user", "time", "seccomp", "hooks"})
    CHECK(tree.find(absent) == nullptr);
}

TEST_CASE("namespaces become plugins, and paths what they join") {
  const auto text = translated(with("linux.namespaces", R"([{"type": "mount"}, {"type": "pid"},
      {"type": "network", "path": "/run/netns/a"}, {"type": "ipc", "path": "/proc/1/ns/ipc"}])"));
  CHECK(contains(text, R"("pid":{})"));
  CHECK(contains(text, R"("net":{"join":"/run/netns/a","name_files":false)"));
  CHECK(contains(text, R"("ipc":{"join":"/proc/1/ns/ipc","shm":false,"mqueue":false})"));
}

TEST_CASE("a user namespace without mappings leaves them to the plugin") {
  const auto text =
      translated(with("linux.namespaces", R"([{"type": "mount"}, {"type": "user"}])"));
  CHECK(contains(text, R"("user":{})"));
}

TEST_CASE("a mount's mappings have the names that the plugin gives them") {
  const auto text = translated(with("mounts", R"([{"destination": "/a", "type": "bind",
      "source": "/b", "uidMappings": [{"containerID": 1, "hostID": 2, "size": 3}]}])"));
  CHECK(contains(text, R"("uid_mappings":[{"container":1,"host":2,"size":3}])"));
}

TEST_CASE("resources become limits, 0 is not set, and -1 is no limit") {
  const auto text = translated(with("linux.resources", R"({
      "memory": {"limit": 1048576, "swap": -1, "reservation": 0},
      "cpu": {"shares": 512, "quota": 50000, "period": 100000, "cpus": ""},
      "pids": {"limit": 7},
      "devices": [{"allow": false, "access": "rwm"}]})"));
  CHECK(contains(text, R"("memory_max":1048576,"memory_swap":"max","cpu_shares":512)"));
  CHECK(contains(text, R"("cpu_quota":50000,"cpu_period":100000,"pids_max":7)"));
  CHECK(contains(text, R"("devices":[{"allow":false,"access":"rwm"}])"));
}

TEST_CASE("an RDMA limit of 0 is one: nobody writes it for none") {
  auto text = translated(
      with("linux.resources", R"({"rdma": {"mlx5_0": {"hcaHandles": 0, "hcaObjects": 7}}})"));
  CHECK(contains(text, R"("rdma":{"mlx5_0":{"hca_handles":0,"hca_objects":7}})"));
  // What the kernel takes for no limit, and what is beyond: the specification has 32 bits.
  text =
      translated(with("linux.resources",
                      R"({"rdma": {"m": {"hcaHandles": 2147483647, "hcaObjects": 4294967295}}})"));
  CHECK(contains(text, R"("rdma":{"m":{"hca_handles":"max","hca_objects":"max"}})"));
  CHECK(contains(refusal(with("linux.resources", R"({"rdma": {"m": {"hcaHandles": -1}}})")),
                 "linux.resources.rdma.m.hcaHandles"));
}

TEST_CASE("a bundle's limit of 0 processes is one since version 1.3") {
  for (const bool is_one : {false, true}) {
    auto bundle = with("linux.resources", R"({"pids": {"limit": 0}})");
    bundle.set("ociVersion", Value(std::string(is_one ? "1.3.0" : "1.2.1")));
    CHECK(contains(translated(bundle), R"("pids_max":0)") == is_one);
  }
}

TEST_CASE("a limit of the largest unsigned number is no limit, as jq writes it too") {
  for (const std::string hard : {"18446744073709551615", "18446744073709552000"}) {
    const auto text = translated(
        with("process.rlimits", R"([{"type": "RLIMIT_CORE", "soft": 0, "hard": )" + hard + "}]"));
    CHECK(contains(text, R"("rlimits":{"core":{"soft":0,"hard":"unlimited"}})"));
  }
}

TEST_CASE("a limit of 2^63 and more is that number") {
  for (const std::string hard : {"9223372036854775808", "18446744073709551614"}) {
    const auto text = translated(
        with("process.rlimits", R"([{"type": "RLIMIT_CORE", "soft": 0, "hard": )" + hard + "}]"));
    CHECK(contains(text, R"("rlimits":{"core":{"soft":0,"hard":)" + hard + "}}"));
  }
}

TEST_CASE("an errno of a filter is one that a filter can give, and a trace's message has 16 bits") {
  const auto filter = [](const std::string& action, const std::string& number) {
    return with("linux.seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["lseek"], "action": "SCMP_ACT_)" +
                                     action + R"(", "errnoRet": )" + number + "}]}");
  };
  CHECK(refusal(filter("ERRNO", "4094")) == "");
  CHECK(contains(refusal(filter("ERRNO", "4095")),
                 "linux.seccomp.syscalls[0].errnoRet: 4095 is out of range; it may be 0 to 4094"));
  CHECK(refusal(filter("TRACE", "65535")) == "");
  CHECK(contains(refusal(filter("TRACE", "65536")), "it may be 0 to 65535"));
}

TEST_CASE("what a system call's argument is compared with keeps all of its 64 bits") {
  const auto text = translated(with("linux.seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW",
      "syscalls": [{"names": ["lseek"], "action": "SCMP_ACT_ERRNO", "args": [
        {"index": 1, "value": 18446744073709551360, "valueTwo": 9223372036854775809,
         "op": "SCMP_CMP_MASKED_EQ"}]}]})"));
  CHECK(contains(text, R"("value":-256,"value_two":-9223372036854775807,)"));
  const auto refused = refusal(with("process.rlimits", R"([{"type": "RLIMIT_CORE", "soft": 0,
      "hard": 18446744073709560000}])"));
  CHECK(contains(refused, "expected an integer of 0 to 18446744073709551615"));
}

TEST_CASE("a rule with several conditions on one argument becomes a rule for each condition") {
  const auto text = translated(with("linux.seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW",
      "syscalls": [{"names": ["lseek"], "action": "SCMP_ACT_ERRNO", "args": [
        {"index": 1, "value": 7, "op": "SCMP_CMP_EQ"}, {"index": 2, "value": 8, "op": "SCMP_CMP_EQ"},
        {"index": 1, "value": 9, "op": "SCMP_CMP_EQ"}]}]})"));
  CHECK(contains(text, R"("args":[{"index":1,"value":7,"op":"SCMP_CMP_EQ"}]},{"names":["lseek"])"));
  CHECK(contains(text, R"("args":[{"index":2,"value":8,"op":"SCMP_CMP_EQ"}]},{"names":["lseek"])"));
  CHECK(contains(text, R"("args":[{"index":1,"value":9,"op":"SCMP_CMP_EQ"}]}])"));
}

TEST_CASE("an unknown property is ignored, and null is absence") {
  CHECK(refusal(with("surprise", R"({"a": [1]})")) == "");
  CHECK(refusal(with("hooks", "null")) == "");
  CHECK(refusal(with("linux.surprise", "1")) == "");
}

TEST_CASE("a wrong type or value is refused with the place and the path") {
  const struct {
    const char* path;
    const char* json;
    const char* says;
  } cases[] = {
      {"ociVersion", "1", "ociVersion: expected a string"},
      {"ociVersion", R"("2.0.0")", "not supported"},
      {"ociVersion", R"("one")", "is not a version"},
      {"process.args", "[]", "process.args: it is empty"},
      {"process.args", "[1]", "process.args[0]: expected a string"},
      {"process.cwd", R"("tmp")", "process.cwd"},
      {"process.env", R"(["A"])", "process.env[0]: 'A' is not NAME=VALUE"},
      {"process.user", R"({"uid": -1})", "process.user.uid: -1 is out of range"},
      {"process.user", R"({"uid": 4294967296})", "out of range"},
      {"process.user", R"({"uid": 99999999999999999999})", "out of range"},
      {"process.terminal", R"("yes")", "process.terminal: expected true or false"},
      {"process.rlimits", R"([{"type": "RLIMIT_X", "soft": 1, "hard": 1}])", "no resource limit"},
      {"process.rlimits", R"([{"type": "RLIMIT_CPU", "soft": 1, "hard": 1},
                              {"type": "RLIMIT_CPU", "soft": 1, "hard": 1}])",
       "is there twice"},
      {"root", "[]", "root: expected an object"},
      {"root", R"({"path": ""})", "root.path: it is empty"},
      {"mounts", R"([{"type": "tmpfs"}])", "mounts[0].destination: it is required"},
      {"mounts", R"([{"destination": "/a", "type": "bind"}])", "needs a source"},
      {"linux.namespaces", R"([{"type": "mount"}, {"type": "moon"}])", "no namespace 'moon'"},
      {"linux.namespaces", R"([{"type": "mount"}, {"type": "pid"}, {"type": "pid"}])", "twice"},
      {"linux.rootfsPropagation", R"("sideways")", "is not a propagation"},
      {"linux.devices", R"([{"path": "/dev/x", "type": "z"}])", "is not a type of device"},
      {"linux.intelRdt", "{}", "not supported"},
      {"linux.resources", R"({"blockIO": {"weightDevice": [{"major": 8, "minor": 0}]}})",
       "linux.resources.blockIO.weightDevice[0]: it needs weight or leafWeight"},
      {"linux.resources", R"({"rdma": {"mlx5_0": {}}})",
       "linux.resources.rdma.mlx5_0: it needs hcaHandles or hcaObjects"},
      {"hostname", R"("a")", "hostname: it needs a UTS namespace"},
      {"hooks", R"({"poststop": [{"path": "bin/x"}]})", "hooks.poststop[0].path"},
  };
  for (const auto& each : cases) {
    const auto said = refusal(with(each.path, each.json));
    CHECK_MESSAGE(contains(said, each.says), each.path, " = ", each.json, " gives: ", said);
    CHECK_MESSAGE(said.starts_with("config.json:"), said);
  }
}
