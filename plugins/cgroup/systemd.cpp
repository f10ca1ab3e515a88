// SPDX-License-Identifier: Apache-2.0
// org.freedesktop.systemd1(5). libsystemd alone knows D-Bus here.
#include "systemd.hpp"

#include <dlfcn.h>
#include <signal.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <ctime>
#include <memory>

namespace cgroup {

namespace {

constexpr const char* service = "org.freedesktop.systemd1";
constexpr const char* object = "/org/freedesktop/systemd1";
constexpr const char* manager = "org.freedesktop.systemd1.Manager";
constexpr std::uint64_t patience = 5'000'000;  // microseconds

// What of sd-bus is used, looked up by name in the library.
struct Library {
  decltype(&sd_bus_default_system) default_system;
  decltype(&sd_bus_default_user) default_user;
  decltype(&sd_bus_message_new_method_call) new_call;
  decltype(&sd_bus_message_append) append;
  decltype(&sd_bus_message_open_container) open_container;
  decltype(&sd_bus_message_close_container) close_container;
  decltype(&sd_bus_message_read) read;
  decltype(&sd_bus_message_unref) unref_message;
  decltype(&sd_bus_call) call;
  decltype(&sd_bus_call_method) call_method;
  decltype(&sd_bus_match_signal) match_signal;
  decltype(&sd_bus_process) process;
  decltype(&sd_bus_wait) wait;
  decltype(&sd_bus_error_free) free_error;
  decltype(&sd_bus_flush_close_unref) close_bus;

  Library() {
    void* handle = ::dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr)
      mc::fail("load libsystemd.so.0: ", ::dlerror(),
               mc::Hint{"install libsystemd0, or use cgroup.driver = \"cgroupfs\""});
    const auto find = [&](auto& function, const char* name) {
      function =
          reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(handle, name));
      if (function == nullptr) mc::fail("libsystemd.so.0 has no '", name, "'");
    };
    find(default_system, "sd_bus_default_system");
    find(default_user, "sd_bus_default_user");
    find(new_call, "sd_bus_message_new_method_call");
    find(append, "sd_bus_message_append");
    find(open_container, "sd_bus_message_open_container");
    find(close_container, "sd_bus_message_close_container");
    find(read, "sd_bus_message_read");
    find(unref_message, "sd_bus_message_unref");
    find(call, "sd_bus_call");
    find(call_method, "sd_bus_call_method");
    find(match_signal, "sd_bus_match_signal");
    find(process, "sd_bus_process");
    find(wait, "sd_bus_wait");
    find(free_error, "sd_bus_error_free");
    find(close_bus, "sd_bus_flush_close_unref");
  }
};

void check_bus(int result, const char* attempt) {
  if (result < 0)
    mc::fail_with(-result, attempt,
                  mc::Hint{"is systemd running? otherwise use cgroup.driver = \"cgroupfs\""});
}

// The core looks at the hook's deadline by a timer; sd-bus gives up a call whose wait a signal
// ends.
class WithoutAlarms {
 public:
  WithoutAlarms() {
    sigset_t alarm;
    ::sigemptyset(&alarm);
    ::sigaddset(&alarm, SIGALRM);
    ::sigprocmask(SIG_BLOCK, &alarm, &before_);
  }
  ~WithoutAlarms() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  WithoutAlarms(const WithoutAlarms&) = delete;
  WithoutAlarms& operator=(const WithoutAlarms&) = delete;

 private:
  sigset_t before_;
};

class Bus {
 public:
  Bus() {
    check_bus(::geteuid() == 0 ? lib_.default_system(&bus_) : lib_.default_user(&bus_),
              "connect to systemd's bus");
  }
  ~Bus() { lib_.close_bus(bus_); }
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  void start(const Scope& scope, int pid, const Limits& limits) {
    check_bus(lib_.match_signal(bus_, nullptr, service, object, manager, "JobRemoved", &job_removed,
                                this),
              "listen to systemd");
    sd_bus_message* made = nullptr;
    check_bus(lib_.new_call(bus_, &made, service, object, manager, "StartTransientUnit"),
              "make a message for systemd");
    const Message message(made, lib_.unref_message);
    check_bus(lib_.append(made, "ss", scope.name.c_str(), "fail"), "fill a message for systemd");
    check_bus(lib_.open_container(made, 'a', "(sv)"), "fill a message for systemd");
    append_scope(made, scope, pid);
    append_limits(made, limits);
    check_bus(lib_.close_container(made), "fill a message for systemd");
    check_bus(lib_.append(made, "a(sa(sv))", 0), "fill a message for systemd");
    run_job(made, mc::concat("start the scope '", scope.name, "'"));
  }

  void update(const std::string& name, const Limits& limits) {
    sd_bus_message* made = nullptr;
    check_bus(lib_.new_call(bus_, &made, service, object, manager, "SetUnitProperties"),
              "make a message for systemd");
    const Message message(made, lib_.unref_message);
    // Until the scope ends, not for ever: it has no file.
    check_bus(lib_.append(made, "sb", name.c_str(), 1), "fill a message for systemd");
    check_bus(lib_.open_container(made, 'a', "(sv)"), "fill a message for systemd");
    append_limits(made, limits);
    check_bus(lib_.close_container(made), "fill a message for systemd");
    static_cast<void>(call(made, mc::concat("set the limits of the scope '", name, "'")));
  }

  void stop(const std::string& name) {
    sd_bus_error ignored{};
    // A scope whose processes have ended is gone already; one that failed stays until told to.
    lib_.call_method(bus_, service, object, manager, "StopUnit", &ignored, nullptr, "ss",
                     name.c_str(), "replace");
    lib_.free_error(&ignored);
    lib_.call_method(bus_, service, object, manager, "ResetFailedUnit", &ignored, nullptr, "s",
                     name.c_str());
    lib_.free_error(&ignored);
  }

 private:
  using Message = std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)>;

  template <class... Values>
  void property(sd_bus_message* message, const char* name, const char* type, Values... values) {
    check_bus(lib_.append(message, "(sv)", name, type, values...), "fill a message for systemd");
  }

  void append_scope(sd_bus_message* message, const Scope& scope, int pid) {
    property(message, "Description", "s", "a container of mini_container");
    if (!scope.slice.empty()) property(message, "Slice", "s", scope.slice.c_str());
    property(message, "PIDs", "au", 1, static_cast<std::uint32_t>(pid));
    property(message, "Delegate", "b", 1);
    property(message, "DefaultDependencies", "b", 0);
    property(message, "CollectMode", "s", "inactive-or-failed");
  }

  // The limits that systemd knows are told to it too: it writes its own at each reload.
  void append_limits(sd_bus_message* message, const Limits& limits) {
    const auto number = [&](const char* name, const Amount& value) {
      if (value)
        property(message, name, "t",
                 *value == unlimited ? UINT64_MAX : static_cast<std::uint64_t>(*value));
    };
    number("MemoryMax", limits.memory_max);
    number("MemoryHigh", limits.memory_high);
    number("MemoryLow", limits.memory_low);
    number("MemoryMin", limits.memory_min);
    Amount swap = limits.swap_max;
    if (limits.memory_swap)
      swap = *limits.memory_swap == unlimited ? unlimited
                                              : *limits.memory_swap - limits.memory_max.value_or(0);
    number("MemorySwapMax", swap);
    number("TasksMax", limits.pids_max);
    number("IOWeight", limits.blkio_weight ? io_of_blkio(*limits.blkio_weight) : limits.io_weight);
    Amount weight = limits.cpu_weight;
    if (limits.cpu_shares) weight = weight_of_shares(*limits.cpu_shares);
    number("CPUWeight", weight);
    if (limits.cpu_quota)
      number("CPUQuotaPerSecUSec",
             *limits.cpu_quota == unlimited
                 ? unlimited
                 : *limits.cpu_quota * 1000000 / limits.cpu_period.value_or(100000));
  }

  Message call(sd_bus_message* message, const std::string& attempt) {
    sd_bus_error error{};
    sd_bus_message* reply = nullptr;
    const int result = lib_.call(bus_, message, patience, &error, &reply);
    if (result < 0) {
      const std::string text = error.message != nullptr ? error.message : "no reason given";
      lib_.free_error(&error);
      mc::fail_with(-result, attempt, ": ", text);
    }
    return {reply, lib_.unref_message};
  }

  void run_job(sd_bus_message* message, const std::string& attempt) {
    const Message reply = call(message, attempt);
    const char* job = nullptr;
    check_bus(lib_.read(reply.get(), "o", &job), "read systemd's answer");
    awaited_ = job;
    timespec start{};
    ::clock_gettime(CLOCK_MONOTONIC, &start);
    while (!done_) {
      const int processed = lib_.process(bus_, nullptr);
      check_bus(processed, "hear from systemd");
      timespec now{};
      ::clock_gettime(CLOCK_MONOTONIC, &now);
      if (now.tv_sec - start.tv_sec > 5)
        mc::fail_with(ETIMEDOUT, attempt, ": systemd does not finish the job");
      if (processed == 0 && !done_) check_bus(lib_.wait(bus_, patience), "wait for systemd");
    }
    if (outcome_ != "done") mc::fail(attempt, ": systemd says '", outcome_, "'");
  }

  static int job_removed(sd_bus_message* message, void* to, sd_bus_error*) {
    auto* self = static_cast<Bus*>(to);
    std::uint32_t number = 0;
    const char* job = nullptr;
    const char* unit = nullptr;
    const char* outcome = nullptr;
    if (self->lib_.read(message, "uoss", &number, &job, &unit, &outcome) < 0) return 0;
    if (self->awaited_ != job) return 0;
    self->outcome_ = outcome;
    self->done_ = true;
    return 0;
  }

  WithoutAlarms without_alarms_;
  Library lib_;
  sd_bus* bus_ = nullptr;
  std::string awaited_;
  std::string outcome_;
  bool done_ = false;
};

}  // namespace

Scope scope_name(std::string_view path, std::string_view id) {
  Scope out;
  std::string prefix = "mini_container";
  std::string name(id);
  if (!path.empty()) {
    const auto first = path.find(':');
    const auto second = first == std::string_view::npos ? first : path.find(':', first + 1);
    if (second == std::string_view::npos || path.find('/') != std::string_view::npos)
      mc::fail("cgroup.path '", path, "' is not SLICE:PREFIX:NAME",
               mc::Hint{"the systemd driver takes it so, as system.slice:web:1"});
    out.slice = path.substr(0, first);
    prefix = path.substr(first + 1, second - first - 1);
    if (second + 1 < path.size()) name = path.substr(second + 1);
  }
  // A scope may also be given whole, a slice too.
  if (name.ends_with(".slice") || name.ends_with(".scope"))
    out.name = name;
  else
    out.name = mc::concat(prefix, prefix.empty() ? "" : "-", name, ".scope");
  return out;
}

void check_systemd() { const Bus bus; }

void start_scope(const Scope& scope, int pid, const Limits& limits) {
  Bus().start(scope, pid, limits);
}

void update_scope(const std::string& name, const Limits& limits) { Bus().update(name, limits); }

void stop_scope(const std::string& name) { Bus().stop(name); }

}  // namespace cgroup
