// SPDX-License-Identifier: Apache-2.0
// convert: a bundle's config.json as a launch file, and a launch file as config.json.
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>

#include "core/json.hpp"
#include "core/log.hpp"
#include "core/oci/bundle.hpp"
#include "core/oci/config_of.hpp"
#include "core/oci/verbs.hpp"
#include "core/toml_reader.hpp"
#include "core/toml_writer.hpp"
#include "core/verb_options.hpp"
#include "mini_container/fd.hpp"

namespace mini_container::oci {

namespace {

constexpr int exit_not_all_said = 2;

struct Request {
  std::string file;
  std::string to;      // "toml", "json"
  std::string output;  // empty: standard output
  bool lossy = false;
};

std::string real_directory_of(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  const std::string directory = slash == file.npos ? "." : file.substr(0, slash + 1);
  char out[PATH_MAX];
  if (::realpath(directory.c_str(), out) == nullptr)
    mc::fail_with(errno, "find the directory '", directory, "'");
  return out;
}

Request parse_convert(const Arguments& arguments) {
  Request out;
  VerbOptions options("convert");
  options.value("to", 0, out.to, "FORMAT", "toml or json; told by the file's name without it")
      .value("output", 'o', out.output, "FILE",
             "A new file for the text; standard output without it")
      .flag("lossy", 0, out.lossy, "Goes on where something cannot be said, and lists it");
  const auto rest = options.parse(arguments);
  if (rest.size() != 1)
    mc::fail("convert: takes one file", mc::Hint{"mini_container convert FILE.toml|config.json"});
  out.file = rest.front();
  struct stat info {};
  if (::stat(out.file.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) out.file += "/config.json";
  if (out.to.empty())
    out.to = out.file.ends_with(".json") ? "toml" : out.file.ends_with(".toml") ? "json" : "";
  if (out.to != "toml" && out.to != "json")
    mc::fail("convert: '", out.to.empty() ? out.file : out.to, "': what is it to become?",
             mc::Hint{"--to toml for a config.json, --to json for a launch file"});
  return out;
}

/// A path of the bundle's as one of a launch file in `output`.
void move_path(Value* path, const std::string& bundle, const std::string& output) {
  if (path == nullptr) return;
  auto& text = *path->as<std::string>();
  text = path_from(output, text.starts_with('/') ? text : mc::concat(bundle, '/', text));
}

void move_paths(Value& tree, const std::string& bundle, const std::string& output) {
  Value& rootfs = *tree.find("rootfs");
  move_path(rootfs.find("path"), bundle, output);
  for (Value& mount : *rootfs.find("mounts")->as<List>())
    move_path(mount.find("source"), bundle, output);
}

Conversion to_launch(const Request& request, const std::string& output, Catalog& catalog) {
  const Value config = read_json_file(request.file);
  Reading reading;
  TranslationOptions options;
  options.reading = &reading;
  Conversion out;
  out.tree = translate_config(config, options);
  out.left_out = reading.all_left_out(config);
  // Every container of a bundle has one of its own; the name is made up.
  std::erase_if(*out.tree.find("keyring")->as<Table>(),
                [](const Member& member) { return member.first == "name"; });
  const std::string bundle = real_directory_of(request.file);
  // What the plugins would refuse is no launch.
  check_launch(out.tree, bundle, catalog);
  move_paths(out.tree, bundle, output);
  return out;
}

Conversion to_config(const Request& request, const std::string& output, Catalog& catalog) {
  const Launch launch =
      check_launch(read_launch_file(request.file), real_directory_of(request.file), catalog);
  return config_of(launch, output);
}

void write_out(const std::string& path, const std::string& text) {
  if (path.empty()) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
      mc::fail_with(errno, "write to standard output");
    return;
  }
  const mc::Fd file = make_file(path);
  for (std::size_t done = 0; done < text.size();)
    done += static_cast<std::size_t>(mc::check(
        ::write(file.get(), text.data() + done, text.size() - done), "write '", path, "'"));
}

}  // namespace

int convert_verb(VerbContext& context, const Arguments& arguments) {
  const Request request = parse_convert(arguments);
  const std::string output = request.output.empty() ? "" : real_directory_of(request.output);
  const bool to_toml = request.to == "toml";
  const Conversion made = to_toml ? to_launch(request, output, context.catalog)
                                  : to_config(request, output, context.catalog);
  for (const LeftOut& each : made.left_out) say(each.text());
  if (!made.left_out.empty() && !request.lossy) {
    say(mc::concat("mini_container: convert: ", made.left_out.size(), " of '", request.file,
                   "' cannot be said in ", to_toml ? "a launch file" : "config.json",
                   ", and nothing is written; --lossy goes on without"));
    return exit_not_all_said;
  }
  write_out(request.output,
            to_toml ? write_toml(made.tree) : write_json(made.tree, JsonStyle::pretty));
  return 0;
}

}  // namespace mini_container::oci
