// SPDX-License-Identifier: Apache-2.0
#include "core/oci/bundle.hpp"

#include <limits.h>
#include <sys/stat.h>

#include <cstdlib>

#include "core/json.hpp"
#include "mini_container/fd.hpp"

namespace mini_container::oci {

namespace {

constexpr JsonLimits json_limits{};

std::string real_path(const std::string& path) {
  char out[PATH_MAX];
  if (::realpath(path.c_str(), out) == nullptr)
    mc::fail_with(errno, "find the bundle '", path, "'",
                  mc::Hint{"name it with --bundle DIRECTORY"});
  return out;
}

mc::Fd open_file(const std::string& path) {
  // Not to be held up by a FIFO.
  mc::Fd file(mc::check(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
                        "open '", path, "'"));
  struct stat info {};
  mc::check(mc::stat_of(file.get(), &info), "look at '", path, "'");
  if (!S_ISREG(info.st_mode)) mc::fail("'", path, "' is not a regular file");
  return file;
}

}  // namespace

Value read_json_file(const std::string& path) {
  if (path == "-")
    return parse_json(mc::read_all(STDIN_FILENO, "standard input", json_limits.bytes),
                      "standard input", json_limits);
  const mc::Fd file = open_file(path);
  return parse_json(mc::read_all(file.get(), path, json_limits.bytes), path, json_limits);
}

Bundle read_bundle(const std::string& directory, const std::string& config_path,
                   const TranslationOptions& options) {
  Bundle out;
  out.directory = real_path(directory);
  // A relative root starts at the bundle, wherever the file is.
  const std::string path = mc::concat(out.directory, "/config.json");
  if (config_path.empty()) {
    out.config = read_json_file(path);
  } else {
    const mc::Fd file = open_file(config_path);
    out.config =
        parse_json(mc::read_all(file.get(), config_path, json_limits.bytes), path, json_limits);
  }
  out.tree = translate_config(out.config, options);
  return out;
}

Value bundle_facts(const Value& config_value) {
  const Property config(&config_value, "", config_value.place());
  Value out(Table{}, config.place());
  if (const Property affinity = config["process"]["execCPUAffinity"]) {
    Value tree(Table{});
    translate_exec_affinity(affinity, tree);
    if (Value* scheduling = tree.find("scheduling"))
      out.set(exec_scheduling_fact, std::move(*scheduling));
  }
  return out;
}

}  // namespace mini_container::oci
