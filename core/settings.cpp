// SPDX-License-Identifier: Apache-2.0
#include "core/settings.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/options.hpp"
#include "core/toml_reader.hpp"
#include "mini_container/fd.hpp"
#include "mini_container/plugin.hpp"

namespace mini_container {

namespace {

constexpr std::size_t largest = 1 << 20;

constexpr mc_option annotation_fields[] = {
    mc::option({.type = MC_LIST,
                .element = MC_STRING,
                .key = "allow",
                .help = "What the annotations of a bundle may set: plugins, or PLUGIN.KEY"}),
};
constexpr mc_option declared[] = {
    mc::option({.type = MC_TABLE,
                .key = "annotations",
                .help = "Annotations that start with mini_container.",
                .fields = annotation_fields}),
};

void check_owner(const struct stat& info, const std::string& path) {
  if (info.st_uid != 0)
    mc::fail("refuse the configuration '", path, "': it belongs to uid ", info.st_uid,
             mc::Hint{"it says what bundles may do: chown root"});
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    mc::fail("refuse the configuration '", path, "': others than root may write to it",
             mc::Hint{"it says what bundles may do: chmod go-w"});
}

mc::Fd open_checked(const std::string& path) {
  // Whoever may write to the directory may replace the file.
  const std::string directory = path.substr(0, path.rfind('/') + 1);
  struct stat info {};
  mc::check(::stat(directory.empty() ? "." : directory.c_str(), &info), "look at '", directory,
            "'");
  check_owner(info, directory.empty() ? "." : directory);
  mc::Fd file(
      mc::check(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW),
                "open the configuration '", path, "'"));
  mc::check(mc::stat_of(file.get(), &info), "look at '", path, "'");
  if (!S_ISREG(info.st_mode)) mc::fail("the configuration '", path, "' is not a regular file");
  check_owner(info, path);
  return file;
}

}  // namespace

bool Settings::allows_annotation(std::string_view table, std::string_view key) const {
  return std::ranges::any_of(allowed_annotations, [&](std::string_view allowed) {
    if (allowed == table) return true;
    return !key.empty() && allowed.size() == table.size() + 1 + key.size() &&
           allowed.starts_with(table) && allowed[table.size()] == '.' && allowed.ends_with(key);
  });
}

Settings read_settings(const std::string& path) {
  Settings out;
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 && (errno == ENOENT || errno == ENOTDIR)) return out;
  const mc::Fd file = open_checked(path);
  const Value text = read_toml(mc::read_all(file.get(), path, largest), path);
  const Value checked = check_table("the configuration", text, declared);
  const Value* annotations = checked.find("annotations");
  if (annotations == nullptr) return out;
  if (const Value* allow = annotations->find("allow"))
    for (const Value& each : *allow->as<List>())
      out.allowed_annotations.push_back(*each.as<std::string>());
  return out;
}

}  // namespace mini_container
