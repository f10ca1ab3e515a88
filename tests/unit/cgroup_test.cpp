// SPDX-License-Identifier: Apache-2.0
// The parts of the cgroup plugin, against recorded machines and a tree of plain files.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "plugins/cgroup/device_rules.hpp"
#include "plugins/cgroup/directory.hpp"
#include "plugins/cgroup/limits.hpp"
#include "plugins/cgroup/ownership.hpp"
#include "plugins/cgroup/place.hpp"
#include "plugins/cgroup/statistics.hpp"

namespace {

using namespace cgroup;
namespace fs = std::filesystem;

constexpr const char* hybrid_mounts =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/mem\\040ory rw,relatime - cgroup cgroup rw,memory\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* hybrid_own =
    "9:name=systemd:/user.slice\n"
    "4:memory:/a:b\n"
    "1:cpu,cpuacct:/\n"
    "0::/user.slice/session-1.scope\n";

// A v2 tree of plain files, as a recorded machine shows it.
class Tree {
 public:
  Tree() {
    char pattern[] = "/tmp/cgroup_tree_XXXXXX";
    REQUIRE(::mkdtemp(pattern) != nullptr);
    top_ = pattern;
    hierarchy_.unified = true;
    hierarchy_.controllers = {"cpu", "memory", "pids", "io", "hugetlb"};
    hierarchy_.mount_point = top_;
    hierarchy_.mount_root = "/";
    hierarchy_.own_path = "/user";
    struct statfs found {};
    REQUIRE(::statfs(top_.c_str(), &found) == 0);
    hierarchy_.magic = found.f_type;
  }
  ~Tree() { fs::remove_all(top_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  void file(const std::string& path, const std::string& text = "") const {
    fs::create_directories(fs::path(top_ + path).parent_path());
    std::ofstream(top_ + path) << text;
  }
  [[nodiscard]] std::string read(const std::string& path) const {
    std::ifstream in(top_ + path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] const std::string& top() const { return top_; }
  [[nodiscard]] const Hierarchy& hierarchy() const { return hierarchy_; }

 private:
  std::string top_;
  Hierarchy hierarchy_;
};

std::string text_of(const std::vector<Write>& writes) {
  std::string out;
  for (const Write& write : writes) out += write.file + "=" + write.text + "\n";
  return out;
}

std::string error_of(const auto& body) {
  try {
    body();
  } catch (const mc::Error& error) {
    return error.attempt();
  }
  return "";
}

// What the program says of one access, run as the kernel would.
bool allowed(const std::vector<bpf_insn>& program, int kind, int access, int major, int minor) {
  std::uint64_t registers[11] = {};
  const std::uint32_t context[] = {static_cast<std::uint32_t>(kind | access << 16),
                                   static_cast<std::uint32_t>(major),
                                   static_cast<std::uint32_t>(minor)};
  for (std::size_t at = 0; at < program.size(); ++at) {
    const bpf_insn& step = program[at];
    auto& target = registers[step.dst_reg];
    const auto value = static_cast<std::uint64_t>(static_cast<std::int64_t>(step.imm));
    switch (step.code) {
      case BPF_LDX | BPF_MEM | BPF_W:
        target = context[step.off / 4];
        break;
      case BPF_ALU64 | BPF_MOV | BPF_X:
        target = registers[step.src_reg];
        break;
      case BPF_ALU64 | BPF_MOV | BPF_K:
        target = value;
        break;
      case BPF_ALU64 | BPF_AND | BPF_K:
        target &= value;
        break;
      case BPF_ALU64 | BPF_RSH | BPF_K:
        target >>= value;
        break;
      case BPF_JMP | BPF_JNE | BPF_K:
        if (target != value) at += static_cast<std::size_t>(step.off);
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        if ((target & value) != 0) at += static_cast<std::size_t>(step.off);
        break;
      case BPF_JMP | BPF_JA:
        at += static_cast<std::size_t>(step.off);
        break;
      case BPF_JMP | BPF_EXIT:
        return registers[0] != 0;
      default:
        FAIL("unknown instruction " << int(step.code));
    }
  }
  FAIL("the program runs off its end");
  return false;
}

TEST_CASE("cgroup: a hybrid machine's hierarchies are found") {
  const Hierarchies machine(parse_hierarchies(hybrid_mounts, hybrid_own));
  REQUIRE(machine.all().size() == 4);
  CHECK(machine.of("memory")->mount_point == "/sys/fs/cgroup/mem ory");
  CHECK(machine.of("memory")->own_path == "/a:b");
  CHECK(machine.of("cpuacct") == machine.of("cpu"));
  CHECK(machine.of("cpu")->name() == "cpu,cpuacct");
  CHECK(machine.of("name=systemd")->own_path == "/user.slice");
  CHECK(machine.unified()->own_path == "/user.slice/session-1.scope");
  CHECK(machine.of("pids") == nullptr);
  CHECK(parse_hierarchies("", "").empty());
  CHECK(parse_hierarchies("x\n- cgroup2\n1 2 3 - cgroup2\n", "::\n\n:").empty());
}

TEST_CASE("cgroup: of two mounts of one hierarchy the whole one counts") {
  const auto found = parse_hierarchies(
      "1 1 0:1 /docker/x /inner rw - cgroup2 c rw\n2 1 0:1 / /outer rw - cgroup2 c rw\n", "0::/\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].mount_point == "/outer");
}

TEST_CASE("cgroup: the own cgroup is found below a mount of a part") {
  Hierarchy part;
  part.mount_root = "/docker/x";
  part.own_path = "/docker/x/y";
  CHECK(part.own_path_below_mount() == "/y");
  part.own_path = "/docker/x";
  CHECK(part.own_path_below_mount() == "/");
  part.own_path = "/docker/xy";
  CHECK_THROWS_AS(part.own_path_below_mount(), mc::Error);
}

TEST_CASE("cgroup: a path that leaves its parent is refused") {
  for (const char* path :
       {"", "/", "..", "/a/../b", "/a/..", "./a", "/a/./b", "/a/cgroup.procs", "/a\nb", "///"})
    CHECK_MESSAGE(!error_of([&] { check_path(path, "x.toml:1:1"); }).empty(), path);
  CHECK(!error_of([] { check_path(std::string(300, 'x'), "x"); }).empty());
  CHECK(!error_of([] { check_path(std::string(5000, '/') + "x", "x"); }).empty());
  for (const char* path : {"a", "/a", "/a/b/", "/..a", "/a..b", "/machine.slice/x.scope"})
    CHECK_MESSAGE(error_of([&] { check_path(path, "x"); }) == "", path);
  CHECK(ancestors("/a/b//c") == std::vector<std::string>{"/a", "/a/b", "/a/b/c"});
}

TEST_CASE("cgroup: a directory that is on no cgroup file system is refused") {
  Tree tree;
  tree.file("/a/memory.max");
  Hierarchy wrong = tree.hierarchy();
  wrong.magic = 0x63677270;
  CHECK(error_of([&] { static_cast<void>(open(wrong, "/a")); }).find("not on a cgroup") !=
        std::string::npos);
  CHECK(error_of([&] { static_cast<void>(create(wrong, "/b")); }).find("not on a cgroup") !=
        std::string::npos);
  CHECK(!fs::exists(tree.top() + "/b"));
}

TEST_CASE("cgroup: symbolic links and missing directories in a path") {
  Tree tree;
  tree.file("/a/memory.max");
  fs::create_symlink("/tmp", tree.top() + "/out");
  fs::create_symlink("a", tree.top() + "/in");
  for (const char* path : {"/out", "/in", "/out/x"})
    CHECK_MESSAGE(!error_of([&] { static_cast<void>(open(tree.hierarchy(), path)); }).empty(),
                  path);
  CHECK(!error_of([&] { static_cast<void>(create(tree.hierarchy(), "/in/b")); }).empty());
  CHECK(!try_open(tree.hierarchy(), "/none"));
  CHECK(missing(tree.hierarchy(), "/a/b/c") == std::vector<std::string>{"/a/b", "/a/b/c"});
  CHECK(missing(tree.hierarchy(), "/a").empty());
}

TEST_CASE("cgroup: controllers are handed down, and nothing that is there already") {
  Tree tree;
  for (const char* file : {"/cgroup.subtree_control", "/a/cgroup.subtree_control"})
    tree.file(file, "cpu\n");
  fs::create_directories(tree.top() + "/a/b");
  enable(tree.hierarchy(), "/a/b", {"cpu", "memory", "pids"});
  // A plain file keeps what was there behind the shorter text.
  CHECK(tree.read("/cgroup.subtree_control") == "+memory +pids");
  CHECK(tree.read("/a/cgroup.subtree_control") == "+memory +pids");
}

TEST_CASE("cgroup: limits as v2 has them") {
  Limits limits;
  limits.memory_max = 64 << 20;
  limits.memory_high = 48 << 20;
  limits.memory_low = unlimited;
  limits.memory_swap = 96 << 20;
  limits.cpu_quota = 50000;
  limits.cpu_period = 200000;
  limits.cpu_shares = 1024;
  limits.pids_max = unlimited;
  limits.blkio_weight = 500;
  limits.io_devices.push_back(
      {"8:0", std::nullopt, std::nullopt, 1 << 20, std::nullopt, unlimited, std::nullopt});
  limits.hugetlb.emplace_back("2MB", 4 << 20);
  limits.rdma.push_back({"mlx5_0", 3, unlimited});
  limits.unified.emplace_back("memory.oom.group", "1");
  CHECK(text_of(writes_v2(limits, "memory")) ==
        "memory.low=max\nmemory.high=50331648\nmemory.max=67108864\nmemory.swap.max=33554432\n");
  CHECK(text_of(writes_v2(limits, "cpu")) == "cpu.max=50000 200000\ncpu.weight=39\n");
  CHECK(text_of(writes_v2(limits, "pids")) == "pids.max=max\n");
  CHECK(text_of(writes_v2(limits, "io")) ==
        "io.weight=default 4950\nio.max=8:0 rbps=1048576 riops=max\n");
  CHECK(text_of(writes_v2(limits, "hugetlb")) ==
        "hugetlb.2MB.max=4194304\nhugetlb.2MB.rsvd.max=4194304\n");
  CHECK(text_of(writes_v2(limits, "rdma")) == "rdma.max=mlx5_0 hca_handle=3 hca_object=max\n");
  CHECK(text_of(writes_raw(limits, "memory")) == "memory.oom.group=1\n");
  CHECK(controllers_of(limits) ==
        std::vector<std::string>{"memory", "cpu", "pids", "io", "hugetlb", "rdma"});
}

TEST_CASE("cgroup: limits as v1 has them") {
  Limits limits;
  limits.memory_max = 64 << 20;
  limits.swap_max = 32 << 20;
  limits.oom_kill_disable = true;
  limits.cpu_weight = 100;
  limits.io_weight = 10000;
  limits.io_devices.push_back({"8:0", 20, std::nullopt, unlimited, 5, std::nullopt, std::nullopt});
  limits.class_id = 0x100001;
  limits.priorities.emplace_back("eth0", 5);
  CHECK(text_of(writes_v1(limits, "memory")) ==
        "memory.limit_in_bytes=67108864\nmemory.memsw.limit_in_bytes=100663296\n"
        "memory.oom_control=1\n");
  CHECK(text_of(writes_v1(limits, "cpu")) == "cpu.shares=1024\n");
  CHECK(text_of(writes_v1(limits, "io")) ==
        "blkio.weight=1000\nblkio.weight_device=8:0 20\n"
        "blkio.throttle.read_bps_device=8:0 0\nblkio.throttle.write_bps_device=8:0 5\n");
  CHECK(text_of(writes_v1(limits, "net_cls")) == "net_cls.classid=1048577\n");
  CHECK(text_of(writes_v1(limits, "net_prio")) == "net_prio.ifpriomap=eth0 5\n");
}

TEST_CASE("cgroup: what one version cannot express is an error") {
  Limits limits;
  limits.swappiness = 10;
  CHECK(error_of([&] { writes_v2(limits, "memory"); }).find("swappiness") != std::string::npos);
  limits.memory_high = 1;
  CHECK(error_of([&] { writes_v1(limits, "memory"); }).find("memory_high") != std::string::npos);
  Limits swap;
  swap.memory_swap = 5;
  CHECK(error_of([&] { writes_v2(swap, "memory"); }).find("memory_max") != std::string::npos);
  // An update's, where the memory is what the cgroup has.
  swap.memory_max = 6;
  CHECK(error_of([&] { writes_v2(swap, "memory"); }).find("less than") != std::string::npos);
  Limits sum;
  sum.memory_max = INT64_MAX;
  sum.swap_max = 1;
  CHECK(error_of([&] { writes_v1(sum, "memory"); }).find("too large") != std::string::npos);
}

TEST_CASE("cgroup: shares and weights are converted as OCI runtimes do") {
  CHECK(weight_of_shares(2) == 1);
  CHECK(weight_of_shares(1024) == 39);
  CHECK(weight_of_shares(262144) == 10000);
  CHECK(shares_of_weight(100) == 1024);
  CHECK(io_of_blkio(10) == 1);
  CHECK(io_of_blkio(1000) == 10000);
  CHECK(blkio_of_io(10000) == 1000);
}

TEST_CASE("cgroup: places on a hybrid machine, and a controller that is nowhere") {
  auto found = parse_hierarchies(hybrid_mounts, hybrid_own);
  for (Hierarchy& hierarchy : found)
    if (hierarchy.unified) hierarchy.controllers = {"hugetlb"};
  const Hierarchies machine(found);
  Limits limits;
  limits.memory_max = 1;
  limits.hugetlb.emplace_back("2MB", 1);
  const auto places = choose_places(machine, limits, {"cpuacct", "pids"});
  REQUIRE(places.size() == 3);
  CHECK(places[0].hierarchy.unified);
  CHECK(places[0].controllers == std::vector<std::string>{"hugetlb"});
  CHECK(places[1].hierarchy.name() == "memory");
  CHECK(places[1].needed);
  CHECK(places[2].hierarchy.name() == "cpu,cpuacct");
  CHECK_FALSE(places[2].needed);
  limits.pids_max = 3;
  CHECK(error_of([&] { choose_places(machine, limits, {}); }).find("'pids'") != std::string::npos);
  limits.pids_max.reset();
  limits.unified.emplace_back("memory.high", "1");
  const auto both = choose_places(machine, limits, {});
  CHECK(error_of([&] { writes_for(both[1], limits); }).find("memory.high") != std::string::npos);
}

TEST_CASE("cgroup: the later device rule wins, right by right") {
  constexpr int block = BPF_DEVCG_DEV_BLOCK, character = BPF_DEVCG_DEV_CHAR;
  constexpr int make = BPF_DEVCG_ACC_MKNOD, read = BPF_DEVCG_ACC_READ, write = BPF_DEVCG_ACC_WRITE;
  const std::vector<DeviceRule> rules = {
      {false, 'a', -1, -1},
      {true, 'c', 1, 3, true, true, false},
      {true, 'b', 8, -1, true, false, false},
      {false, 'b', 8, 1, true, false, false},
  };
  const auto program = device_program(rules);
  CHECK(allowed(program, character, read, 1, 3));
  CHECK(allowed(program, character, read | write, 1, 3));
  CHECK_FALSE(allowed(program, character, read | make, 1, 3));
  CHECK_FALSE(allowed(program, block, read, 1, 3));
  CHECK(allowed(program, block, read, 8, 2));
  CHECK_FALSE(allowed(program, block, read | write, 8, 2));
  CHECK_FALSE(allowed(program, block, read, 8, 1));
  CHECK_FALSE(allowed(program, character, read, 10, 200));
  CHECK(allowed(device_program({}), block, read | write | make, 8, 0));
  // Two rules together grant what neither does alone.
  const auto two = device_program({{false, 'a', -1, -1},
                                   {true, 'c', 5, 1, true, false, false},
                                   {true, 'c', 5, -1, false, true, false}});
  CHECK(allowed(two, character, read | write, 5, 1));
  CHECK_FALSE(allowed(two, character, read | write, 5, 2));
}

TEST_CASE("cgroup: device rules as lines for v1") {
  std::string out;
  for (const auto& line : device_lines({{false, 'a', -1, -1},
                                        {true, 'c', 1, -1, true, false, true},
                                        {true, 'a', -1, -1, true, false, false}}))
    out += std::string(line.file) + " " + line.text + "\n";
  CHECK(out ==
        "devices.deny a\ndevices.allow c 1:* rm\n"
        "devices.allow b *:* r\ndevices.allow c *:* r\n");
}

TEST_CASE("cgroup: the record holds what is needed to undo it, and a damaged one is refused") {
  Tree tree;
  const mc::Fd state(::open(tree.top().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Place place;
  place.hierarchy = tree.hierarchy();
  place.path = "/a b/c";
  place.made = {"/a b", "/a b/c"};
  write_record(state.get(), {place}, "x.scope");
  const Record record = read_record(state.get());
  CHECK(record.unit == "x.scope");
  REQUIRE(record.places.size() == 1);
  CHECK(record.places[0].path == "/a b/c");
  CHECK(record.places[0].made == place.made);
  CHECK(record.places[0].hierarchy.mount_point == tree.top());
  for (const char* text : {"at /x\n", "v2 memory\n", "v2 |/m\nat /a/../b\n", "nonsense\n"}) {
    tree.file("/cgroups", text);
    CHECK_MESSAGE(!error_of([&] { read_record(state.get()); }).empty(), text);
  }
}

TEST_CASE("cgroup: what an id of a user namespace is outside") {
  const char* map =
      "         0     100000       1000\n"
      "      5000     300000         10\n";
  CHECK(mapped_id(map, 0) == 100000);
  CHECK(mapped_id(map, 999) == 100999);
  CHECK_FALSE(mapped_id(map, 1000));
  CHECK(mapped_id(map, 5009) == 300009);
  CHECK_FALSE(mapped_id(map, 5010));
  CHECK(mapped_id("         0          0 4294967295\n", 4294967294) == 4294967294);
  CHECK_FALSE(mapped_id("", 0));
}

TEST_CASE("cgroup: statistics of a recorded v2 tree") {
  Tree tree;
  tree.file("/c/cpu.stat",
            "usage_usec 10\nuser_usec 4\nsystem_usec 6\nnr_periods 3\nnr_throttled 1\n"
            "throttled_usec 7\n");
  tree.file("/c/memory.current", "4096\n");
  tree.file("/c/memory.max", "max\n");
  tree.file("/c/memory.stat", "anon 1\nfile 2\n");
  tree.file("/c/memory.events", "low 0\nmax 5\noom 1\noom_kill 2\noom_group_kill 0\n");
  tree.file("/c/pids.current", "3\n");
  tree.file("/c/pids.max", "max\n");
  tree.file("/c/io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n");
  Place place;
  place.hierarchy = tree.hierarchy();
  place.path = "/c";
  place.controllers = {"cpu", "memory", "pids", "io"};
  CHECK(oom_kills({place}) == 2);
  CHECK(statistics({place}) ==
        R"({"cpu":{"usage":{"total":10000,"kernel":6000,"user":4000},)"
        R"("throttling":{"periods":3,"throttledPeriods":1,"throttledTime":7000}},)"
        R"("memory":{"cache":2,"usage":{"usage":4096,"limit":18446744073709551615,"failcnt":5},)"
        R"("swap":{},"raw":{"anon":1,"file":2}},"pids":{"current":3,"limit":0},)"
        R"("blkio":{"ioServiceBytesRecursive":[{"major":8,"minor":0,"op":"Read","value":1},)"
        R"({"major":8,"minor":0,"op":"Write","value":2}],)"
        R"("ioServicedRecursive":[{"major":8,"minor":0,"op":"Read","value":3},)"
        R"({"major":8,"minor":0,"op":"Write","value":4}]},"oom_kills":2})");
}

TEST_CASE("cgroup: the processors' times of a recorded v1 tree") {
  Tree tree;
  tree.file("/c/cpuacct.usage", "26\n");
  tree.file("/c/cpuacct.usage_percpu", "12 14 \n");
  tree.file("/c/cpuacct.usage_all", "cpu user system\n0 5 7\n1 6 8\n");
  Place place;
  place.hierarchy = tree.hierarchy();
  place.hierarchy.unified = false;
  place.path = "/c";
  place.controllers = {"cpuacct"};
  CHECK(statistics({place}).starts_with(R"({"cpu":{"usage":{"total":26,"percpu":[12,14],)"
                                        R"("percpu_kernel":[7,8],"percpu_user":[5,6]}})"));
}

}  // namespace
