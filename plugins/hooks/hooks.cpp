// SPDX-License-Identifier: Apache-2.0
// External programs at the stages of a container's life: POSIX-platform hooks of the OCI runtime
// specification.
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "mini_container/fd.hpp"
#include "mini_container/plugin.hpp"
#include "program.hpp"
#include "state_text.hpp"

namespace {

constexpr const char* no_timeout[] = {"none", nullptr};

constexpr mc_option arguments_field =
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .key = "args",
                .help = "Its arguments, its name first; the path alone where left out",
                .maximum = 1024});
constexpr mc_option environment_field =
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .key = "env",
                .help = "Its whole environment, each NAME=VALUE",
                .maximum = 1024});
constexpr mc_option timeout_field =
    mc::option({.type = MC_DURATION,
                .key = "timeout",
                .help = "How long it may take before it is killed, which is a failure",
                .default_text = "10s",
                .minimum = 1000,
                .maximum = 31536000000000,
                .choices = no_timeout});

constexpr mc_option host_fields[] = {
    mc::option({.type = MC_PATH, .key = "path", .help = "The program, a path of the host"}),
    arguments_field, environment_field, timeout_field};
constexpr mc_option inside_fields[] = {
    mc::option({.type = MC_STRING,
                .key = "path",
                .help = "The program, an absolute path in the container",
                .minimum = 1,
                .maximum = 4095}),
    arguments_field, environment_field, timeout_field};

constexpr mc_option stage(const char* key, const char* help,
                          std::span<const mc_option> fields = host_fields) {
  return mc::option({.type = MC_LIST,
                     .element = MC_TABLE,
                     .key = key,
                     .help = help,
                     .maximum = 256,
                     .fields = fields});
}

constexpr mc_option options[] = {
    stage("prestart", "The old name of create_runtime; run before those"),
    stage("create_runtime", "Once the namespaces are made, in the runtime's"),
    stage("create_container", "In the container's namespaces, before its root is entered"),
    stage("start_container", "In the container, right before its program", inside_fields),
    stage("poststart", "Once the program runs, in the runtime's namespaces"),
    stage("poststop",
          "Once the container has ended, in the runtime's namespaces; a failure is "
          "only told"),
    mc::option({.type = MC_MAP,
                .element = MC_STRING,
                .key = "annotations",
                .help = "Annotations in the state that the programs read from standard input",
                .maximum = 4096}),
};

constexpr const char* poststop_due = "poststop_due";
// Where the hooks stand in the launch, a line each: a later process has them from the record alone.
constexpr const char* places = "places";
constexpr const char* late_stages[] = {"poststart", "poststop"};

class Hooks {
 public:
  explicit Hooks(const mc::Host& host) : config_(host.config()) {
    for (const mc_option& option : options)
      if (option.element == MC_TABLE)
        for (const mc::Node hook : config_[option.key]) check(option.key, hook);
  }

  // From here on the container exists, and poststop is owed; a later process may have to pay.
  void post_clone(mc::Host& host, const mc::Call& call) {
    note_places(call);
    if (config_["poststop"].size() > 0)
      const mc::Fd mark(mc::check(
          ::openat(call->state_fd, poststop_due, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600),
          "note that poststop hooks are due"));
    run(host, call, "prestart", "creating");
    run(host, call, "create_runtime", "creating");
  }

  void before_pivot(mc::Host& host, const mc::Call& call) {
    run(host, call, "create_container", "creating");
  }

  void seal(mc::Host& host, const mc::Call& call) {
    if (!call.exec()) run(host, call, "start_container", "created");
  }

  void post_exec(mc::Host& host, const mc::Call& call) { run(host, call, "poststart", "running"); }

  void cleanup(mc::Host& host, const mc::Call& call) {
    if (::unlinkat(call->state_fd, poststop_due, 0) != 0) {
      if (errno != ENOENT) mc::fail_with(errno, "note that poststop hooks have run");
      return;  // not due, or run already
    }
    const mc::Node list = config_["poststop"];
    for (std::size_t i = 0; i < list.size(); ++i) try {
        run_one(host, call, "poststop", "stopped", list, i);
      } catch (const mc::Error& error) {
        const int reason = error.error_number();
        host.warn(error.attempt(), reason != 0 ? ": " : "", reason != 0 ? ::strerror(reason) : "");
      }
  }

 private:
  static void check(const char* stage, const mc::Node& hook) {
    if (!hook.has("path"))
      mc::fail(hook.where(), ": a hook of ", stage, " names no program",
               mc::Hint{"add path = \"/usr/bin/true\""});
    const mc::Node path = hook["path"];
    if (path.text().empty() || path.text().front() != '/')
      mc::fail(path.where(), ": '", path.text(), "' is not an absolute path");
    for (const mc::Node variable : hook["env"]) {
      const std::string text = variable.text();
      if (text.find('=') == std::string::npos || text.front() == '=')
        mc::fail(variable.where(), ": '", text, "' is not NAME=VALUE");
    }
  }

  void note_places(const mc::Call& call) const {
    std::string text;
    for (const char* stage : late_stages)
      for (const mc::Node hook : config_[stage]) text += mc::concat(hook.where(), '\n');
    if (text.empty()) return;
    const mc::Fd file(mc::check(
        ::openat(call->state_fd, places, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600),
        "note where the hooks stand"));
    mc::check(::write(file.get(), text.data(), text.size()), "note where the hooks stand");
  }

  [[nodiscard]] std::string place_of(const mc::Call& call, std::string_view stage,
                                     const mc::Node& list, std::size_t index) const {
    const std::string here = list.at(index).where();
    const mc::Fd file(
        call.later() ? ::openat(call->state_fd, places, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1);
    if (!file) return here;
    for (const char* earlier : late_stages) {
      if (stage == earlier) break;
      index += config_[earlier].size();
    }
    const std::string text = mc::read_all(file.get(), places);
    std::string_view rest = text;
    for (; index > 0 && !rest.empty(); --index) rest.remove_prefix(rest.find('\n') + 1);
    const auto line = rest.substr(0, rest.find('\n'));
    return line.empty() ? here : std::string(line);
  }

  void run(const mc::Host& host, const mc::Call& call, const char* stage, const char* status) {
    const mc::Node list = config_[stage];
    for (std::size_t i = 0; i < list.size(); ++i) run_one(host, call, stage, status, list, i);
  }

  void run_one(const mc::Host& host, const mc::Call& call, const char* stage, const char* status,
               const mc::Node& list, std::size_t index) {
    const mc::Node hook = list.at(index);
    hooks::Program program{hook.text("path"), hook.texts("args"), hook.texts("env")};
    program.before_start = std::string_view(status) == "creating";
    if (program.arguments.empty()) program.arguments = {program.path};
    if (const mc::Node timeout = hook["timeout"]; timeout && !timeout.is_word())
      program.timeout = timeout.integer();

    hooks::State state{call->id, status, -1, call->bundle != nullptr ? call->bundle : "", {}};
    if (std::string_view(status) != "stopped") state.pid = call->pid;
    const mc::Node annotations = config_["annotations"];
    for (std::size_t i = 0; i < annotations.size(); ++i)
      state.annotations.emplace_back(annotations.key_at(i), annotations.at(i).text());

    host.debug(stage, " hook '", program.path, "'");
    const hooks::Outcome outcome = hooks::run(program, hooks::state_text(state));
    const std::string name = mc::concat(stage, " hook '", program.path, "'");
    if (outcome.good()) {
      tell(host, name, outcome.errors);
      return;
    }
    if (outcome.exec_error != 0)
      mc::fail_with(outcome.exec_error, place_of(call, stage, list, index), ": execute ", stage,
                    " hook '", program.path, "'");
    tell(host, name, outcome.output);
    tell(host, name, outcome.errors);
    mc::fail(place_of(call, stage, list, index), ": ", name, ' ', outcome.text(program));
  }

  // The last lines of what it said, each with its name. Control characters could forge lines.
  static void tell(const mc::Host& host, const std::string& name, const std::string& output) {
    constexpr std::size_t most = 10;
    std::vector<std::string> lines(1);
    for (const char letter : output) {
      if (letter == '\n')
        lines.emplace_back();
      else if (lines.back().size() < 400)
        lines.back() += static_cast<unsigned char>(letter) < ' ' ? ' ' : letter;
    }
    if (lines.back().empty()) lines.pop_back();
    for (std::size_t i = lines.size() > most ? lines.size() - most : 0; i < lines.size(); ++i)
      host.warn(name, ": ", lines[i]);
  }

  mc::Node config_;
};

// After what makes the container, so that a hook sees all of it, and after what takes rights away:
// the program of start_container is the image's, and has no more of them than the command. A label
// (lsm) takes effect at the execve alone, and rootfs, which comes after it, has to come first.
constexpr const char* after[] = {"user",         "rootfs",  "pid",     "uts",      "ipc",
                                 "net",          "time",    "cgroup",  "sysctl",   "devices",
                                 "scheduling",   "rlimits", "keyring", "landlock", "no_new_privs",
                                 "capabilities", "seccomp", nullptr};

}  // namespace

MC_PLUGIN(Hooks, {.name = "hooks",
                  .summary = "External programs at the stages of a container's life",
                  .flags = MC_PLUGIN_SHARES_MEMORY,
                  .deadline_ms = UINT32_MAX,  // each program has its own
                  .options = options,
                  .after = after})
