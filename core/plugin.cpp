// SPDX-License-Identifier: Apache-2.0
#include "core/plugin.hpp"

#include <algorithm>
#include <cstring>

#include "core/namespaces.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

std::vector<std::string> read_names(const char* const* names) {
  std::vector<std::string> out;
  for (; names != nullptr && *names != nullptr; ++names) out.emplace_back(*names);
  return out;
}

bool is_name(std::string_view name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= 32 && letter(name.front()) &&
         std::ranges::all_of(
             name, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

// A descriptor must at least reach its hooks' first member; older ones than that never existed.
constexpr std::size_t smallest_size = offsetof(mc_plugin, plan);

}  // namespace

Plugin read_descriptor(const mc_plugin* descriptor, const std::string& path) {
  std::uint32_t size = 0;
  std::memcpy(&size, descriptor, sizeof size);
  if (size < smallest_size || size > 65536)
    mc::fail("plugin '", path, "': the descriptor says that it is ", size, " bytes long",
             mc::Hint{"mc_plugin.size must be sizeof(mc_plugin)"});
  Plugin out;
  out.path = path;
  std::memcpy(&out.data, descriptor, std::min<std::size_t>(size, sizeof out.data));
  const mc_plugin& data = out.data;
  if (data.abi_minor > MC_ABI_MINOR)
    mc::fail("plugin '", path, "' needs ABI 1.", data.abi_minor, "; this mini_container offers 1.",
             MC_ABI_MINOR, mc::Hint{"update mini_container, or build the plugin against its SDK"});
  if (data.name == nullptr || !is_name(data.name))
    mc::fail("plugin '", path, "': '", data.name != nullptr ? data.name : "",
             "' is not a plugin's name", mc::Hint{"a name is [a-z][a-z0-9_]*, at most 32 bytes"});
  out.name = data.name;
  if (out.name == "container" || out.name == "extends")
    mc::fail("plugin '", path, "': '", out.name, "' is the core's own in a launch",
             mc::Hint{"give the plugin another name"});
  if (data.version == nullptr || data.summary == nullptr)
    mc::fail("plugin '", path, "': the descriptor lacks a version or a summary");
  if (const auto unknown = data.namespaces & ~all_namespaces; unknown != 0)
    mc::fail("plugin '", path, "' asks for an unknown namespace: ", namespace_names(unknown),
             mc::Hint{"mc_plugin.namespaces takes CLONE_NEW* bits"});
  try {
    out.options = read_options(data.options, data.option_count, data.option_stride);
  } catch (const mc::Error& error) {
    mc::fail("plugin '", path, "': ", error.attempt(), mc::Hint{error.hint()});
  }
  out.needs = read_names(data.needs);
  out.after = read_names(data.after);
  out.before = read_names(data.before);
  return out;
}

}  // namespace mini_container
