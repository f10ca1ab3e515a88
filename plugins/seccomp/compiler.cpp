// SPDX-License-Identifier: Apache-2.0
#include "compiler.hpp"

#include <dlfcn.h>
#include <seccomp.h>
#include <sys/mman.h>

#include <algorithm>
#include <memory>

#include "groups.hpp"
#include "mini_container/fd.hpp"
#include "mini_container/nearest.hpp"

namespace seccomp {

namespace {

// The boundary to the library: what is used of it, found by name, kept for the process's life.
struct Library {
  void* handle = nullptr;
  decltype(&::seccomp_init) init = nullptr;
  decltype(&::seccomp_release) release = nullptr;
  decltype(&::seccomp_attr_set) attr_set = nullptr;
  decltype(&::seccomp_arch_native) arch_native = nullptr;
  decltype(&::seccomp_arch_add) arch_add = nullptr;
  decltype(&::seccomp_arch_remove) arch_remove = nullptr;
  decltype(&::seccomp_rule_add_array) rule_add_array = nullptr;
  decltype(&::seccomp_syscall_resolve_name) resolve_name = nullptr;
  decltype(&::seccomp_export_bpf) export_bpf = nullptr;
};

constexpr char library_file[] = "libseccomp.so.2";

template <class Function>
void find(void* handle, const char* name, Function& out) {
  out = reinterpret_cast<Function>(::dlsym(handle, name));
  if (out == nullptr) mc::fail("'", library_file, "' has no ", name);
}

const Library& library() {
  static const Library loaded = [] {
    Library lib;
    lib.handle = ::dlopen(library_file, RTLD_NOW | RTLD_LOCAL);
    if (lib.handle == nullptr) {
      const char* reason = ::dlerror();
      mc::fail("load '", library_file, "': ", reason != nullptr ? reason : "no reason given",
               mc::Hint{"install the package libseccomp2"});
    }
    find(lib.handle, "seccomp_init", lib.init);
    find(lib.handle, "seccomp_release", lib.release);
    find(lib.handle, "seccomp_attr_set", lib.attr_set);
    find(lib.handle, "seccomp_arch_native", lib.arch_native);
    find(lib.handle, "seccomp_arch_add", lib.arch_add);
    find(lib.handle, "seccomp_arch_remove", lib.arch_remove);
    find(lib.handle, "seccomp_rule_add_array", lib.rule_add_array);
    find(lib.handle, "seccomp_syscall_resolve_name", lib.resolve_name);
    find(lib.handle, "seccomp_export_bpf", lib.export_bpf);
    return lib;
  }();
  return loaded;
}

/// The library gives a negative errno.
void check_library(int result, std::string_view attempt) {
  if (result < 0) mc::fail_with(-result, attempt);
}

struct Architecture {
  std::string_view name;
  std::uint32_t token;
};
// "x86_64" as well as "SCMP_ARCH_X86_64".
constexpr Architecture architectures[] = {
    {"native", SCMP_ARCH_NATIVE},
    {"x86", SCMP_ARCH_X86},
    {"x86_64", SCMP_ARCH_X86_64},
    {"x32", SCMP_ARCH_X32},
    {"arm", SCMP_ARCH_ARM},
    {"aarch64", SCMP_ARCH_AARCH64},
    {"mips", SCMP_ARCH_MIPS},
    {"mips64", SCMP_ARCH_MIPS64},
    {"mips64n32", SCMP_ARCH_MIPS64N32},
    {"mipsel", SCMP_ARCH_MIPSEL},
    {"mipsel64", SCMP_ARCH_MIPSEL64},
    {"mipsel64n32", SCMP_ARCH_MIPSEL64N32},
    {"ppc", SCMP_ARCH_PPC},
    {"ppc64", SCMP_ARCH_PPC64},
    {"ppc64le", SCMP_ARCH_PPC64LE},
    {"s390", SCMP_ARCH_S390},
    {"s390x", SCMP_ARCH_S390X},
    {"parisc", SCMP_ARCH_PARISC},
    {"parisc64", SCMP_ARCH_PARISC64},
    {"riscv64", SCMP_ARCH_RISCV64},
};

std::uint32_t architecture_named(const std::string& name) {
  std::string plain = name;
  for (char& c : plain)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  constexpr std::string_view prefix = "scmp_arch_";
  if (plain.starts_with(prefix)) plain.erase(0, prefix.size());
  std::vector<std::string_view> names;
  for (const Architecture& each : architectures) {
    if (each.name == plain) return each.token;
    names.push_back(each.name);
  }
  mc::fail("unknown architecture '", name.substr(0, 64), "'",
           mc::Hint{mc::did_you_mean(plain, names, "they are named as in SCMP_ARCH_X86_64")});
}

#if defined(__x86_64__) || defined(__aarch64__) || defined(__riscv)
// Younger than the library may be. From 424 on, these machines share the kernel's numbers.
struct Numbered {
  std::string_view name;
  int number;
};
constexpr Numbered young_calls[] = {
    {"cachestat", 451},         {"fchmodat2", 452},        {"map_shadow_stack", 453},
    {"futex_wake", 454},        {"futex_wait", 455},       {"futex_requeue", 456},
    {"statmount", 457},         {"listmount", 458},        {"lsm_get_self_attr", 459},
    {"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
    {"setxattrat", 463},        {"getxattrat", 464},       {"listxattrat", 465},
    {"removexattrat", 466},     {"open_tree_attr", 467},
};
#endif

class Filter {
 public:
  explicit Filter(const Profile& profile)
      : lib_(library()),
        owner_(lib_.init(action(profile.default_action, profile.default_data)), lib_.release),
        context_(owner_.get()) {
    if (context_ == nullptr) mc::fail("make a filter: the library refused the default action");
    // A call made the way of another machine (i386, x32) never reaches the rules of this one.
    check_library(lib_.attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS),
                  "close the other architectures");
    // A binary tree: the kernel walks it for every call number when the filter is loaded.
    check_library(lib_.attr_set(context_, SCMP_FLTATR_CTL_OPTIMIZE, 2), "ask for a binary tree");
    add_architectures(profile);
    for (const Rule& rule : profile.rules) add(rule, profile);
  }

  [[nodiscard]] Program program() const {
    const mc::Fd memory(mc::check(::memfd_create("seccomp", MFD_CLOEXEC), "make a memory file"));
    check_library(lib_.export_bpf(context_, memory.get()), "compile the filter");
    mc::check(::lseek(memory.get(), 0, SEEK_SET), "read the compiled filter");
    const std::string bytes = mc::read_all(memory.get(), "the compiled filter");
    Program out(bytes.size() / sizeof(sock_filter));
    if (out.empty() || out.size() > BPF_MAXINSNS)
      mc::fail("the filter has ", out.size(), " instructions; the kernel takes ", BPF_MAXINSNS,
               mc::Hint{"use fewer rules or fewer architectures"});
    std::memcpy(out.data(), bytes.data(), out.size() * sizeof(sock_filter));
    return out;
  }

 private:
  static std::uint32_t action(Action action, std::uint32_t data) {
    switch (action) {
      case Action::allow:
        return SCMP_ACT_ALLOW;
      case Action::error:
        return SCMP_ACT_ERRNO(data);
      case Action::kill_process:
        return SCMP_ACT_KILL_PROCESS;
      case Action::kill_thread:
        return SCMP_ACT_KILL_THREAD;
      case Action::trap:
        return SCMP_ACT_TRAP;
      case Action::trace:
        return SCMP_ACT_TRACE(data);
      case Action::log:
        return SCMP_ACT_LOG;
      case Action::notify:
        return SCMP_ACT_NOTIFY;
    }
    return SCMP_ACT_KILL_PROCESS;
  }

  static scmp_compare comparison(Compare compare) {
    switch (compare) {
      case Compare::not_equal:
        return SCMP_CMP_NE;
      case Compare::less:
        return SCMP_CMP_LT;
      case Compare::less_or_equal:
        return SCMP_CMP_LE;
      case Compare::equal:
        return SCMP_CMP_EQ;
      case Compare::greater_or_equal:
        return SCMP_CMP_GE;
      case Compare::greater:
        return SCMP_CMP_GT;
      case Compare::masked_equal:
        return SCMP_CMP_MASKED_EQ;
    }
    return SCMP_CMP_EQ;
  }

  void add_architectures(const Profile& profile) {
    if (profile.architectures.empty()) return;
    bool native = false;
    for (const std::string& name : profile.architectures) {
      const std::uint32_t token = architecture_named(name);
      if (token == SCMP_ARCH_NATIVE || token == lib_.arch_native()) {
        native = true;
        continue;
      }
      const int result = lib_.arch_add(context_, token);
      if (result == -EEXIST) continue;
      if (result == -EINVAL || result == -EDOM)
        mc::fail("architecture '", name, "' cannot be in one filter with this machine's",
                 mc::Hint{"a filter holds architectures of one byte order"});
      check_library(result, "add architecture '" + name + "' to the filter");
      ++others_;
    }
    if (native) return;
    mc::fail("the architectures of the filter leave out this machine's own: no program could run",
             mc::Hint{"add \"native\""});
  }

  [[nodiscard]] int number_of(const std::string& name) const {
    const int number = lib_.resolve_name(name.c_str());
    if (number != __NR_SCMP_ERROR) return number;
#if defined(__x86_64__) || defined(__aarch64__) || defined(__riscv)
    for (const Numbered& each : young_calls)
      if (each.name == name && others_ == 0) return each.number;
#endif
    return __NR_SCMP_ERROR;
  }

  void add(const Rule& rule, const Profile& profile) {
    // The library refuses a rule that says what the default says.
    const std::uint32_t todo = action(rule.action, rule.data);
    if (todo == action(profile.default_action, profile.default_data)) return;
    std::vector<scmp_arg_cmp> all;
    for (const Argument& each : rule.arguments)
      all.push_back({each.index, comparison(each.compare), each.value, each.value_two});
    for (const std::string& name : rule.names) {
      const int number = number_of(name);
      if (number == __NR_SCMP_ERROR) {
        if (rule.ignore_unknown) continue;
        mc::fail(rule.place, ": unknown system call '", name.substr(0, 64), "'",
                 mc::Hint{mc::did_you_mean(name, known_calls(),
                                           "syscalls(2) lists them; groups are written @NAME")});
      }
      const int result = lib_.rule_add_array(context_, todo, number,
                                             static_cast<unsigned>(all.size()), all.data());
      // EEXIST: the same call was given before; the first one holds.
      if (result < 0 && result != -EEXIST)
        mc::fail_with(-result, rule.place, ": add the system call '", name, "' to the filter");
    }
  }

  const Library& lib_;
  std::unique_ptr<void, decltype(&::seccomp_release)> owner_;
  scmp_filter_ctx context_;
  std::size_t others_ = 0;
};

}  // namespace

Program compile(const Profile& profile) { return Filter(profile).program(); }

}  // namespace seccomp
