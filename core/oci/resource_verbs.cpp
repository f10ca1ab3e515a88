// SPDX-License-Identifier: Apache-2.0
// ps, pause, resume, update and events: a container's processes and limits while it runs.
#include <poll.h>

#include <cstdio>

#include "core/json.hpp"
#include "core/oci/bundle.hpp"
#include "core/oci/verbs.hpp"
#include "core/quantity.hpp"
#include "core/resources.hpp"
#include "core/verb_options.hpp"

namespace mini_container::oci {

namespace {

Container open_running(const VerbContext& context, const std::string& id, const char* attempt) {
  auto container = Container::open(context.state_root(), id);
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

/// A number or a size on the command line, as a member of `resources`.
struct LimitFlag {
  const char* name;
  const char* section;
  const char* member;
  bool is_text;
};
constexpr LimitFlag limit_flags[] = {
    {"blkio-weight", "blockIO", "weight", false},
    {"cpu-period", "cpu", "period", false},
    {"cpu-quota", "cpu", "quota", false},
    {"cpu-burst", "cpu", "burst", false},
    {"cpu-share", "cpu", "shares", false},
    {"cpu-idle", "cpu", "idle", false},
    {"cpu-rt-period", "cpu", "realtimePeriod", false},
    {"cpu-rt-runtime", "cpu", "realtimeRuntime", false},
    {"cpuset-cpus", "cpu", "cpus", true},
    {"cpuset-mems", "cpu", "mems", true},
    {"kernel-memory", "memory", "kernel", false},
    {"kernel-memory-tcp", "memory", "kernelTCP", false},
    {"memory", "memory", "limit", false},
    {"memory-reservation", "memory", "reservation", false},
    {"memory-swap", "memory", "swap", false},
    {"pids-limit", "pids", "limit", false},
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
  Resources::need(open_running(context, id, "pause"), context.catalog, "pause").pause();
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

int ps_verb(VerbContext& context, const Arguments& arguments) {
  std::string format = "table";
  VerbOptions options("ps", true);
  options.value("format", 'f', format);
  const auto rest = options.parse(arguments);
  const auto id = only_id({rest.begin(), rest.empty() ? rest.end() : rest.begin() + 1}, "ps");
  if (format != "table" && format != "json")
    mc::fail("ps: --format: '", format, "' is neither table nor json");
  const auto container = Container::open(context.state_root(), id);
  std::vector<pid_t> processes;
  if (const auto resources = Resources::of(container, context.catalog))
    processes = resources->processes();
  else if (container.is_alive())
    mc::fail("ps: container '", id, "' has no cgroup to tell its processes by",
             mc::Hint{"its first process is " + std::to_string(container.process().pid)});
  if (format == "table") {
    print("PID");
    for (const pid_t pid : processes) print(std::to_string(pid));
    return 0;
  }
  List out;
  for (const pid_t pid : processes) out.emplace_back(std::int64_t{pid});
  print(write_json(Value(std::move(out))));
  return 0;
}

int update_verb(VerbContext& context, const Arguments& arguments) {
  std::string file;
  std::string texts[std::size(limit_flags)];
  std::string unsupported[2];
  VerbOptions options("update");
  options.value("resources", 'r', file)
      .value("l3-cache-schema", 0, unsupported[0])
      .value("mem-bw-schema", 0, unsupported[1]);
  for (std::size_t i = 0; i < std::size(limit_flags); ++i)
    options.value(limit_flags[i].name, 0, texts[i]);
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
  options.flag("stats", 0, stats).value("interval", 0, interval);
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
  pollfd end{pidfd.get(), POLLIN, 0};
  while (pidfd && ::poll(&end, 1, static_cast<int>(*period / 1000)) == 0) {
    const auto now = resources.oom_kills();
    for (; killed < now; ++killed) print_event(id, "oom", {});
    show();
  }
  return 0;
}

}  // namespace mini_container::oci
