// SPDX-License-Identifier: Apache-2.0
// The options of verbs other than `run`, by getopt_long.
#pragma once

#include <string>
#include <vector>

#include "core/help.hpp"

namespace mini_container {

/// Thrown where a verb's help was all that was asked for: not an error.
struct HelpAsked {
  std::string verb;
  std::vector<OptionText> options;
};

class VerbOptions {
 public:
  /// `program_follows`: what comes after the first argument is a program's own.
  explicit VerbOptions(std::string verb, bool program_follows = false)
      : verb_(std::move(verb)), program_follows_(program_follows) {}

  VerbOptions& flag(const char* name, char letter, bool& to, const char* help);
  VerbOptions& value(const char* name, char letter, std::string& to, const char* value_name,
                     const char* help);
  /// From 0 to `most`.
  VerbOptions& number(const char* name, char letter, int& to, int most, const char* help);
  /// May be given several times.
  VerbOptions& each(const char* name, char letter, std::vector<std::string>& to,
                    const char* value_name, const char* help);

  /// Gives what is no option. Throws mc::Error for what is not known, and for a missing value;
  /// HelpAsked for --help.
  std::vector<std::string> parse(const std::vector<std::string>& arguments) const;

 private:
  struct Entry {
    const char* name;
    char letter;
    const char* value_name = nullptr;
    const char* help = "";
    bool* flag = nullptr;
    std::string* text = nullptr;
    int* number = nullptr;
    int most = 0;
    std::vector<std::string>* list = nullptr;
  };

  [[noreturn]] void ask_for_help() const;
  void take(const Entry& entry, const char* value) const;

  std::string verb_;
  bool program_follows_;
  std::vector<Entry> entries_;
};

/// The one id among `arguments`; throws where there is none, or more.
std::string only_id(const std::vector<std::string>& arguments, const char* verb);

}  // namespace mini_container
