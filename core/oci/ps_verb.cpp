// SPDX-License-Identifier: Apache-2.0
// ps: the ids of a container's processes, or what ps(1) says of them.
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>

#include "core/failure.hpp"
#include "core/json.hpp"
#include "core/oci/bundle.hpp"
#include "core/oci/verbs.hpp"
#include "core/resources.hpp"
#include "core/verb_options.hpp"

namespace mini_container::oci {

namespace {

constexpr std::size_t most_output = std::size_t{1} << 30;

// The agent of one that has ended may have removed its cgroups, with whoever was in them.
std::vector<pid_t> processes_in(const Container& container, const Resources& resources) try {
  return resources.processes();
} catch (const mc::Error& error) {
  if (container.is_alive() || error.error_number() != ENOENT) throw;
  return {};
}

std::vector<pid_t> processes_of(const Container& container, Catalog& catalog) {
  if (const auto resources = Resources::of(container, catalog))
    return processes_in(container, *resources);
  if (container.is_alive())
    mc::fail("ps: container '", container.id(), "' has no cgroup to tell its processes by",
             mc::Hint{"its first process is " + std::to_string(container.process().pid)});
  return {};
}

/// What a program wrote: a file that has room for any amount while nobody reads it yet.
class Output {
 public:
  explicit Output(const char* name)
      : name_(name), file_(mc::check(::memfd_create(name, MFD_CLOEXEC), "make room for ", name)) {}
  [[nodiscard]] int fd() const { return file_.get(); }
  [[nodiscard]] std::string text() const {
    mc::check(::lseek(file_.get(), 0, SEEK_SET), "read ", name_);
    return mc::read_all(file_.get(), name_, most_output);
  }

 private:
  const char* name_;
  mc::Fd file_;
};

pid_t spawn_ps(const std::vector<std::string>& options, const Output& out, const Output& errors) {
  std::vector<std::string> words = {"ps"};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, out.fd(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, errors.fd(), STDERR_FILENO);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, "ps", &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    mc::fail_with(failed, "run ps(1)",
                  mc::Hint{"install the package procps; without options of ps, nothing is run"});
  return pid;
}

/// The lines that ps(1) with `options` writes.
std::vector<std::string> ask_ps(const std::vector<std::string>& options) {
  const Output out("the output of ps(1)"), errors("the errors of ps(1)");
  const pid_t pid = spawn_ps(options, out, errors);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) mc::check(-1, "wait for ps(1)");
  const std::string complaint = errors.text();
  // 1 without a word: it has selected nobody.
  const bool found_nobody = WIFEXITED(status) && WEXITSTATUS(status) == 1 && complaint.empty();
  if (status != 0 && !found_nobody)
    mc::fail("ps(1) ended with ", WIFSIGNALED(status) ? "signal " : "exit status ",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), ": ",
             complaint.substr(0, complaint.find('\n')),
             mc::Hint{"what follows the container's id is handed to it: ps ID -ef"});
  std::vector<std::string> lines;
  const std::string text = out.text();
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  for (std::size_t at = line.find_first_not_of(' '); at < line.size();) {
    const auto end = std::min(line.find(' ', at), line.size());
    out.push_back(line.substr(at, end - at));
    at = std::min(line.find_first_not_of(' ', end), line.size());
  }
  return out;
}

std::optional<pid_t> number(std::string_view word) {
  pid_t out = 0;
  const auto* end = word.data() + word.size();
  const auto [rest, failed] = std::from_chars(word.data(), end, out);
  if (failed != std::errc() || rest != end || out <= 0) return std::nullopt;
  return out;
}

/// The column of the process ids: which word of the header it is, and where that ends.
struct Column {
  std::size_t word = 0;
  std::size_t end = 0;
};

// Ids stand below the end of their header, whatever blanks there are before; where one is pushed
// away from there, it is the word of that number.
pid_t pid_in(std::string_view line, const Column& column) {
  const auto words = words_of(line);
  for (const auto word : words) {
    const auto start = static_cast<std::size_t>(word.data() - line.data());
    if (start < column.end && column.end <= start + word.size())
      if (const auto pid = number(word)) return *pid;
  }
  const auto pid = column.word < words.size() ? number(words[column.word]) : std::nullopt;
  if (!pid)
    mc::fail("ps: '", line, "' has no number in the column PID",
             mc::Hint{"name pid before the columns with blanks, as in -o pid,args"});
  return *pid;
}

Column find_column(std::string_view header) {
  const auto titles = words_of(header);
  const auto title = std::ranges::find(titles, "PID");
  if (title == titles.end())
    mc::fail("ps: what ps(1) says has no column PID, and so nothing to tell the container's by: '",
             header, "'", mc::Hint{"such as: ps ID -o pid,args"});
  return {static_cast<std::size_t>(title - titles.begin()),
          static_cast<std::size_t>(title->data() - header.data()) + title->size()};
}

/// The header of what ps(1) says, and the lines of `processes`.
void print_lines(const std::vector<std::string>& options, const std::vector<pid_t>& processes) {
  const auto lines = ask_ps(options);
  const std::string header = lines.empty() ? std::string() : lines.front();
  const auto column = find_column(header);
  std::string text = header + "\n";
  for (std::size_t i = 1; i < lines.size(); ++i)
    if (std::ranges::find(processes, pid_in(lines[i], column)) != processes.end())
      text += lines[i] + "\n";
  std::fputs(text.c_str(), stdout);
}

void print_ids(const std::vector<pid_t>& processes) {
  std::string text = "PID\n";
  for (const pid_t pid : processes) text += std::to_string(pid) + "\n";
  std::fputs(text.c_str(), stdout);
}

}  // namespace

int ps_verb(VerbContext& context, const Arguments& arguments) {
  std::string format = "table";
  VerbOptions options("ps", true);
  options.value("format", 'f', format, "FORMAT",
                "table (the default), or json: the ids alone, whatever is asked of ps");
  auto rest = options.parse(arguments);
  const auto id = only_id({rest.begin(), rest.empty() ? rest.end() : rest.begin() + 1}, "ps");
  rest.erase(rest.begin());
  if (format != "table" && format != "json")
    mc::fail("ps: --format: '", format, "' is neither table nor json");
  const auto container = Container::open_settled(context.state_root(), id);
  const auto processes = processes_of(container, context.catalog);
  if (format == "json") {
    List out;
    for (const pid_t pid : processes) out.emplace_back(std::int64_t{pid});
    std::puts(write_json(Value(std::move(out))).c_str());
  } else if (rest.empty()) {
    print_ids(processes);
  } else {
    print_lines(rest, processes);
  }
  return 0;
}

}  // namespace mini_container::oci
