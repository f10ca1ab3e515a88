// SPDX-License-Identifier: Apache-2.0
// config-linux.md, "Cgroup ownership": whom the container's v2 cgroup belongs to.
// ctest: RESOURCE_LOCK cgroups
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/oci/bundle.hpp"
#include "tests/skip.hpp"

using namespace mini_container;
using namespace mini_container::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* read_write = R"({"destination": "/sys/fs/cgroup", "type": "cgroup",
    "source": "cgroup", "options": ["nosuid", "noexec", "nodev"]})";

// Where v2 is mounted; empty: nowhere.
std::string cgroup_v2_top() {
  for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
    if (fs::exists(std::string(mount) + "/cgroup.controllers")) return mount;
  return {};
}

uid_t owner_of(const std::string& path) {
  struct stat found {};
  REQUIRE_MESSAGE(::stat(path.c_str(), &found) == 0, path);
  return found.st_uid;
}

// The path of the mount on /sys/fs/cgroup.
std::string cgroup_mount(Bundle& bundle) {
  for (std::size_t i = 0;; ++i) {
    std::string mount = "mounts." + std::to_string(i);
    Value* destination = find_value(bundle.config(), mount + ".destination");
    REQUIRE(destination != nullptr);
    if (*destination->as<std::string>() == "/sys/fs/cgroup") return mount;
  }
}

// In a user namespace, as user 7 of it, with its cgroups mounted read-write: what the
// specification asks of all three is there.
Bundle bundle_of_user() {
  Bundle out;
  out.add("linux.namespaces", R"({"type": "user"})");
  for (const char* map : {"linux.uidMappings", "linux.gidMappings"})
    out.set(map, R"([{"containerID": 0, "hostID": 100000, "size": 65536}])");
  out.set("process.user", R"({"uid": 7, "gid": 8})");
  out.set(cgroup_mount(out), read_write);
  return out;
}

// The owner of the cgroup of a container made from `bundle`, and checks that of all its files.
uid_t owner_for(Bundle bundle) {
  const auto id = fresh_id();
  const NothingLeft nothing(id);
  bundle.set("linux.cgroupsPath", "\"/" + id + "\"").write();
  const auto created = run_and_leave({"create", "--bundle", bundle.directory(), id});
  REQUIRE_MESSAGE(created.exit_code == 0, created);
  const std::string directory = cgroup_v2_top() + "/" + id;
  const uid_t out = owner_of(directory);
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename();
    CAPTURE(name);
    const bool is_listed =
        ("\n" + read_file("/sys/kernel/cgroup/delegate")).find("\n" + name + "\n") !=
        std::string::npos;
    CHECK(owner_of(entry.path()) == (is_listed ? out : 0));
  }
  CHECK(run({"delete", "--force", id}).exit_code == 0);
  return out;
}

TEST_CASE("a v2 cgroup that is mounted read-write belongs to process.user.uid, and no other does") {
  if (cgroup_v2_top().empty()) SKIP_CASE("no cgroup v2 here");
  CHECK(owner_for(bundle_of_user()) == 100007);
  CHECK(owner_for(bundle_of_user().set("process.user.uid", "0")) == 100000);
  const std::string but_cgroup = R"([{"type": "pid"}, {"type": "mount"}, {"type": "uts"},
      {"type": "ipc"}, {"type": "network"}, {"type": "user"}])";
  CHECK(owner_for(bundle_of_user().set("linux.namespaces", but_cgroup)) == 0);
  Bundle read_only = bundle_of_user();
  Bundle unmounted = bundle_of_user();
  read_only.add(cgroup_mount(read_only) + ".options", R"("ro")");
  unmounted.set(cgroup_mount(unmounted), R"({"destination": "/sys/fs/cgroup", "type": "tmpfs"})");
  CHECK(owner_for(read_only) == 0);
  CHECK(owner_for(unmounted) == 0);
}

}  // namespace
