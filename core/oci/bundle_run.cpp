// SPDX-License-Identifier: Apache-2.0
// Apart from the verb: every `run` asks.
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "core/oci/verbs.hpp"

namespace mini_container::oci {

bool is_bundle_run(const Arguments& arguments) {
  static constexpr std::string_view with_value[] = {"--pid-file", "--console-socket",
                                                    "--preserve-fds", "--config", "-f"};
  static constexpr std::string_view alone[] = {
      "-d", "--detach", "--keep", "--no-subreaper", "--no-pivot", "--no-new-keyring"};
  bool only_known = true;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& argument = arguments[i];
    if (argument.starts_with("-b") || argument == "--bundle" || argument.starts_with("--bundle="))
      return true;
    if (std::ranges::find(with_value, argument) != std::end(with_value))
      ++i;
    else if (!argument.starts_with('-') || argument == "--")
      // `run ID` in a bundle's directory, as other runtimes have it: one word, and no flag of ours.
      return only_known && i + 1 == arguments.size() && argument != "--" &&
             ::access("config.json", R_OK) == 0;
    else
      only_known = only_known && std::ranges::find(alone, argument) != std::end(alone);
  }
  return false;
}

}  // namespace mini_container::oci
