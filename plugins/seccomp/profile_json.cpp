// SPDX-License-Identifier: Apache-2.0
#include "profile_json.hpp"

// Without the library's streams: they would bring the C++ locale into the plugin.
#define JSON_NO_IO 1
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "mini_container/capability_names.hpp"
#include "mini_container/error.hpp"

namespace seccomp {

namespace {

using Json = nlohmann::json;

// The machine by the names of the profiles: those of Go, and of the library.
#if defined(__x86_64__)
constexpr std::string_view machine[] = {"amd64", "SCMP_ARCH_X86_64"};
#elif defined(__aarch64__)
constexpr std::string_view machine[] = {"arm64", "SCMP_ARCH_AARCH64"};
#elif defined(__riscv)
constexpr std::string_view machine[] = {"riscv64", "SCMP_ARCH_RISCV64"};
#elif defined(__powerpc64__)
constexpr std::string_view machine[] = {"ppc64le", "SCMP_ARCH_PPC64LE"};
#elif defined(__s390x__)
constexpr std::string_view machine[] = {"s390x", "SCMP_ARCH_S390X"};
#else
constexpr std::string_view machine[] = {"unknown", "unknown"};
#endif

/// "5.12.3-x" as {5, 12}.
std::array<int, 2> version_of(std::string_view text) {
  std::array<int, 2> out{};
  const char* at = text.data();
  const char* end = at + text.size();
  for (int& part : out) {
    at = std::from_chars(at, end, part).ptr;
    if (at == end || *at != '.') break;
    ++at;
  }
  return out;
}

class Reader {
 public:
  Reader(const std::string& name, std::uint64_t capabilities, const std::string& kernel)
      : name_(name), capabilities_(capabilities), kernel_(version_of(kernel)) {}

  Profile read(const Json& json) const {
    Profile profile;
    need(json.is_object(), "the profile is not an object");
    if (!json.contains("defaultAction")) fail("defaultAction is missing");
    profile.default_action = action(json["defaultAction"], "defaultAction");
    profile.default_data = error_number(json, "defaultErrnoRet", "defaultErrno");
    for (const Json& each : list(json, "architectures"))
      profile.architectures.push_back(text(each, "architectures"));
    add_mapped(json, profile);
    for (const Json& each : list(json, "flags")) {
      const std::string flag = text(each, "flags");
      const auto value = flag_named(flag);
      if (!value) fail("unknown flag '" + flag.substr(0, 64) + "'");
      profile.flags |= *value;
    }
    if (json.contains("listenerPath"))
      profile.listener_path = text(json["listenerPath"], "listenerPath");
    if (json.contains("listenerMetadata"))
      profile.listener_metadata = text(json["listenerMetadata"], "listenerMetadata");
    for (const Json& each : list(json, "syscalls")) {
      need(each.is_object(), "syscalls: an entry is not an object");
      if (applies(each)) add(rule(each), profile.rules);
    }
    return profile;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    mc::fail("seccomp profile '", name_, "': ", what);
  }
  void need(bool holds, const char* otherwise) const {
    if (!holds) fail(otherwise);
  }

  std::string text(const Json& json, const char* key) const {
    if (!json.is_string()) fail(mc::concat(key, ": text is wanted"));
    auto out = json.get<std::string>();
    if (out.find('\0') != std::string::npos) fail(mc::concat(key, ": a NUL in the text"));
    return out;
  }

  /// The list at `key`, empty where it is absent or null.
  const Json& list(const Json& json, const char* key) const {
    static const Json none = Json::array();
    const auto found = json.find(key);
    if (found == json.end() || found->is_null()) return none;
    if (!found->is_array()) fail(mc::concat(key, ": a list is wanted"));
    return *found;
  }

  Action action(const Json& json, const char* key) const {
    const std::string name = text(json, key);
    const auto out = action_named(name);
    if (!out) fail(mc::concat(key, ": unknown action '", name.substr(0, 64), "'"));
    return *out;
  }

  std::uint64_t number(const Json& json, const char* key) const {
    if (!json.is_number_integer()) fail(mc::concat(key, ": an integer is wanted"));
    return json.is_number_unsigned() ? json.get<std::uint64_t>()
                                     : static_cast<std::uint64_t>(json.get<std::int64_t>());
  }

  std::uint32_t error_number(const Json& json, const char* number_key, const char* name_key) const {
    if (json.contains(number_key) && !json[number_key].is_null()) {
      const std::uint64_t value = number(json[number_key], number_key);
      // Both an errno and the message of a trace have 16 bits.
      if (value > 0xffff) fail(mc::concat(number_key, ": ", value, " is above 65535"));
      return static_cast<std::uint32_t>(value);
    }
    if (json.contains(name_key) && !json[name_key].is_null()) {
      const std::string wanted = text(json[name_key], name_key);
      if (wanted.empty()) return EPERM;
      for (int i = 1; i < 200; ++i) {
        const char* found = ::strerrorname_np(i);
        if (found != nullptr && wanted == found) return static_cast<std::uint32_t>(i);
      }
      fail(mc::concat(name_key, ": unknown errno '", wanted.substr(0, 64), "'"));
    }
    return EPERM;
  }

  /// `archMap`: the further architectures of a machine.
  void add_mapped(const Json& json, Profile& profile) const {
    for (const Json& each : list(json, "archMap")) {
      need(each.is_object() && each.contains("architecture"), "archMap: no architecture");
      if (text(each["architecture"], "archMap") != machine[1]) continue;
      profile.architectures.emplace_back(machine[1]);
      for (const Json& other : list(each, "subArchitectures"))
        profile.architectures.push_back(text(other, "subArchitectures"));
    }
  }

  /// Several conditions on one argument: engines make a rule of each condition.
  static void add(Rule rule, std::vector<Rule>& out) {
    if (rule.second_condition() == rule.arguments.end()) return out.push_back(std::move(rule));
    for (const Argument& one : std::exchange(rule.arguments, {})) {
      out.push_back(rule);
      out.back().arguments = {one};
    }
  }

  bool has_capability(const std::string& name) const {
    const auto* found = std::ranges::find(mc::capability_names, name);
    return found != std::end(mc::capability_names) &&
           (capabilities_ >> (found - std::begin(mc::capability_names)) & 1U) != 0;
  }

  /// Whether any name of the list at `key` holds; `otherwise` where there is no such list.
  template <class Holds>
  bool any(const Json& condition, const char* key, bool otherwise, Holds holds) const {
    const Json& names = list(condition, key);
    if (names.empty()) return otherwise;
    return std::any_of(names.begin(), names.end(),
                       [&](const Json& each) { return holds(text(each, key)); });
  }

  bool applies(const Json& entry) const {
    const auto capability = [this](const std::string& name) { return has_capability(name); };
    const auto here = [](const std::string& name) {
      return std::find(std::begin(machine), std::end(machine), name) != std::end(machine);
    };
    if (const auto in = entry.find("includes"); in != entry.end() && in->is_object()) {
      const Json& caps = list(*in, "caps");
      if (!std::all_of(caps.begin(), caps.end(),
                       [&](const Json& each) { return capability(text(each, "caps")); }))
        return false;
      if (!any(*in, "arches", true, here) || !new_enough(*in, true)) return false;
    }
    if (const auto out = entry.find("excludes"); out != entry.end() && out->is_object()) {
      if (any(*out, "caps", false, capability) || any(*out, "arches", false, here) ||
          new_enough(*out, false))
        return false;
    }
    return true;
  }

  bool new_enough(const Json& condition, bool otherwise) const {
    const auto found = condition.find("minKernel");
    if (found == condition.end() || !found->is_string()) return otherwise;
    const std::string least = text(*found, "minKernel");
    return least.empty() ? otherwise : kernel_ >= version_of(least);
  }

  Rule rule(const Json& json) const {
    Rule out;
    out.place = "seccomp profile '" + name_ + "'";
    // Engines' profiles name calls that are younger than this machine's library.
    out.ignore_unknown = true;
    for (const Json& each : list(json, "names")) out.names.push_back(text(each, "names"));
    if (out.names.empty() && json.contains("name")) out.names.push_back(text(json["name"], "name"));
    need(!out.names.empty(), "syscalls: an entry without names");
    need(json.contains("action"), "syscalls: an entry without an action");
    out.action = action(json["action"], "action");
    out.data = error_number(json, "errnoRet", "errno");
    for (const Json& each : list(json, "args")) {
      need(each.is_object() && each.contains("index") && each.contains("value") &&
               each.contains("op"),
           "args: index, value and op are wanted");
      Argument argument;
      const std::uint64_t index = number(each["index"], "index");
      if (index > 5) fail(mc::concat("args: index ", index, " is above 5"));
      argument.index = static_cast<unsigned>(index);
      const std::string op = text(each["op"], "op");
      const auto compare = compare_named(op);
      if (!compare) fail(mc::concat("args: unknown op '", op.substr(0, 64), "'"));
      argument.compare = *compare;
      argument.value = number(each["value"], "value");
      if (each.contains("valueTwo")) argument.value_two = number(each["valueTwo"], "valueTwo");
      out.arguments.push_back(argument);
    }
    return out;
  }

  const std::string& name_;
  std::uint64_t capabilities_;
  std::array<int, 2> kernel_;
};

}  // namespace

Profile read_json_profile(const std::string& text, const std::string& name,
                          std::uint64_t capabilities, const std::string& kernel) {
  try {
    const Json json = Json::parse(text);
    // A whole config.json serves too.
    if (json.is_object() && json.contains("linux") && json["linux"].is_object() &&
        json["linux"].contains("seccomp"))
      return Reader(name, capabilities, kernel).read(json["linux"]["seccomp"]);
    return Reader(name, capabilities, kernel).read(json);
  } catch (const Json::exception& error) {
    mc::fail("seccomp profile '", name, "': ", error.what());
  }
}

}  // namespace seccomp
