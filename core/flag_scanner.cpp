// SPDX-License-Identifier: Apache-2.0
#include "core/flag_scanner.hpp"

#include <getopt.h>

#include <algorithm>

#include "mini_container/error.hpp"

namespace mini_container {

namespace {

int has_argument(Flag::Takes takes) {
  return takes == Flag::Takes::nothing ? no_argument
         : takes == Flag::Takes::value ? required_argument
                                       : optional_argument;
}

}  // namespace

FlagScanner::FlagScanner(const std::vector<std::string>& arguments, const Flags& flags)
    : flags_(flags) {
  static char program[] = "mini_container";
  argv_.push_back(program);
  // getopt_long does not write to what it is given, whatever its type says.
  for (const std::string& argument : arguments)
    argv_.push_back(const_cast<char*>(argument.c_str()));
  argv_.push_back(nullptr);
  for (const Flag& flag : flags.all()) {
    if (flag.name.size() != 1) continue;
    letters_ += flag.name;
    if (flag.takes == Flag::Takes::value) letters_ += ':';
  }
  ::optind = 0;  // starts anew, GNU's way
  ::opterr = 0;
}

const Flag* FlagScanner::stop_at(std::string name) {
  unknown_ = std::move(name);
  return nullptr;
}

const Flag* FlagScanner::next() {
  // Looked up before getopt_long sees it, which would take an abbreviation.
  const std::string_view argument = at_ + 1 < argv_.size() ? argv_[at_] : "";
  std::string name;
  option names[2] = {};  // the one that is there: several flags may share a name
  if (argument.starts_with("--") && argument.size() > 2) {
    name = argument.substr(2, argument.find('=') - 2);
    const Flag* known = name.size() > 1 ? flags_.find(name) : nullptr;
    if (known == nullptr) return stop_at(std::move(name));
    names[0] = {name.c_str(), has_argument(known->takes), nullptr, 0};
  }
  const int found = ::getopt_long(static_cast<int>(argv_.size()) - 1, argv_.data(),
                                  letters_.c_str(), names, nullptr);
  at_ = static_cast<std::size_t>(::optind);
  if (found == -1) return nullptr;
  if (name.empty())
    name.assign(1, static_cast<char>(found == ':' || found == '?' ? ::optopt : found));
  const Flag* flag = flags_.find(name);
  if (flag == nullptr) return stop_at(std::move(name));
  if (found == ':')
    mc::fail(typed(name), ": needs a value", mc::Hint{mc::concat("write ", typed(name), " VALUE")});
  if (found == '?') mc::fail(typed(name), ": takes no value");
  return flag;
}

const char* FlagScanner::value() const { return ::optarg; }

std::vector<std::string> FlagScanner::rest() const {
  const auto first = std::min(static_cast<std::size_t>(::optind), argv_.size() - 1);
  return {argv_.begin() + static_cast<std::ptrdiff_t>(first), argv_.end() - 1};
}

}  // namespace mini_container
