// SPDX-License-Identifier: Apache-2.0
#include "core/verb_options.hpp"

#include <getopt.h>

#include <charconv>

#include "core/nearest.hpp"
#include "mini_container/error.hpp"

namespace mini_container {

namespace {

// What getopt_long gives for entry I without a letter of its own.
constexpr int first_code = 256;

}  // namespace

VerbOptions& VerbOptions::flag(const char* name, char letter, bool& to, const char* help) {
  entries_.push_back({.name = name, .letter = letter, .help = help, .flag = &to});
  return *this;
}

VerbOptions& VerbOptions::value(const char* name, char letter, std::string& to,
                                const char* value_name, const char* help) {
  entries_.push_back(
      {.name = name, .letter = letter, .value_name = value_name, .help = help, .text = &to});
  return *this;
}

VerbOptions& VerbOptions::number(const char* name, char letter, int& to, int most,
                                 const char* help) {
  entries_.push_back({.name = name,
                      .letter = letter,
                      .value_name = "N",
                      .help = help,
                      .number = &to,
                      .most = most});
  return *this;
}

VerbOptions& VerbOptions::each(const char* name, char letter, std::vector<std::string>& to,
                               const char* value_name, const char* help) {
  entries_.push_back(
      {.name = name, .letter = letter, .value_name = value_name, .help = help, .list = &to});
  return *this;
}

void VerbOptions::ask_for_help() const {
  std::vector<OptionText> options;
  for (const Entry& entry : entries_)
    options.push_back({entry.name, entry.letter, entry.value_name, entry.help});
  throw HelpAsked{verb_, std::move(options)};
}

void VerbOptions::take(const Entry& entry, const char* value) const {
  if (entry.flag != nullptr) {
    const std::string_view word = value != nullptr ? value : "true";
    if (word != "true" && word != "false")
      mc::fail(verb_, ": --", entry.name, ": '", word, "' is neither true nor false");
    *entry.flag = word == "true";
  } else if (entry.text != nullptr) {
    *entry.text = value;
  } else if (entry.list != nullptr) {
    entry.list->emplace_back(value);
  } else {
    const std::string_view text = value;
    const auto* end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data(), end, *entry.number);
    if (failed != std::errc() || rest != end || *entry.number < 0 || *entry.number > entry.most)
      mc::fail(verb_, ": --", entry.name, ": '", text, "' is not a number from 0 to ", entry.most);
  }
}

std::vector<std::string> VerbOptions::parse(const std::vector<std::string>& arguments) const {
  static char program[] = "mini_container";
  std::vector<char*> argv{program};
  // getopt_long reorders the pointers, and leaves what they point to as it is.
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  const auto count = static_cast<int>(argv.size());
  argv.push_back(nullptr);
  std::string letters = program_follows_ ? "+:h" : ":h";
  std::vector<option> names{{"help", no_argument, nullptr, 'h'}};
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    // A flag may be written --flag=true, as Go's are.
    const int takes = entry.flag != nullptr ? optional_argument : required_argument;
    names.push_back({entry.name, takes, nullptr, first_code + static_cast<int>(i)});
    if (entry.letter == 0) continue;
    letters += entry.letter;
    if (entry.flag == nullptr) letters += ':';
  }
  names.push_back({nullptr, 0, nullptr, 0});
  ::optind = 0;
  ::opterr = 0;
  for (;;) {
    const int found = ::getopt_long(count, argv.data(), letters.c_str(), names.data(), nullptr);
    if (found == -1) break;
    if (found == 'h') ask_for_help();
    if (found == '?' || found == ':') {
      const std::string given = argv[static_cast<std::size_t>(::optind - 1)];
      if (found == ':') mc::fail(verb_, ": ", given, ": needs a value");
      std::vector<std::string> known;
      for (const Entry& entry : entries_) known.push_back(mc::concat("--", entry.name));
      const std::string near = nearest(given, known);
      std::string hint =
          near.empty() ? "it has no options" : mc::concat("did you mean '", near, "'?");
      if (near.empty())
        for (const auto& each : known)
          hint = (&each == &known[0] ? "there are: " : hint + ", ") + each;
      mc::fail(verb_, ": ", given, ": unknown option", mc::Hint{hint});
    }
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (found == first_code + static_cast<int>(i) ||
          (entries_[i].letter != 0 && found == entries_[i].letter))
        take(entries_[i], ::optarg);
  }
  return {argv.begin() + ::optind, argv.end() - 1};
}

std::string only_id(const std::vector<std::string>& arguments, const char* verb) {
  if (arguments.empty())
    mc::fail(verb, ": the container's id is missing",
             mc::Hint{"see those that there are: mini_container list"});
  if (arguments.size() > 1)
    mc::fail(verb, ": '", arguments[1].substr(0, 60), "' is one argument too many");
  return arguments.front();
}

}  // namespace mini_container
