// SPDX-License-Identifier: Apache-2.0
#include "core/plugin_order.hpp"

#include <algorithm>

#include "mini_container/error.hpp"

namespace mini_container {

namespace {

class PluginOrder {
 public:
  explicit PluginOrder(const std::vector<const Plugin*>& plugins)
      : plugins_(plugins), earlier_(plugins.size()), marks_(plugins.size(), Mark::untouched) {
    for (std::size_t i = 0; i < plugins_.size(); ++i) {
      for (const auto& name : plugins_[i]->needs) add(name, i);
      for (const auto& name : plugins_[i]->after) add(name, i);
      for (const auto& name : plugins_[i]->before)
        if (const auto later = index_of(name); later != none) earlier_[later].push_back(i);
    }
  }

  std::vector<const Plugin*> sorted() {
    for (std::size_t i = 0; i < plugins_.size(); ++i) visit(i);
    return std::move(out_);
  }

 private:
  enum class Mark { untouched, open, done };
  static constexpr std::size_t none = SIZE_MAX;

  std::size_t index_of(const std::string& name) const {
    const auto found = std::ranges::find(plugins_, name, &Plugin::name);
    return found != plugins_.end() ? static_cast<std::size_t>(found - plugins_.begin()) : none;
  }

  void add(const std::string& earlier_name, std::size_t later) {
    if (const auto index = index_of(earlier_name); index != none) earlier_[later].push_back(index);
  }

  void visit(std::size_t index) {
    if (marks_[index] == Mark::done) return;
    path_.push_back(index);
    if (marks_[index] == Mark::open) refuse_cycle(index);
    marks_[index] = Mark::open;
    std::ranges::sort(earlier_[index]);
    for (const auto earlier : earlier_[index]) visit(earlier);
    marks_[index] = Mark::done;
    path_.pop_back();
    out_.push_back(plugins_[index]);
  }

  [[noreturn]] void refuse_cycle(std::size_t index) const {
    std::string names;
    for (auto at = std::ranges::find(path_, index); at != path_.end(); ++at) {
      if (!names.empty()) names += " after ";
      names += plugins_[*at]->name;
    }
    mc::fail("the plugins' order is a cycle: ", names,
             mc::Hint{"their needs, after and before contradict each other; leave one out"});
  }

  const std::vector<const Plugin*>& plugins_;
  std::vector<std::vector<std::size_t>> earlier_;
  std::vector<Mark> marks_;
  std::vector<std::size_t> path_;
  std::vector<const Plugin*> out_;
};

}  // namespace

std::vector<const Plugin*> order_plugins(const std::vector<const Plugin*>& plugins) {
  return PluginOrder(plugins).sorted();
}

}  // namespace mini_container
