// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/mount.h>

#include "tests/system/container_root.hpp"
#include "tests/system/host_state.hpp"
#include "tests/system/process.hpp"

using namespace mini_container::test;

namespace {

TEST_CASE("devices: nodes have the type, numbers, mode and owner that were asked for") {
  const HostUnchanged unchanged;
  const auto file = launch_file(
      "[container]\ncommand = [\"stat\", \"-c\", \"%n %F %t:%T %a %u:%g\", \"/dev/zero2\", "
      "\"/dev/sub/disk\", \"/dev/queue\", \"/dev/full2\"]\n"
      "[devices]\nadd = [\"/dev/full:/dev/full2\"]\n"
      "[[devices.nodes]]\npath = \"/dev/zero2\"\ntype = \"c\"\nmajor = 1\nminor = 5\n"
      "mode = 0o646\nuid = 7\ngid = 8\n"
      "[[devices.nodes]]\npath = \"/dev/sub/disk\"\ntype = \"b\"\nmajor = 7\nminor = 200\n"
      "mode = 0o600\n"
      "[[devices.nodes]]\npath = \"/dev/queue\"\ntype = \"p\"\n");
  const auto result = run({"run", "--config", file});
  CHECK_MESSAGE(result.out ==
                    "/dev/zero2 character special file 1:5 646 7:8\n"
                    "/dev/sub/disk block special file 7:c8 600 0:0\n"
                    "/dev/queue fifo 0:0 666 0:0\n"
                    "/dev/full2 character special file 1:7 666 0:0\n",
                result);
}

TEST_CASE("devices: a node works") {
  const auto out = run_inside({"--device=/dev/zero:/dev/nothing"},
                              {"sh", "-c", "head -c 3 /dev/nothing | wc -c"});
  CHECK(out == "3\n");
}

TEST_CASE("devices: nothing is made through a symbolic link") {
  const HostUnchanged unchanged;
  const auto root = fresh_root();
  const auto outside = fresh_directory();
  run_program({"ln", "-s", outside + "/victim", root + "/link"});
  run_program({"ln", "-s", "/tmp/victim", root + "/inner"});
  for (const char* path : {"/link", "/inner"}) {
    const auto result = run({"-r", root, std::string("--device=/dev/zero:") + path, "--", "true"});
    CHECK_MESSAGE(result.exit_code == 125, result);
    CHECK(result.last_error().find(path) != std::string::npos);
  }
  CHECK(run_program({"ls", outside}).out == "");
  CHECK(run_program({"ls", root + "/tmp"}).out == "");
}

TEST_CASE("devices: the umask takes nothing from a mode") {
  const auto result = run(
      {"run", "--config",
       launch_file("[container]\numask = 0o077\ncommand = [\"stat\", \"-c\", \"%t:%T %a %u:%g\", "
                   "\"/dev/zero2\"]\n[[devices.nodes]]\npath = \"/dev/zero2\"\ntype = \"c\"\n"
                   "major = 1\nminor = 5\nmode = 0o666\nuid = 7\ngid = 8\n")});
  CHECK_MESSAGE(result.out == "1:5 666 7:8\n", result);
}

TEST_CASE("devices: a directory that is a symbolic link leads nowhere out of the root") {
  const HostUnchanged unchanged;
  const auto root = fresh_root();
  const auto outside = fresh_directory();
  run_program({"ln", "-s", outside, root + "/away"});
  run_program({"ln", "-s", "../../../../../../.." + outside, root + "/up"});
  for (const char* path : {"/away/x", "/up/x"})
    static_cast<void>(run({"-r", root, std::string("--device=/dev/zero:") + path, "--", "true"}));
  CHECK(run_program({"ls", outside}).out == "");
}

TEST_CASE("devices: in a user namespace a node is the host's own, and what it lacks is told") {
  const HostUnchanged unchanged;
  const std::string in_user =
      "[pid]\n[user]\nuid_map = [{ container = 0, host = 100000, size = 65536 }]\n"
      "gid_map = [{ container = 0, host = 100000, size = 65536 }]\n"
      "[[devices.nodes]]\npath = \"/dev/zero2\"\n";
  const auto use = [&](const std::string& rest) {
    return run({"run", "--config", launch_file(in_user + rest), "--", "sh", "-c",
                "stat -c %t:%T:%a /dev/zero2; head -c 2 /dev/zero2 | wc -c"});
  };
  const auto plain = use("source = \"/dev/zero\"\n");
  CHECK_MESSAGE(plain.out == "1:5:666\n2\n", plain);
  CHECK(plain.err.empty());
  const auto other = use("source = \"/dev/zero\"\nmode = 0o600\n");
  CHECK_MESSAGE(other.out == "1:5:666\n2\n", other);
  CHECK(other.err.find("'/dev/zero2' is the host's node, with the host's mode") !=
        std::string::npos);
  const auto none = use("type = \"c\"\nmajor = 1\nminor = 5\n");
  CHECK(none.exit_code == 125);
  CHECK_MESSAGE(none.last_error().find("give the host's node as source") != std::string::npos,
                none);
}

TEST_CASE("devices: in a user namespace the host's node must be the device, and runs nothing") {
  const HostUnchanged unchanged;
  const auto file = launch_file(
      "[pid]\n[user]\nuid_map = [{ container = 0, host = 100000, size = 65536 }]\n"
      "gid_map = [{ container = 0, host = 100000, size = 65536 }]\n");
  const auto mounted = run({"run", "--config", file, "--", "grep", " /dev/full ", "/proc/mounts"});
  CHECK_MESSAGE(mounted.out.find("nosuid,noexec") != std::string::npos, mounted);
  const auto other = write_file("full", "");
  REQUIRE(::mount(other.c_str(), "/dev/full", nullptr, MS_BIND, nullptr) == 0);
  const auto refused = run({"run", "--config", file, "--", "true"});
  ::umount2("/dev/full", MNT_DETACH);
  CHECK(refused.exit_code == 125);
  CHECK_MESSAGE(refused.last_error().find("'/dev/full' is not the device 1:7") != std::string::npos,
                refused);
}

TEST_CASE("devices: bad input gets one line") {
  const HostUnchanged unchanged;
  const auto refused = [](const std::string& table) {
    const auto result =
        run({"run", "--config", launch_file("[container]\ncommand = [\"true\"]\n" + table)});
    CHECK_MESSAGE(result.exit_code == 125, table, result);
    return result.last_error();
  };
  const std::string node = "[[devices.nodes]]\npath = \"/dev/x\"\n";
  CHECK(refused(node).find("neither") != std::string::npos);
  CHECK(refused(node + "type = \"c\"\nmajor = 1\n").find("minor") != std::string::npos);
  CHECK(refused(node + "type = \"c\"\nmajor = -1\nminor = 0\n").find("major") != std::string::npos);
  CHECK(refused(node + "type = \"x\"\n").find("type") != std::string::npos);
  CHECK(refused(node + "source = \"/etc/passwd\"\n").find("not a device") != std::string::npos);
  CHECK(refused(node + "source = \"/dev/none\"\n").find("ENOENT") != std::string::npos);
  CHECK(refused("[devices]\nadd = [\"/dev/zero:/dev/../../x\"]\n").find("'..'") !=
        std::string::npos);
  CHECK(refused("[devices]\nadd = [\"zero\"]\n").find("absolute") != std::string::npos);
  CHECK(refused("[devices]\nadd = [\"/dev/zero:/dev/z:rwm\"]\n").find("leave ':rwm' out") !=
        std::string::npos);
  CHECK(refused("[[devices.nodes]]\ntype = \"c\"\n").find("no path") != std::string::npos);
}

}  // namespace
