// SPDX-License-Identifier: Apache-2.0
// `hooks`: programs that are run along the way.
#include "core/oci/translate.hpp"

namespace mini_container::oci {

namespace {

constexpr std::int64_t longest_timeout = 31'536'000;  // a year

Value translate_hook(const Property& hook) {
  Value out(Table{}, hook.place());
  const Property path = hook.need("path");
  if (!path.text().starts_with('/'))
    path.refuse("'", path.text().substr(0, 60), "' is not an absolute path");
  out.set("path", path.text_value());
  if (hook["args"]) out.set("args", hook["args"].texts_value());
  out.set("env", hook["env"].texts_value());
  const Property timeout = hook["timeout"];
  out.set("timeout", timeout ? Value(timeout.integer(1, longest_timeout), timeout.place())
                             : Value(std::string("none"), hook.place()));
  return out;
}

}  // namespace

void translate_hooks(const Property& hooks, const Property& annotations, Value& tree) {
  for (const auto& [from, to] :
       {std::pair{"prestart", "prestart"}, std::pair{"createRuntime", "create_runtime"},
        std::pair{"createContainer", "create_container"},
        std::pair{"startContainer", "start_container"}, std::pair{"poststart", "poststart"},
        std::pair{"poststop", "poststop"}}) {
    const Property list = hooks[from];
    List out;
    for (const Property& hook : list.items()) out.push_back(translate_hook(hook));
    if (!out.empty())
      table_of(tree, "hooks", list.place()).set(to, Value(std::move(out), list.place()));
  }
  if (Value* table = tree.find("hooks"); table != nullptr && annotations)
    table->set("annotations", annotations.text_map_value());
}

}  // namespace mini_container::oci
