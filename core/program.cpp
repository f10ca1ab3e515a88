// SPDX-License-Identifier: Apache-2.0
#include "core/program.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <optional>

#include "core/command.hpp"
#include "core/rights.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

void Program::find(const Environment& environment, bool as_user) {
  arguments_.clear();
  for (const auto& argument : *pipe_.launch.container.find("command")->as<List>())
    arguments_.push_back(*argument.as<std::string>());
  if (arguments_.empty()) mc::fail("there is no command to run");
  std::optional<NoCapabilities> no_capabilities;
  if (as_user) no_capabilities.emplace();
  const char* search = environment.find("PATH");
  path_ = find_command(arguments_.front(), search != nullptr ? search : "", pipe_.own, as_user);
}

void Program::execute(Environment& environment, const mc::Fd& init) {
  std::vector<char*> arguments;
  for (auto& argument : arguments_) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const auto variables = environment.pointers();

  pipe_.child_progress->executing.store(1, std::memory_order_release);
  if (init) execute_init(init, std::move(arguments), variables.data());
  ::execve(path_.c_str(), arguments.data(), variables.data());
  refuse_execution(path_, errno);
}

// Its own arguments come first: abi.h, set_init.
void Program::execute_init(const mc::Fd& init, std::vector<char*> arguments,
                           char* const* environment) {
  std::string name = "init";
  std::string report = std::to_string(pipe_.channel.fd());
  arguments.insert(arguments.begin(), {name.data(), report.data(), path_.data()});
  ::execveat(init.get(), "", arguments.data(), environment, AT_EMPTY_PATH);
  mc::fail_with(errno, "execute the init program of ", pipe_.plan.init().origin.text());
}

}  // namespace mini_container
