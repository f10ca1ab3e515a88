// SPDX-License-Identifier: Apache-2.0
#include "core/timings.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstdio>

#include "core/json.hpp"
#include "core/log.hpp"
#include "mini_container/fd.hpp"

namespace mini_container {

namespace {

struct Row {
  Span span;
  const char* process;
};

std::vector<Row> rows_of(const Pipeline& pipeline) {
  std::vector<Row> rows;
  const auto take = [&rows](const Progress& progress, const char* process) {
    const auto count = std::min<std::size_t>(progress.span_count.load(), most_spans);
    for (std::size_t i = 0; i < count; ++i) rows.push_back({progress.spans[i], process});
  };
  take(*pipeline.agent_progress, "agent");
  take(*pipeline.child_progress, "child");
  std::ranges::sort(rows, {}, [](const Row& row) { return row.span.begin_ns; });
  return rows;
}

const std::string& name_of(const Pipeline& pipeline, const Span& span) {
  static const std::string core = "core";
  return span.plugin < pipeline.instances.size() ? pipeline.instances[span.plugin]->plugin().name
                                                 : core;
}

double microseconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1000; }

/// A viewer's name for a process of the trace.
Value process_event(std::int64_t pid, const char* name) {
  Value arguments, event;
  arguments.set("name", Value(std::string(name)));
  event.set("name", Value(std::string("process_name")));
  event.set("ph", Value(std::string("M")));
  event.set("pid", Value(pid));
  event.set("args", std::move(arguments));
  return event;
}

}  // namespace

void show_timings(const Pipeline& pipeline) {
  const auto rows = rows_of(pipeline);
  std::uint64_t longest = 1, total = 0;
  for (const auto& row : rows) {
    longest = std::max(longest, row.span.end_ns - row.span.begin_ns);
    total += row.span.end_ns - row.span.begin_ns;
  }
  constexpr int width = 36;
  for (const auto& row : rows) {
    const auto cost = row.span.end_ns - row.span.begin_ns;
    const auto bars = static_cast<int>(cost * width / longest);
    char line[256];
    std::snprintf(line, sizeof line, "%-5s %-12s %-14s %9.1f us ", row.process,
                  info(row.span.hook).name, name_of(pipeline, row.span).c_str(),
                  microseconds(cost));
    std::string text = line;
    for (int i = 0; i < bars; ++i) text += "\u2588";
    if (bars == 0) text += "\u258f";
    say(text);
  }
  char line[96];
  std::snprintf(line, sizeof line, "%-33s %9.1f us", "all hooks", microseconds(total));
  say(line);
}

void write_trace(const Pipeline& pipeline, const std::string& path) {
  List events{process_event(1, "agent"), process_event(2, "child")};
  for (const auto& row : rows_of(pipeline)) {
    Value event;
    const std::string process = row.process;
    event.set("name", Value(name_of(pipeline, row.span) + "." + info(row.span.hook).name));
    event.set("cat", Value(process));
    event.set("ph", Value(std::string("X")));
    event.set("ts", Value(microseconds(row.span.begin_ns)));
    event.set("dur", Value(microseconds(row.span.end_ns - row.span.begin_ns)));
    event.set("pid", Value(static_cast<std::int64_t>(process == "agent" ? 1 : 2)));
    event.set("tid", Value(std::int64_t{1}));
    events.push_back(std::move(event));
  }
  Value trace;
  trace.set("displayTimeUnit", Value(std::string("ns")));
  trace.set("traceEvents", Value(std::move(events)));
  const auto text = write_json(trace, JsonStyle::pretty);
  const mc::Fd file(mc::check(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644),
                              "make '", path, "'"));
  mc::check(::write(file.get(), text.data(), text.size()), "write '", path, "'");
}

}  // namespace mini_container
