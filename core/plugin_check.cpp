// SPDX-License-Identifier: Apache-2.0
#include "core/plugin_check.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <new>
#include <optional>

#include "core/agent.hpp"
#include "core/builtin_plugins.hpp"
#include "core/elf_facts.hpp"
#include "core/failure.hpp"
#include "core/flags.hpp"
#include "core/plugin_file.hpp"
#include "core/plugin_place.hpp"
#include "core/plugin_text.hpp"
#include "core/signals.hpp"
#include "core/throwaway_host.hpp"

namespace mini_container {

namespace {

constexpr const char* throwaway_id = "plugin-check";

std::string joined(const std::vector<std::string>& all, std::size_t most = 8) {
  std::string out;
  for (std::size_t i = 0; i < all.size() && i < most; ++i) out += (i == 0 ? "" : ", ") + all[i];
  if (all.size() > most) mc::detail::append(out, mc::concat(" and ", all.size() - most, " more"));
  return out;
}

class Report {
 public:
  void good(const char* what, const std::string& text) { row("ok", what, text); }
  void note(const char* what, const std::string& text) { row("note", what, text); }
  void bad(const char* what, const std::string& text) {
    row("FAIL", what, text);
    all_well_ = false;
  }
  /// One row either way.
  void expect(bool well, const char* what, const std::string& good_text,
              const std::string& bad_text) {
    well ? good(what, good_text) : bad(what, bad_text);
  }
  [[nodiscard]] bool all_well() const { return all_well_; }

 private:
  static void row(const char* verdict, const char* what, const std::string& text) {
    std::printf("%-5s %-12s %s\n", verdict, what, one_line(text).c_str());
    std::fflush(stdout);  // the next thing may crash
  }
  bool all_well_ = true;
};

void check_hygiene(const std::string& path, Report& report) {
  const ElfFacts facts = read_elf_facts(path);
  report.good("file", "a shared object for this machine");
  auto others = facts.exported;
  const bool has_symbol = std::erase(others, MC_PLUGIN_SYMBOL) > 0;
  if (!has_symbol) report.bad("symbol", "it does not export " MC_PLUGIN_SYMBOL);
  report.expect(others.empty(), "exports", "nothing beside " MC_PLUGIN_SYMBOL,
                "more than " MC_PLUGIN_SYMBOL ": " + joined(others) +
                    "; compile with -fvisibility=hidden, link with a version script");
  report.expect(!facts.text_relocations, "code", "no relocations in the code",
                "relocations in the code; compile with -fPIC");
  report.expect(!facts.executable_stack, "stack", "not executable",
                "asks for an executable stack; link with -z noexecstack");
  report.expect(facts.bound_at_load, "binding", "at the load",
                "symbols are looked up late, between clone and execve; link with -z now");
  if (!facts.read_only_relocations) report.note("relocations", "stay writable; link with -z relro");
  if (!facts.unbound.empty())
    report.note("unresolved",
                joined(facts.unbound) + ": of no library's version; link with -z defs");
  if (!facts.search_path.empty())
    report.bad("search path", "'" + facts.search_path + "' decides which libraries are loaded");
  for (const auto& library : facts.libraries)
    if (library.starts_with("libstdc++"))
      report.note("libraries",
                  library + " costs every launch some 500 us; link with -static-libstdc++");
}

std::vector<std::string> missing_options(const Plugin& plugin, const Value& given) {
  std::vector<std::string> out;
  for (const auto& option : plugin.options)
    if ((option.flags & MC_OPTION_REQUIRED) != 0 && given.find(option.key) == nullptr)
      out.emplace_back(option.key);
  return out;
}

void report_costs(const Pipeline& pipeline, const std::string& name, Report& report) {
  std::vector<Span> spans;
  for (const Progress* progress : {pipeline.agent_progress, pipeline.child_progress})
    for (std::size_t i = 0; i < std::min<std::size_t>(progress->span_count.load(), most_spans); ++i)
      spans.push_back(progress->spans[i]);
  std::ranges::sort(spans, {}, &Span::begin_ns);
  for (const auto& span : spans) {
    if (span.plugin >= pipeline.instances.size() ||
        pipeline.instances[span.plugin]->plugin().name != name)
      continue;
    const auto& plugin = pipeline.instances[span.plugin]->plugin();
    if (span.hook == Hook::create && plugin.data.create == nullptr) continue;
    char text[96];
    std::snprintf(text, sizeof text, "%-12s %-5s %8.1f us", info(span.hook).name,
                  info(span.hook).process, static_cast<double>(span.end_ns - span.begin_ns) / 1000);
    report.good("hook", text);
  }
}

/// Loads a plugin and runs /bin/true with it, each step with its row.
class Trial {
 public:
  Trial(VerbContext& context, const std::string& path, const Arguments& options)
      : context_(context), path_(path), options_(options) {}

  /// Everything that reads files: loads the plugin and those that it needs, checks the launch.
  bool prepare() {
    try {
      plugin_ = &context_.catalog.load_file(path_);
      describe_plugin();
      check_flags();
      request_ = parse_launch(context_, options_);
      if (request_.tree.find(plugin_->name) == nullptr)
        request_.tree.set(plugin_->name, Value(Table{}));
      if (lacks_options()) return true;
      complete_command();
      launch_ =
          check_launch(request_.tree, request_.directory, context_.catalog, request_.disabled);
    } catch (const mc::Error& error) {
      report_.bad("load", describe(error));
    }
    return report_.all_well() || launch_;
  }

  bool run(const std::string& state_root) {
    if (!launch_) return report_.all_well();
    try {
      RunOptions run;
      run.state_root = state_root;
      run.id = throwaway_id;
      run.timings = true;
      Agent agent(*launch_, run);
      agent.start();
      const int exit_code = agent.wait();
      agent.finish();
      report_.expect(exit_code == 0, "run", "in a throwaway container, to its end",
                     mc::concat("the command ended with exit code ", exit_code));
      report_costs(agent.pipeline(), plugin_->name, report_);
      if (!ContainerState::list(state_root).empty())
        report_.bad("cleanup", "the container's state is left behind");
    } catch (const Failure& failure) {
      report_.bad("run", failure.what());
    } catch (const mc::Error& error) {
      report_.bad("run", describe(error));
    }
    return report_.all_well();
  }

 private:
  void describe_plugin() {
    const Plugin& plugin = *plugin_;
    report_.good("descriptor", mc::concat(plugin.name, ' ', plugin.data.version, ", ABI 1.",
                                          plugin.data.abi_minor, ": ", plugin.data.summary));
    report_.good("options", mc::concat(plugin.options.size(), " declared"));
    const auto hooks = hook_names(plugin);
    report_.good("hooks", hooks.empty() ? "none" : joined(hooks, hooks.size()));
    const auto file = path_.substr(path_.rfind('/') + 1);
    report_.expect(
        file == plugin.name + ".so", "name", "the file is " + file,
        "the file is " + file + " and would not be found; name it " + plugin.name + ".so");
  }

  void check_flags() {
    try {
      check_declared_flags(*plugin_);
    } catch (const mc::Error& error) {
      report_.bad("flags", describe(error));
    }
  }

  bool lacks_options() {
    const auto missing = missing_options(*plugin_, *request_.tree.find(plugin_->name));
    if (missing.empty()) return false;
    report_.note("run", "not tried: it needs a value for " + joined(missing) + "; add --" +
                            plugin_->name + "." + missing.front() + " VALUE");
    return true;
  }

  void complete_command() {
    const Value* given = request_.tree.find("container");
    Value container = given != nullptr ? *given : Value(Table{});
    if (container.find("command") == nullptr)
      container.set("command", Value(List{Value(std::string("/bin/true"))}));
    request_.tree.set("container", std::move(container));
  }

  VerbContext& context_;
  const std::string& path_;
  const Arguments& options_;
  Report report_;
  const Plugin* plugin_ = nullptr;
  RunRequest request_;
  std::optional<Launch> launch_;
};

/// Set in the trial's process and read in ours: an exit code might be the plugin's.
std::atomic<bool>& shared_flag() {
  void* const page = ::mmap(nullptr, sizeof(std::atomic<bool>), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) mc::fail_with(errno, "map memory for the trial");
  return *new (page) std::atomic<bool>(false);
}

}  // namespace

bool check_plugin(VerbContext& context, const std::string& file, const Arguments& options) {
  if (*builtin_plugins != nullptr) static_cast<void>(context.catalog.load_file(file));  // refuses
  const std::string path = absolute_path(file);
  Report report;
  try {
    check_hygiene(path, report);
  } catch (const mc::Error& error) {
    report.bad("file", describe(error));
    return false;
  }
  try {
    check_plugin_file(path);
    report.good("permissions", "nobody but its owner, root or you, may write to it");
  } catch (const mc::Error& error) {
    report.bad("permissions", describe(error));
    return false;
  }
  try {
    const auto directory = path.substr(0, path.rfind('/'));
    check_plugin_directory(directory);
    check_way_to(directory);
  } catch (const mc::Error& error) {
    report.note("directory", "no launch will take it from there: " + describe(error));
  }
  Trial trial(context, path, options);
  auto& concluded = shared_flag();
  const int code = in_throwaway_host(
      [&] {
        const bool prepared = trial.prepare();
        concluded = !prepared;
        return prepared;
      },
      [&](const std::string& state_root) {
        const bool well = trial.run(state_root);
        concluded = true;
        return well ? 0 : 1;
      });
  if (!concluded)
    report.bad("run", code > 128 && code < 193
                          ? mc::concat("it crashed (", signal_name(code - 128), ")")
                          : mc::concat("broken off with exit code ", code, "; see standard error"));
  return report.all_well() && code == 0;
}

}  // namespace mini_container
