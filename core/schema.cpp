// SPDX-License-Identifier: Apache-2.0
#include "core/schema.hpp"

#include "core/container_options.hpp"
#include "core/option_text.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

Value text(std::string_view content) { return Value(std::string(content)); }

Value table(std::initializer_list<std::pair<const char*, Value>> members) {
  Table out;
  for (const auto& [key, value] : members) out.emplace_back(key, value);
  return Value(std::move(out));
}

Value words(const char* const* choices) {
  List out;
  for (; choices != nullptr && *choices != nullptr; ++choices) out.push_back(text(*choices));
  return Value(std::move(out));
}

/// `path`: the table's, "rootfs.mounts", for errors.
Value properties(Options options, const std::string& path);

/// Sets the bounds of `option` under these two names.
void set_bounds(Value& schema, const mc_option& option, const char* least, const char* most) {
  if (has_minimum(option)) schema.set(least, Value(option.minimum));
  if (has_maximum(option)) schema.set(most, Value(option.maximum));
}

/// A number of its own, text that stands for one, or a word in its place.
Value alternatives(Value number, const char* pattern, const char* const* choices) {
  List any{std::move(number)};
  if (pattern != nullptr)
    any.push_back(table({{"type", text("string")}, {"pattern", text(pattern)}}));
  if (choices != nullptr) any.push_back(table({{"enum", words(choices)}}));
  if (any.size() == 1) return std::move(any.front());
  return table({{"anyOf", Value(std::move(any))}});
}

/// `bounded`: the bounds are the value's own and not those of the list or map that it is in.
Value of_type(const mc_option& option, std::uint32_t type, bool bounded, const std::string& path) {
  switch (type) {
    case MC_BOOL:
      return table({{"type", text("boolean")}});
    case MC_INT: {
      Value number = table({{"type", text("integer")}});
      if (bounded) set_bounds(number, option, "minimum", "maximum");
      return alternatives(std::move(number), nullptr, option.choices);
    }
    case MC_FLOAT: {
      Value number = table({{"type", text("number")}});
      if (bounded) set_bounds(number, option, "minimum", "maximum");
      return number;
    }
    case MC_STRING:
    case MC_PATH: {
      Value string = table({{"type", text("string")}});
      if (type == MC_PATH) string.set("minLength", Value(std::int64_t{1}));
      // The length in characters is at most the length in bytes, which is what is checked.
      if (bounded && has_maximum(option)) string.set("maxLength", Value(option.maximum));
      if (bounded && option.minimum > 0) string.set("minLength", Value(std::int64_t{1}));
      return string;
    }
    case MC_SIZE: {
      Value number = table({{"type", text("integer")}, {"minimum", Value(std::int64_t{0})}});
      if (bounded) set_bounds(number, option, "minimum", "maximum");
      return alternatives(std::move(number),
                          "^([0-9]+(\\.[0-9]+)?([kKmMgGtTpPeE](iB?|[bB])?|[bB])?|0x[0-9a-fA-F]+|"
                          "0o[0-7]+|0b[01]+)$",
                          option.choices);
    }
    case MC_DURATION: {
      Value number = table({{"type", text("number")}, {"minimum", Value(std::int64_t{0})}});
      return alternatives(std::move(number),
                          "^[0-9]+(\\.[0-9]+)?$|^([0-9]+(\\.[0-9]+)?(us|ms|s|min|m|h|d))+$",
                          option.choices);
    }
    case MC_CHOICE:
      return table({{"enum", words(option.choices)}});
    default:
      return properties(fields_of(option), path);
  }
}

/// The default as JSON; empty where there is none, or a table is made of its fields' defaults.
Value default_of(const mc_option& option, const std::string& path) {
  if (option.default_text == nullptr || option.type == MC_TABLE) return {};
  try {
    return parse_option_text(option, option.default_text, Place{});
  } catch (const mc::Error& error) {
    mc::fail(path, ": ", error.attempt(), mc::Hint{error.hint()});
  }
}

Value of_option(const mc_option& option, const std::string& path) {
  Value schema;
  if (option.type == MC_LIST) {
    schema =
        table({{"type", text("array")}, {"items", of_type(option, option.element, false, path)}});
    set_bounds(schema, option, "minItems", "maxItems");
  } else if (option.type == MC_MAP) {
    schema = table({{"type", text("object")},
                    {"additionalProperties", of_type(option, option.element, false, path)}});
    set_bounds(schema, option, "minProperties", "maxProperties");
  } else {
    schema = of_type(option, option.type, true, path);
  }
  schema.set("description", text(option.help));
  if (Value value = default_of(option, path); !value.empty())
    schema.set("default", std::move(value));
  return schema;
}

Value properties(Options options, const std::string& path) {
  Value members(Table{});
  List required;
  for (const mc_option& option : options) {
    members.set(option.key, of_option(option, mc::concat(path, '.', option.key)));
    if ((option.flags & MC_OPTION_REQUIRED) != 0) required.push_back(text(option.key));
  }
  Value schema = table({{"type", text("object")}, {"properties", std::move(members)}});
  if (!required.empty()) schema.set("required", Value(std::move(required)));
  schema.set("additionalProperties", Value(false));
  return schema;
}

Value titled(Value schema, std::string_view title, std::string_view description) {
  Value out = table({{"title", text(title)}, {"description", text(description)}});
  overlay(out, std::move(schema));
  return out;
}

Value extends_schema() {
  const Value file = table({{"type", text("string")}, {"minLength", Value(std::int64_t{1})}});
  Value list = table({{"type", text("array")}, {"items", file}});
  list.set("minItems", Value(std::int64_t{1}));
  Value out = table({{"anyOf", Value(List{file, std::move(list)})}});
  out.set("description", text("Files that this one is laid over, relative to it; later ones win"));
  return out;
}

}  // namespace

Value launch_schema(std::span<const Plugin* const> plugins) {
  Value members(Table{});
  members.set("extends", extends_schema());
  members.set("container", titled(properties(container_options(), "container"), "container",
                                  "The command and what it is given"));
  for (const Plugin* plugin : plugins)
    members.set(plugin->name, titled(properties(plugin->options, plugin->name), plugin->name,
                                     plugin->data.summary != nullptr ? plugin->data.summary : ""));
  Value schema =
      table({{"$schema", text("https://json-schema.org/draft/2020-12/schema")},
             {"title", text("A launch of mini_container")},
             {"description", text("Each table but [container] enables the plugin of its name")},
             {"type", text("object")}});
  schema.set("properties", std::move(members));
  schema.set("additionalProperties", Value(false));
  return schema;
}

}  // namespace mini_container
