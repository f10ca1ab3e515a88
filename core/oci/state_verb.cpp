// SPDX-License-Identifier: Apache-2.0
// state: what the specification's "query state" says, and where its root is.
#include <sys/stat.h>

#include <cstdio>
#include <ctime>

#include "core/failure.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/oci/bundle.hpp"
#include "core/oci/container_json.hpp"
#include "core/oci/verbs.hpp"
#include "core/resources.hpp"
#include "core/verb_options.hpp"
#include "mini_container/fd.hpp"

namespace mini_container::oci {

namespace {

std::string time_text(std::int64_t ns) {
  const time_t seconds = ns / 1'000'000'000;
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  const auto length = ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char all[64];
  std::snprintf(all, sizeof all, "%.*s.%09ldZ", static_cast<int>(length), text,
                static_cast<long>(ns % 1'000'000'000));
  return all;
}

// Names are the caller's to look up.
std::string owner_text(const Container& container) {
  struct stat info {};
  mc::check(mc::stat_of(container.state().fd(), &info), "look at the container's state");
  return info.st_uid == 0 ? "root" : mc::concat('#', info.st_uid);
}

}  // namespace

Value container_json(const Container& container, Catalog& catalog) {
  Value out(Table{});
  const auto& record = container.record();
  // That of the state, not the bundle's.
  out.set("ociVersion", Value(std::string(spec_version)));
  out.set("id", Value(container.id()));
  out.set("pid", Value(std::int64_t{container.is_alive() ? container.process().pid : 0}));
  out.set("status", Value(shown_status(container, catalog)));
  if (!record) return out;
  out.set("bundle", Value(record->directory));
  for (const auto& plugin : record->plugins) try {
      if (plugin.name != "rootfs") continue;
      const Value config = table_of(plugin);
      if (const Value* path = config.find("path")) out.set("rootfs", *path);
    } catch (const DamagedRecord& error) {
      log_line(MC_LOG_WARN, "", describe(error));
    }
  out.set("created", Value(time_text(record->created_ns)));
  out.set("owner", Value(owner_text(container)));
  const Value* annotations = record->container.find("annotations");
  out.set("annotations", annotations != nullptr ? *annotations : Value(Table{}));
  return out;
}

std::string shown_status(const Container& container, Catalog& catalog) {
  if (container.status() == Container::Status::running) try {
      const auto resources = Resources::of(container, catalog);
      if (resources && resources->is_paused()) return "paused";
    } catch (const mc::Error& error) {
      // A `delete` may just be taking its cgroups away; a plugin may be there no more.
      const bool gone = error.error_number() == ENOENT || error.error_number() == ENODEV;
      log_line(gone ? MC_LOG_DEBUG : MC_LOG_WARN, "", describe(error));
    }
  return container.status_name();
}

int state_verb(VerbContext& context, const Arguments& arguments) {
  const auto id = only_id(VerbOptions("state").parse(arguments), "state");
  const auto container = Container::open_settled(context.state_root(), id);
  if (!container.damage().empty()) log_line(MC_LOG_WARN, "", container.damage());
  return print(write_json(container_json(container, context.catalog), JsonStyle::pretty));
}

}  // namespace mini_container::oci
