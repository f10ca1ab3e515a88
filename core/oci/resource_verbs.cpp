// SPDX-License-Identifier: Apache-2.0
// pause, resume, update and events: a container's processes and limits while it runs.
#include <climits>
#include <cstdio>

#include "core/failure.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/oci/bundle.hpp"
#include "core/oci/verbs.hpp"
#include "core/process_mark.hpp"
#include "core/quantity.hpp"
#include "core/resources.hpp"
#include "core/verb_options.hpp"

namespace mini_container::oci {

namespace {

Container open_running(const VerbContext& context, const std::string& id, const char* attempt) {
  auto container = Container::open_settled(context.state_root(), id);
  if (container.status() != Container::Status::running &&
      container.status() != Container::Status::created)
    mc::fail("cannot ", attempt, " container '", id, "': container not running: it is ",
             container.status_name());
  return container;
}

void print(const std::string& line) {
  std::fputs(line.c_str(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

void print_event(const std::string& id, const char* type, Value data) {
  Value event(Table{});
  event.set("type", Value(std::string(type)));
  event.set("id", Value(id));
  if (!data.empty()) event.set("data", std::move(data));
  print(write_json(event));
}

// poll(2) takes at most 24 days.
bool ends_within_period(const mc::Fd& pidfd, std::int64_t milliseconds) {
  for (; milliseconds > INT_MAX; milliseconds -= INT_MAX)
    if (ends_within(pidfd, INT_MAX)) return true;
  return ends_within(pidfd, static_cast<int>(milliseconds));
}

/// A number or a size on the command line, as a member of `resources`.
struct LimitFlag {
  const char* name;
  const char* section;
  const char* member;
  bool is_text;
  const char* help;
};
constexpr LimitFlag limit_flags[] = {
    {"blkio-weight", "blockIO", "weight", false, "Share of device time, 10 to 1000"},
    {"cpu-period", "cpu", "period", false, "The period of the CPU limit, in microseconds"},
    {"cpu-quota", "cpu", "quota", false, "CPU time in each period, in microseconds; -1: no limit"},
    {"cpu-burst", "cpu", "burst", false, "Unused CPU time that may be saved up, in microseconds"},
    {"cpu-share", "cpu", "shares", false, "Share of CPU time against siblings; 1024 is usual"},
    {"cpu-idle", "cpu", "idle", false, "1: runs only when nothing else would"},
    {"cpu-rt-period", "cpu", "realtimePeriod", false, "The real-time period, in microseconds"},
    {"cpu-rt-runtime", "cpu", "realtimeRuntime", false,
     "Real-time CPU time in each period, in microseconds"},
    {"cpuset-cpus", "cpu", "cpus", true, "The CPUs to run on: 0-3,7"},
    {"cpuset-mems", "cpu", "mems", true, "The memory nodes to allocate from"},
    {"kernel-memory", "memory", "kernel", false, "Kernel memory (v1, old kernels)"},
    {"kernel-memory-tcp", "memory", "kernelTCP", false, "Kernel memory for TCP buffers (v1)"},
    {"memory", "memory", "limit", false, "Memory, as a size; -1: no limit"},
    {"memory-reservation", "memory", "reservation", false,
     "Memory that is left when others need some"},
    {"memory-swap", "memory", "swap", false, "Memory and swap together; -1: no limit"},
    {"pids-limit", "pids", "limit", false, "Processes and threads; -1: no limit"},
};

Value limit_value(const LimitFlag& flag, const std::string& text) {
  const Place place{intern(mc::concat("--", flag.name))};
  if (flag.is_text) return Value(text, place);
  if (text == "-1") return Value(std::int64_t{-1}, place);
  const auto number = parse_size(text);
  if (!number) mc::fail("update: --", flag.name, ": '", text, "' is not a number or a size");
  return Value(*number, place);
}

}  // namespace

int pause_verb(VerbContext& context, const Arguments& arguments) {
  const auto id = only_id(VerbOptions("pause").parse(arguments), "pause");
  const auto resources =
      Resources::need(open_running(context, id, "pause"), context.catalog, "pause");
  if (resources.is_paused())
    mc::fail("container '", id, "' is paused already",
             mc::Hint{"let it go on: mini_container resume " + id});
  resources.pause();
  return 0;
}

int resume_verb(VerbContext& context, const Arguments& arguments) {
  const auto id = only_id(VerbOptions("resume").parse(arguments), "resume");
  const auto container = open_running(context, id, "resume");
  const auto resources = Resources::need(container, context.catalog, "resume");
  if (!resources.is_paused()) mc::fail("container '", id, "' is not paused");
  resources.resume();
  return 0;
}

int update_verb(VerbContext& context, const Arguments& arguments) {
  std::string file;
  std::string texts[std::size(limit_flags)];
  std::string unsupported[2];
  VerbOptions options("update");
  options.value("resources", 'r', file, "FILE",
                "Limits as linux.resources has them; \"-\": standard input");
  for (std::size_t i = 0; i < std::size(limit_flags); ++i)
    options.value(limit_flags[i].name, 0, texts[i], limit_flags[i].is_text ? "LIST" : "N",
                  limit_flags[i].help);
  options
      .value("l3-cache-schema", 0, unsupported[0], "SCHEMA", "Refused: Intel RDT is not supported")
      .value("mem-bw-schema", 0, unsupported[1], "SCHEMA", "Refused: Intel RDT is not supported");
  const auto id = only_id(options.parse(arguments), "update");
  if (!unsupported[0].empty() || !unsupported[1].empty())
    mc::fail("update: Intel RDT is not supported");
  const auto container = open_running(context, id, "update");
  Value given = file.empty() ? Value(Table{}) : read_json_file(file);
  for (std::size_t i = 0; i < std::size(limit_flags); ++i) {
    if (texts[i].empty()) continue;
    const LimitFlag& flag = limit_flags[i];
    Value* section = given.find(flag.section);
    if (section == nullptr) section = &given.set(flag.section, Value(Table{}));
    section->set(flag.member, limit_value(flag, texts[i]));
  }
  Value tree(Table{});
  translate_resources(Property(&given, "resources", given.place()), tree);
  const auto resources = Resources::need(container, context.catalog, "update");
  resources.update(*tree.find("cgroup"));
  return 0;
}

int events_verb(VerbContext& context, const Arguments& arguments) {
  bool stats = false;
  std::string interval = "5s";
  VerbOptions options("events");
  options.flag("stats", 0, stats, "Prints what it uses now, once")
      .value("interval", 0, interval, "TIME", "How often that is printed otherwise; 5s");
  const auto id = only_id(options.parse(arguments), "events");
  const auto period = parse_duration(interval);
  if (!period || *period < 1000)
    mc::fail("events: --interval: '", interval, "' is not a duration", mc::Hint{"such as 5s"});
  const auto container = open_running(context, id, "watch");
  const auto resources = Resources::need(container, context.catalog, "watch");
  const auto show = [&] {
    print_event(id, "stats", parse_json(resources.statistics(), "the statistics"));
  };
  if (stats) {
    show();
    return 0;
  }
  const mc::Fd pidfd = container.process().open();
  auto killed = resources.oom_kills();
  const auto tell_kills = [&] {
    for (const auto now = resources.oom_kills(); killed < now; ++killed) print_event(id, "oom", {});
  };
  while (pidfd && !ends_within_period(pidfd, *period / 1000)) {
    tell_kills();
    show();
  }
  // It may have ended by just that; or its cgroups are gone already.
  try {
    tell_kills();
  } catch (const mc::Error& error) {
    log_line(MC_LOG_DEBUG, "", describe(error));
  }
  return 0;
}

}  // namespace mini_container::oci
