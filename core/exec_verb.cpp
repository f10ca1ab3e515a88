// SPDX-License-Identifier: Apache-2.0
#include <getopt.h>

#include <charconv>

#include "core/agent.hpp"
#include "core/container.hpp"
#include "core/exec.hpp"
#include "core/verbs.hpp"

namespace mini_container {

Launch exec_launch(const Container& container, Catalog& catalog) {
  if (!container.record() || container.status() == Container::Status::stopped)
    mc::fail("container '", container.id(), "' is not running",
             mc::Hint{"see its state: mini_container list"});
  Launch launch = launch_of(*container.record(), catalog);
  // Of the container's own start, not of a further process.
  launch.container.set("terminal", Value(false));
  launch.container.set("keep_fds", Value(List{}));
  return launch;
}

int exec_verb(VerbContext& context, const Arguments& arguments) {
  static constexpr option flags[] = {
      {"env", required_argument, nullptr, 'e'},  {"cwd", required_argument, nullptr, 'w'},
      {"user", required_argument, nullptr, 'u'}, {"terminal", no_argument, nullptr, 't'},
      {"tty", no_argument, nullptr, 't'},        {nullptr, 0, nullptr, 0}};
  std::vector<char*> argv;
  std::string own_name = "exec";
  auto words = arguments;
  argv.push_back(own_name.data());
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  Value changes(Table{});
  Value environment(Table{});
  optind = 0;
  opterr = 0;
  int flag = 0;
  const auto count = static_cast<int>(argv.size()) - 1;
  while ((flag = ::getopt_long(count, argv.data(), "+:e:w:u:t", flags, nullptr)) >= 0) {
    const std::string text = optarg != nullptr ? optarg : "";
    if (flag == 'e') {
      const auto equals = text.find('=');
      if (equals == 0 || equals == std::string::npos)
        mc::fail("exec: --env '", text, "' is not NAME=VALUE");
      environment.set(text.substr(0, equals), Value(text.substr(equals + 1)));
    } else if (flag == 'w') {
      changes.set("cwd", Value(text));
    } else if (flag == 'u') {
      changes.set("user", Value(text));
    } else if (flag == 't') {
      changes.set("terminal", Value(true));
    } else {
      mc::fail("exec: ", flag == ':' ? "a value is missing behind '" : "unknown option '",
               argv[static_cast<std::size_t>(optind) - 1], "'",
               mc::Hint{"mini_container exec [-t] [-e NAME=VALUE] [-w DIR] [-u USER] ID COMMAND..."});
    }
  }
  const std::vector<std::string> rest(arguments.begin() + (optind - 1), arguments.end());
  if (rest.empty()) mc::fail("exec: the container's id is missing");
  auto first = rest.begin() + 1;
  if (first != rest.end() && *first == "--") ++first;
  if (first == rest.end())
    mc::fail("exec: there is no command to run",
             mc::Hint{"mini_container exec ID COMMAND [ARG...]"});
  List command;
  for (; first != rest.end(); ++first) command.emplace_back(*first);

  const auto container = Container::open(context.state_root(), rest.front());
  Launch launch = exec_launch(container, context.catalog);
  for (auto& [key, value] : *changes.as<Table>()) launch.container.set(key, std::move(value));
  launch.container.set("command", Value(std::move(command)));
  if (!environment.as<Table>()->empty()) {
    const Value* there = launch.container.find("env");
    Value all = there != nullptr ? *there : Value(Table{});
    for (auto& [name, value] : *environment.as<Table>()) all.set(name, std::move(value));
    launch.container.set("env", std::move(all));
  }
  RunOptions options;
  options.state_root = context.state_root();
  options.id = container.id();
  options.verbose = context.global.verbose;
  Agent agent(launch, std::move(options));
  agent.start_in(container);
  return agent.wait();
}

}  // namespace mini_container
