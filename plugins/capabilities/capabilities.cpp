// SPDX-License-Identifier: Apache-2.0
// The five capability sets of the command: capabilities(7).
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <utility>

#include "capability_names.hpp"
#include "mini_container/plugin.hpp"

namespace capabilities {

namespace {

// What container engines leave a container by default: enough for a package manager and a
// service that changes to its own user, nothing that reaches beyond the container.
constexpr Set default_set = bit(CAP_CHOWN) | bit(CAP_DAC_OVERRIDE) | bit(CAP_FOWNER) |
                            bit(CAP_FSETID) | bit(CAP_KILL) | bit(CAP_SETGID) | bit(CAP_SETUID) |
                            bit(CAP_SETPCAP) | bit(CAP_NET_BIND_SERVICE) | bit(CAP_SYS_CHROOT) |
                            bit(CAP_SETFCAP);

struct ThreadSets {
  Set effective = 0;
  Set permitted = 0;
  Set inheritable = 0;
};

__user_cap_header_struct header() { return {_LINUX_CAPABILITY_VERSION_3, 0}; }

Set join_halves(std::uint32_t low, std::uint32_t high) { return (Set{high} << 32) | low; }

ThreadSets get_sets() {
  auto head = header();
  std::array<__user_cap_data_struct, 2> data{};
  mc::check(::syscall(SYS_capget, &head, data.data()), "read this process's capabilities");
  return {join_halves(data[0].effective, data[1].effective),
          join_halves(data[0].permitted, data[1].permitted),
          join_halves(data[0].inheritable, data[1].inheritable)};
}

void set_sets(const ThreadSets& sets) {
  auto head = header();
  std::array<__user_cap_data_struct, 2> data{};
  for (std::size_t half = 0; half < 2; ++half) {
    data[half].effective = static_cast<std::uint32_t>(sets.effective >> (32 * half));
    data[half].permitted = static_cast<std::uint32_t>(sets.permitted >> (32 * half));
    data[half].inheritable = static_cast<std::uint32_t>(sets.inheritable >> (32 * half));
  }
  mc::check(::syscall(SYS_capset, &head, data.data()), "set the capabilities to permitted ",
            names_of(sets.permitted), ", inheritable ", names_of(sets.inheritable));
}

/// Those of `asked` that the bounding set has.
Set in_bounding(Set asked) {
  Set set = 0;
  for (unsigned i = 0; i < 64; ++i) {
    if ((asked & bit(i)) == 0) continue;
    const int has = ::prctl(PR_CAPBSET_READ, i, 0, 0, 0);
    if (has < 0) break;  // EINVAL: beyond the kernel's last capability.
    if (has == 1) set |= bit(i);
  }
  return set;
}

struct SecureBit {
  std::string_view name;
  unsigned long value;
};
constexpr SecureBit secure_bits[] = {
    {"noroot", SECBIT_NOROOT},
    {"noroot_locked", SECBIT_NOROOT_LOCKED},
    {"no_setuid_fixup", SECBIT_NO_SETUID_FIXUP},
    {"no_setuid_fixup_locked", SECBIT_NO_SETUID_FIXUP_LOCKED},
    {"keep_caps_locked", SECBIT_KEEP_CAPS_LOCKED},
    {"no_cap_ambient_raise", SECBIT_NO_CAP_AMBIENT_RAISE},
    {"no_cap_ambient_raise_locked", SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED},
};

unsigned long read_secure_bits(const mc::Node& list) {
  unsigned long out = 0;
  for (const mc::Node item : list)
    for (const SecureBit& each : secure_bits)
      if (item.text() == each.name) out |= each.value;
  return out;
}

}  // namespace

class Capabilities {
 public:
  explicit Capabilities(const mc::Host& host)
      : config_(host.config()), best_effort_(config_.boolean("best_effort")) {
    const bool names_any = config_.size() > 1;  // best_effort is always there.
    const Set all = in_bounding(names_any ? all_known() : default_set);
    base_ = config_.has("keep") ? read("keep", all) : default_set & all;
    base_ &= ~read("drop", ~Set{0});
    bounding_ = sets_or("bounding", all, base_);
    permitted_ = sets_or("permitted", all, base_);
    effective_ = sets_or("effective", all, config_.has("permitted") ? permitted_ : base_);
    inheritable_ = sets_or("inheritable", all, 0);
    ambient_ = sets_or("ambient", all, 0);
    secure_bits_ = read_secure_bits(config_["securebits"]);
    within("effective", effective_, "permitted", permitted_);
    within("inheritable", inheritable_, "bounding", bounding_);
    within("ambient", ambient_, "permitted", permitted_);
    // Engines emptied the inheritable set when it turned out to be a hole, and list these still:
    // that is no news, and without a log file it would be in the container's standard error.
    const std::string others = std::exchange(unfit_, {});
    within("ambient", ambient_, "inheritable", inheritable_);
    usual_ = std::exchange(unfit_, others);
    host.tell("capabilities.bounding", std::to_string(bounding_));
  }

  void plan(mc::Host& host) { tell_passed_over(host); }

  void seal(mc::Host& host, const mc::Call& call) {
    if (call.exec()) tell_passed_over(host);  // no plan went before
    const ThreadSets have = get_sets();
    grant(host, have);
    host.debug("bounding ", names_of(bounding_), "; permitted ", names_of(permitted_), "; ambient ",
               names_of(ambient_));
    drop_bounding();
    if (secure_bits_ != 0)
      mc::check(::prctl(PR_SET_SECUREBITS, secure_bits_, 0, 0, 0), "set the securebits");
    mc::check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0),
              "clear the ambient capabilities");
    warn_of_more(host);
    // seccomp(2) wants CAP_SYS_ADMIN where no_new_privs is not set, and a filter comes after us.
    // The bounding set has lost it, so execve takes it away.
    Set until_exec = 0;
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
      until_exec = bit(CAP_SYS_ADMIN) & have.permitted;
    set_sets({effective_ | until_exec, permitted_ | until_exec, inheritable_});
    for (unsigned i = 0; i < 64; ++i)
      if ((ambient_ & bit(i)) != 0)
        mc::check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0),
                  "make capability ambient: ", names_of(bit(i)));
  }

 private:
  void tell_passed_over(const mc::Host& host) const {
    if (!unknown_.empty()) host.warn("passed over, unknown here: ", unknown_);
    if (!unfit_.empty()) host.warn("passed over: ", unfit_);
    if (!usual_.empty()) host.info("passed over: ", usual_);
  }

  Set read(const char* key, Set all) {
    return read_set(config_[key], all, best_effort_ ? &unknown_ : nullptr);
  }
  Set sets_or(const char* key, Set all, Set otherwise) {
    return config_.has(key) ? read(key, all) : otherwise;
  }

  /// The kernel refuses a set that is not within the other; the smaller is cut on best effort.
  void within(const char* name, Set& set, const char* other_name, Set other) {
    const Set outside = set & ~other;
    if (outside == 0) return;
    if (!best_effort_)
      mc::fail(config_.where(), ": ", name, " has ", names_of(outside), ", which ", other_name,
               " has not", mc::Hint{mc::concat("add it to '", other_name, "' too")});
    unfit_ += mc::concat(unfit_.empty() ? "" : "; ", name, " ", names_of(outside), " is not in ",
                         other_name);
    set &= other;
  }

  /// Of what is asked for, what this process may give.
  void grant(const mc::Host& host, const ThreadSets& have) {
    const Set wanted = bounding_ | permitted_ | inheritable_;
    const Set missing = wanted & ~(have.permitted & in_bounding(wanted));
    if (missing == 0) return;
    if (!best_effort_)
      mc::fail_with(EPERM, "give the command ", names_of(missing),
                    ": the runtime itself has not got it",
                    mc::Hint{"drop it, run with more rights, or set best_effort = true"});
    host.warn("not given, since the runtime has not got it: ", names_of(missing));
    for (Set* set : {&bounding_, &permitted_, &effective_, &inheritable_, &ambient_})
      *set &= ~missing;
  }

  /// capabilities(7), "Capabilities and execution of programs by root": what execve will give to
  /// user 0 beyond the sets that were asked for by name.
  void warn_of_more(const mc::Host& host) const {
    if (::geteuid() != 0 || (secure_bits_ & SECBIT_NOROOT) != 0) return;
    Set given = bounding_ | inheritable_;
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) given &= permitted_;
    const Set asked = config_.has("effective") ? effective_ : permitted_;
    if (!config_.has("permitted") && !config_.has("effective")) return;
    if ((given & ~asked) != 0)
      host.warn(
          "execve(2) gives user 0 ", names_of(given & ~asked),
          " too; leave it out of 'bounding' and 'permitted', or set securebits = [\"noroot\"]");
  }

  void drop_bounding() const {
    for (unsigned i = 0; i < 64; ++i) {
      if ((bounding_ & bit(i)) != 0) continue;
      if (::prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0) continue;
      if (errno == EINVAL) break;  // Beyond the kernel's last capability.
      mc::check(-1, "drop ", names_of(bit(i)), " from the bounding set",
                mc::Hint{"this needs CAP_SETPCAP; 'user' gives it to ordinary users"});
    }
  }

  mc::Node config_;
  bool best_effort_;
  Set base_ = 0;
  Set bounding_ = 0;
  Set permitted_ = 0;
  Set effective_ = 0;
  Set inheritable_ = 0;
  Set ambient_ = 0;
  unsigned long secure_bits_ = 0;
  std::string unknown_;
  std::string unfit_;
  std::string usual_;
};

namespace {

constexpr const char* secure_bit_names[] = {"noroot",
                                            "noroot_locked",
                                            "no_setuid_fixup",
                                            "no_setuid_fixup_locked",
                                            "keep_caps_locked",
                                            "no_cap_ambient_raise",
                                            "no_cap_ambient_raise_locked",
                                            nullptr};

constexpr mc_option set_option(const char* key, const char* help) {
  return mc::option(
      {.type = MC_LIST, .element = MC_STRING, .key = key, .help = help, .value_name = "NAME"});
}

constexpr mc_option options[] = {
    set_option("keep",
               "The capabilities to keep, in place of the default set; \"all\" for every "
               "one that the runtime has"),
    set_option("drop", "Taken out of those that are kept; \"all\" for every one"),
    set_option("bounding", "The bounding set, in place of what keep and drop give"),
    set_option("permitted", "The permitted set, in place of what keep and drop give"),
    set_option("effective", "The effective set; those of the permitted set where it is left out"),
    set_option("inheritable", "The inheritable set; empty where it is left out"),
    set_option("ambient", "The ambient set; empty where it is left out"),
    mc::option({.type = MC_LIST,
                .element = MC_CHOICE,
                .key = "securebits",
                .help = "Securebits flags to set",
                .choices = secure_bit_names}),
    mc::option({.type = MC_BOOL,
                .key = "best_effort",
                .help = "Warn of capabilities that are unknown or cannot be given, and go on",
                .default_text = "false"}),
};
// These need capabilities that the command is not to have.
constexpr const char* after[] = {"rlimits", "keyring",    "lsm",          "landlock",
                                 "sysctl",  "scheduling", "no_new_privs", nullptr};

}  // namespace

}  // namespace capabilities

MC_PLUGIN(capabilities::Capabilities,
          {.name = "capabilities",
           .summary = "The capabilities that the command has and can ever get",
           .flags = MC_PLUGIN_STATELESS | MC_PLUGIN_SHARES_MEMORY | MC_PLUGIN_SETS_CAPABILITIES,
           .options = capabilities::options,
           .after = capabilities::after})
