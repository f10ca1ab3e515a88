// SPDX-License-Identifier: Apache-2.0
#include "statistics.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace cgroup {

namespace {

using Number = std::optional<std::uint64_t>;

Number parse(std::string_view text) {
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc()) return text.starts_with("max") ? Number(UINT64_MAX) : std::nullopt;
  return value;
}

// The files of one cgroup. A missing file is a statistic that is not there.
class Files {
 public:
  explicit Files(const Place& place) : directory_(open(place.hierarchy, place.path)) {}

  [[nodiscard]] std::string text(const char* file) const {
    const mc::Fd fd(::openat(directory_.get(), file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return {};
    try {
      return mc::read_all(fd.get(), file);
    } catch (const mc::Error&) {
      return {};  // such as EOPNOTSUPP: this kernel does not count it
    }
  }
  [[nodiscard]] Number number(const char* file) const { return parse(text(file)); }
  [[nodiscard]] Number number(const std::string& file) const { return number(file.c_str()); }
  // "nr_periods 12" of a file of such lines.
  [[nodiscard]] Number member(const char* file, std::string_view key) const {
    const std::string all = text(file);
    for (const auto line : split(all, '\n'))
      if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ')
        return parse(line.substr(key.size() + 1));
    return std::nullopt;
  }
  [[nodiscard]] int directory() const { return directory_.get(); }

 private:
  mc::Fd directory_;
};

// Writes an object; names and texts here need no escapes.
class Json {
 public:
  Json& open(const char* name) {
    key(name);
    text_ += '{';
    first_ = true;
    return *this;
  }
  Json& close(char bracket = '}') {
    text_ += bracket;
    first_ = false;
    return *this;
  }
  Json& list(const char* name) {
    key(name);
    text_ += '[';
    first_ = true;
    return *this;
  }
  Json& item() {
    comma();
    text_ += '{';
    first_ = true;
    return *this;
  }
  Json& number(std::string_view name, Number value) {
    if (!value) return *this;
    key(name);
    text_ += mc::concat(*value);
    return *this;
  }
  Json& negative(std::string_view name, Number amount) {
    if (!amount) return *this;
    key(name);
    text_ += mc::concat('-', *amount);
    return *this;
  }
  Json& text(const char* name, std::string_view value) {
    key(name);
    text_ += mc::concat('"', value, '"');
    return *this;
  }
  Json& plain(std::uint64_t value) {
    comma();
    text_ += mc::concat(value);
    return *this;
  }
  std::string take() { return "{" + text_ + "}"; }

 private:
  void comma() {
    if (!first_) text_ += ',';
    first_ = false;
  }
  void key(std::string_view name) {
    comma();
    text_ += mc::concat('"', name, "\":");
  }
  std::string text_;
  bool first_ = true;
};

Number times(Number value, std::uint64_t factor) {
  return value ? Number(*value * factor) : std::nullopt;
}

void throttling(Json& json, const Files& files, const char* time, std::uint64_t factor) {
  json.open("throttling")
      .number("periods", files.member("cpu.stat", "nr_periods"))
      .number("throttledPeriods", files.member("cpu.stat", "nr_throttled"))
      .number("throttledTime", times(files.member("cpu.stat", time), factor))
      .close();
}

const Place* find(const std::vector<Place>& places, std::string_view controller) {
  for (const Place& place : places)
    if (std::find(place.controllers.begin(), place.controllers.end(), controller) !=
        place.controllers.end())
      return &place;
  return nullptr;
}

// A column of cpuacct.usage_all, whose header is "cpu user system".
void times_per_cpu(Json& json, const char* name, std::string_view all, std::size_t column) {
  json.list(name);
  for (const auto line : split(all, '\n'))
    if (const auto fields = split(line, ' '); fields.size() > column)
      if (const Number time = parse(fields[column])) json.plain(*time);
  json.close(']');
}

void cpu(Json& json, const std::vector<Place>& places) {
  const Place* bandwidth = find(places, "cpu");
  const Place* usage = find(places, "cpuacct");
  const Place* unified = nullptr;
  for (const Place& place : places)
    if (place.hierarchy.unified) unified = &place;
  if (usage == nullptr && bandwidth == nullptr && unified == nullptr) return;
  json.open("cpu");
  if (usage != nullptr) {
    const Files files(*usage);
    json.open("usage").number("total", files.number("cpuacct.usage"));
    json.list("percpu");
    const std::string each = files.text("cpuacct.usage_percpu");
    for (const auto value : split(each, ' '))
      if (const Number time = parse(value)) json.plain(*time);
    json.close(']');
    const std::string all = files.text("cpuacct.usage_all");
    times_per_cpu(json, "percpu_kernel", all, 2);
    times_per_cpu(json, "percpu_user", all, 1);
    json.number("kernel", files.number("cpuacct.usage_sys"))
        .number("user", files.number("cpuacct.usage_user"))
        .close();
  } else if (unified != nullptr) {
    // cpu.stat has the times also without the controller: cgroup-v2.rst.
    const Files files(*unified);
    json.open("usage")
        .number("total", times(files.member("cpu.stat", "usage_usec"), 1000))
        .number("kernel", times(files.member("cpu.stat", "system_usec"), 1000))
        .number("user", times(files.member("cpu.stat", "user_usec"), 1000))
        .close();
  }
  if (bandwidth != nullptr) {
    const bool v2 = bandwidth->hierarchy.unified;
    throttling(json, Files(*bandwidth), v2 ? "throttled_usec" : "throttled_time", v2 ? 1000 : 1);
  }
  json.close();
}

void usage_v1(Json& json, const Files& files, const char* name, const std::string& prefix) {
  json.open(name)
      .number("usage", files.number(prefix + "usage_in_bytes"))
      .number("max", files.number(prefix + "max_usage_in_bytes"))
      .number("limit", files.number(prefix + "limit_in_bytes"))
      .number("failcnt", files.number(prefix + "failcnt"))
      .close();
}

void memory(Json& json, const std::vector<Place>& places) {
  const Place* place = find(places, "memory");
  if (place == nullptr) return;
  const Files files(*place);
  json.open("memory");
  if (place->hierarchy.unified) {
    json.number("cache", files.member("memory.stat", "file"));
    json.open("usage")
        .number("usage", files.number("memory.current"))
        .number("max", files.number("memory.peak"))
        .number("limit", files.number("memory.max"))
        .number("failcnt", files.member("memory.events", "max"))
        .close();
    json.open("swap")
        .number("usage", files.number("memory.swap.current"))
        .number("limit", files.number("memory.swap.max"))
        .close();
  } else {
    json.number("cache", files.member("memory.stat", "total_cache"));
    usage_v1(json, files, "usage", "memory.");
    usage_v1(json, files, "swap", "memory.memsw.");
    usage_v1(json, files, "kernel", "memory.kmem.");
    usage_v1(json, files, "kernelTCP", "memory.kmem.tcp.");
  }
  json.open("raw");
  const std::string raw = files.text("memory.stat");
  for (const auto line : split(raw, '\n')) {
    const auto space = line.find(' ');
    if (space != std::string_view::npos)
      json.number(line.substr(0, space), parse(line.substr(space + 1)));
  }
  json.close().close();
}

// "0-2,7" as the numbers one by one.
void numbers(Json& json, const char* name, const std::string& text) {
  json.list(name);
  for (const auto part : split(std::string_view(text).substr(0, text.find('\n')), ',')) {
    const auto dash = part.find('-');
    const Number first = parse(part.substr(0, dash));
    const Number last = dash == part.npos ? first : parse(part.substr(dash + 1));
    if (first && last)
      for (auto number = *first; number <= *last; ++number) json.plain(number);
  }
  json.close(']');
}

// Version 1 alone; version 2 counts nothing there.
void cpuset(Json& json, const std::vector<Place>& places) {
  const Place* place = find(places, "cpuset");
  if (place == nullptr || place->hierarchy.unified) return;
  const Files files(*place);
  json.open("cpuset");
  numbers(json, "cpus", files.text("cpuset.cpus"));
  numbers(json, "mems", files.text("cpuset.mems"));
  for (const char* name :
       {"cpu_exclusive", "mem_exclusive", "mem_hardwall", "memory_migrate", "memory_pressure",
        "memory_spread_page", "memory_spread_slab", "sched_load_balance"})
    json.number(name, files.number(mc::concat("cpuset.", name)));
  // The one that may be below zero: -1 stands for the system's own.
  const std::string level = files.text("cpuset.sched_relax_domain_level");
  if (level.starts_with('-'))
    json.negative("sched_relax_domain_level", parse(std::string_view(level).substr(1)));
  else
    json.number("sched_relax_domain_level", parse(level));
  json.close();
}

// "8:0 Read 4096": one value of one device.
void device_values(Json& json, const Files& files, const char* name, const char* file) {
  json.list(name);
  const std::string text = files.text(file);
  for (const auto line : split(text, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() != 3) continue;  // the last line is the total
    const auto numbers = split(words[0], ':');
    if (numbers.size() != 2) continue;
    json.item()
        .number("major", parse(numbers[0]))
        .number("minor", parse(numbers[1]))
        .text("op", words[1])
        .number("value", parse(words[2]))
        .close();
  }
  json.close(']');
}

// "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0"
void io_stat(Json& json, const std::string& text, const char* name, std::string_view reads,
             std::string_view writes) {
  json.list(name);
  for (const auto line : split(text, '\n')) {
    const auto words = split(line, ' ');
    const auto numbers = words.empty() ? words : split(words[0], ':');
    if (numbers.size() != 2) continue;
    for (const auto word : words) {
      const auto equals = word.find('=');
      const auto key = word.substr(0, equals);
      if (equals == std::string_view::npos || (key != reads && key != writes)) continue;
      json.item()
          .number("major", parse(numbers[0]))
          .number("minor", parse(numbers[1]))
          .text("op", key == reads ? "Read" : "Write")
          .number("value", parse(word.substr(equals + 1)))
          .close();
    }
  }
  json.close(']');
}

void io(Json& json, const std::vector<Place>& places) {
  const Place* place = find(places, "io");
  if (place == nullptr) return;
  const Files files(*place);
  json.open("blkio");
  if (place->hierarchy.unified) {
    const std::string text = files.text("io.stat");
    io_stat(json, text, "ioServiceBytesRecursive", "rbytes", "wbytes");
    io_stat(json, text, "ioServicedRecursive", "rios", "wios");
  } else {
    device_values(json, files, "ioServiceBytesRecursive",
                  "blkio.throttle.io_service_bytes_recursive");
    device_values(json, files, "ioServicedRecursive", "blkio.throttle.io_serviced_recursive");
  }
  json.close();
}

void hugetlb(Json& json, const std::vector<Place>& places) {
  const Place* place = find(places, "hugetlb");
  if (place == nullptr) return;
  const Files files(*place);
  const bool v2 = place->hierarchy.unified;
  json.open("hugetlb");
  for (const char* size : {"64KB", "2MB", "32MB", "512MB", "1GB", "16GB"}) {
    const std::string prefix = mc::concat("hugetlb.", size);
    const Number usage = files.number(prefix + (v2 ? ".current" : ".usage_in_bytes"));
    if (!usage) continue;
    json.open(size).number("usage", usage);
    if (!v2) json.number("max", files.number(prefix + ".max_usage_in_bytes"));
    json.number("failcnt", v2 ? files.member((prefix + ".events").c_str(), "max")
                              : files.number(prefix + ".failcnt"));
    json.close();
  }
  json.close();
}

}  // namespace

std::uint64_t oom_kills(const std::vector<Place>& places) {
  const Place* place = find(places, "memory");
  if (place == nullptr) return 0;
  const Files files(*place);
  return files.member(place->hierarchy.unified ? "memory.events" : "memory.oom_control", "oom_kill")
      .value_or(0);
}

std::string statistics(const std::vector<Place>& places) {
  Json json;
  cpu(json, places);
  cpuset(json, places);
  memory(json, places);
  if (const Place* place = find(places, "pids")) {
    const Files files(*place);
    const Number limit = files.number("pids.max");
    json.open("pids")
        .number("current", files.number("pids.current"))
        .number("limit", limit == UINT64_MAX ? 0 : limit)  // no limit is 0 there
        .close();
  }
  io(json, places);
  hugetlb(json, places);
  json.number("oom_kills", oom_kills(places));
  return json.take();
}

}  // namespace cgroup
