// SPDX-License-Identifier: Apache-2.0
// `linux.seccomp`: the same rules in the plugin's words; names, actions and operators are taken
// over as they are, and checked there.
#include "core/oci/translate.hpp"

namespace mini_container::oci {

namespace {

// Of the library that makes the filter; the kernel's last one is 4095.
constexpr std::int64_t most_errno = 4094;
constexpr std::int64_t most_trace_message = 65535;

Value translate_argument(const Property& argument) {
  Value out(Table{}, argument.place());
  const Property index = argument.need("index");
  out.set("index", Value(index.integer(0, 5), index.place()));
  // 64 bits without sign become 64 bits with sign: the plugin takes them as they are.
  for (const auto& [from, to] : {std::pair{"value", "value"}, std::pair{"valueTwo", "value_two"}})
    if (const Property number = argument[from])
      out.set(to, Value(static_cast<std::int64_t>(number.large()), number.place()));
  if (!argument["value"]) argument["value"].refuse("it is required and not given");
  out.set("op", argument.need("op").text_value());
  return out;
}

// "When the action doesn't support an errno, the runtime MUST print and error and fail."
Value error_number(const Property& number, const Property& action) {
  const std::string word = action.text();
  if (word != "SCMP_ACT_ERRNO" && word != "SCMP_ACT_TRACE")
    number.refuse("the action '", word.substr(0, 60), "' has no errno", mc::Hint{"leave it out"});
  const auto most = word == "SCMP_ACT_TRACE" ? most_trace_message : most_errno;
  return Value(number.integer(0, most), number.place());
}

Value translate_rule(const Property& rule) {
  Value out(Table{}, rule.place());
  const Property names = rule.need("names");
  if (names.items().empty()) names.refuse("it is empty");
  out.set("names", names.texts_value());
  out.set("action", rule.need("action").text_value());
  if (const Property number = rule["errnoRet"])
    out.set("errno", error_number(number, rule.need("action")));
  List arguments;
  for (const Property& argument : rule["args"].items())
    arguments.push_back(translate_argument(argument));
  if (!arguments.empty()) out.set("args", Value(std::move(arguments), rule.place()));
  return out;
}

bool has_second_condition(const List& arguments) {
  const auto index = [](const Value& argument) {
    return *argument.find("index")->as<std::int64_t>();
  };
  for (std::size_t i = 0; i < arguments.size(); ++i)
    for (std::size_t earlier = 0; earlier < i; ++earlier)
      if (index(arguments[i]) == index(arguments[earlier])) return true;
  return false;
}

// Several conditions on one argument: other runtimes make a rule of each condition.
void add_rule(const Value& rule, List& out) {
  const Value* given = rule.find("args");
  if (given == nullptr || !has_second_condition(*given->as<List>())) return out.push_back(rule);
  for (const Value& argument : *given->as<List>()) {
    Value one = rule;
    one.set("args", Value(List{argument}, given->place()));
    out.push_back(std::move(one));
  }
}

}  // namespace

void translate_seccomp(const Property& seccomp, Value& tree) {
  Value& table = table_of(tree, "seccomp", seccomp.place());
  table.set("base", Value(std::string("none"), seccomp.place()));
  // Engines send one profile to machines of all kinds.
  table.set("ignore_unknown", Value(true, seccomp.place()));
  table.set("default_action", seccomp.need("defaultAction").text_value());
  if (const Property number = seccomp["defaultErrnoRet"])
    table.set("default_errno", error_number(number, seccomp.need("defaultAction")));
  for (const char* key : {"architectures", "flags"})
    if (const Property list = seccomp[key]; list && !list.items().empty())
      table.set(key, list.texts_value());
  for (const auto& [from, to] : {std::pair{"listenerPath", "listener_path"},
                                 std::pair{"listenerMetadata", "listener_metadata"}})
    if (const Property text = seccomp[from]; text && !text.text().empty())
      table.set(to, text.text_value());
  List rules;
  for (const Property& rule : seccomp["syscalls"].items()) add_rule(translate_rule(rule), rules);
  if (!rules.empty()) table.set("syscalls", Value(std::move(rules), seccomp.place()));
}

}  // namespace mini_container::oci
