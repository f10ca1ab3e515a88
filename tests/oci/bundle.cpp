// SPDX-License-Identifier: Apache-2.0
#include "tests/oci/bundle.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "core/json.hpp"
#include "core/state.hpp"
#include "mini_container/error.hpp"

namespace mini_container::test {

namespace {

// "a.b.0" front to back.
std::string_view next_part(std::string_view& path) {
  const auto dot = path.find('.');
  const auto part = path.substr(0, dot);
  path.remove_prefix(dot == path.npos ? path.size() : dot + 1);
  return part;
}

Value* element(Value& at, std::string_view part) {
  if (auto* list = at.as<List>()) {
    const auto index = static_cast<std::size_t>(std::stoul(std::string(part)));
    return index < list->size() ? &(*list)[index] : nullptr;
  }
  return at.find(part);
}

const std::string& usual_config() {
  static const std::string text = [] {
    const auto directory = fresh_directory();
    run({"spec"}, {.directory = directory});
    return read_file(directory + "/config.json");
  }();
  return text;
}

}  // namespace

std::string fresh_id() { return "oci-" + make_id(); }

Bundle::Bundle(std::string root)
    : directory_(fresh_directory()),
      root_(std::move(root)),
      config_(parse_json(usual_config(), "config.json")) {
  set("process.terminal", "false");
  set("process.args", R"(["sleep", "1000"])");
  set("root.readonly", "false");
  set("root.path", '"' + root_ + '"');
}

Bundle& Bundle::set(std::string_view path, std::string_view json) {
  Value* at = &config_;
  while (path.find('.') != path.npos) {
    const auto part = next_part(path);
    Value* next = element(*at, part);
    at = next != nullptr ? next : &at->set(part, Value(Table{}));
  }
  Value value = parse_json(json, "test");
  if (Value* there = element(*at, path))
    *there = std::move(value);
  else
    at->set(path, std::move(value));
  return *this;
}

Bundle& Bundle::add(std::string_view path, std::string_view json) {
  Value* list = find_value(config_, path);
  if (list == nullptr || list->as<List>() == nullptr) {
    set(path, "[]");
    list = find_value(config_, path);
  }
  list->as<List>()->push_back(parse_json(json, "test"));
  return *this;
}

Bundle& Bundle::write() {
  write(write_json(config_, JsonStyle::pretty));
  return *this;
}

void Bundle::write(std::string_view text) const {
  write_file("config.json", std::string(text), directory_);
}

Value* find_value(Value& top, std::string_view path) {
  Value* at = &top;
  while (at != nullptr && !path.empty()) at = element(*at, next_part(path));
  return at;
}

Result run_and_leave(std::vector<std::string> arguments) {
  return run(std::move(arguments), {.grace = std::chrono::milliseconds(0)});
}

bool thorough() { return std::getenv("MINI_CONTAINER_THOROUGH") != nullptr; }

NothingLeft::~NothingLeft() {
  eventually([this] { return cgroups_named(id_).empty(); }, std::chrono::milliseconds(1000));
  for (const auto& cgroup : cgroups_named(id_)) FAIL_CHECK("left: ", cgroup);
  const auto log = ContainerState::log_path(default_state_root(), id_);
  CHECK_MESSAGE(!std::filesystem::exists(log), log);
}

}  // namespace mini_container::test
