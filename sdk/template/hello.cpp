// SPDX-License-Identifier: Apache-2.0
// A plugin to start from: the command finds a greeting in its environment, and a file with it on
// the host's side for as long as the container lives.
#include <fcntl.h>
#include <unistd.h>

#include "mini_container/plugin.hpp"

namespace {

class Hello {
 public:
  // The agent makes one for each launch. Options are checked, and have their defaults: what is left
  // to check here is what only this plugin can know. To refuse a launch: throw.
  explicit Hello(const mc::Host& host) : greeting_(host.config().text("greeting")) {
    for (const std::string& name : host.config().texts("to")) {
      if (name.find('\n') != std::string::npos)
        mc::fail(host.config()["to"].where(), ": a name with a newline",
                 mc::Hint{"write one name an element"});
      greeting_ += " " + name;
    }
  }

  // In the agent. Says what the container shall have; touches nothing, for `mini_container plan`
  // comes until here and no further.
  void plan(mc::Host& host) {
    host.set_environment("GREETING", greeting_.c_str(), host.config()["greeting"]);
  }

  // In the agent. Takes what the container needs of the host. The state directory is the place for
  // notes of it: `cleanup` may run in a later process, which has nothing else.
  void pre_clone(mc::Host&, const mc::Call& call) {
    const mc::Fd note(
        mc::check(::openat(call->state_fd, "greeting", O_WRONLY | O_CREAT | O_CLOEXEC, 0600),
                  "make the note 'greeting'"));
    mc::check(::write(note.get(), greeting_.data(), greeting_.size()), "write the note");
  }

  // In the child, inside the new root. No threads, no dlopen, no names of users, no stdio.
  void after_pivot(mc::Host& host, const mc::Call& call) {
    host.info("container '", call->id, "' is greeted: ", greeting_);
  }

  // In the agent, always, once pre_clone was called, perhaps twice: what is gone is no error.
  void cleanup(mc::Host&, const mc::Call& call) {
    if (::unlinkat(call->state_fd, "greeting", 0) != 0 && errno != ENOENT)
      mc::fail_with(errno, "remove the note 'greeting'");
  }

 private:
  std::string greeting_;
};

// The one declaration from which come the checks of launch files, the flags, `plugin info`, the
// manual page and the JSON Schema.
constexpr mc_option options[] = {
    mc::option({.type = MC_STRING,
                .key = "greeting",
                .help = "What the command finds in GREETING",
                .default_text = "hello",
                .minimum = 1,
                .maximum = 100}),
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .key = "to",
                .help = "Whom to greet",
                .default_text = "world",
                .value_name = "NAME,..."}),
};

}  // namespace

MC_PLUGIN(Hello, {.name = "hello",
                  .summary = "A greeting in the command's environment",
                  // No hook puts files into the root: `validate` may look for the command there.
                  .flags = MC_PLUGIN_KEEPS_ROOT,
                  .options = options})
