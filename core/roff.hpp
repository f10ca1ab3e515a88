// SPDX-License-Identifier: Apache-2.0
// Writes man(7) pages.
#pragma once

#include <string>
#include <string_view>

namespace mini_container {

class Roff {
 public:
  /// "MINI_CONTAINER", "1", "mini_container 0.1.0", "User Commands".
  Roff(std::string_view title, std::string_view section, std::string_view collection);

  Roff& section(std::string_view title);
  Roff& subsection(std::string_view title);
  /// A paragraph of plain text; "*word*" is bold, "_word_" at word starts is italic. No other
  /// character means anything.
  Roff& paragraph(std::string_view text);
  /// A term, marked up alike, and what is said about it.
  Roff& item(std::string_view term, std::string_view text);
  /// Text as it stands, in lines.
  Roff& example(std::string_view text);
  /// What follows is indented once more, until the matching out().
  Roff& in();
  Roff& out();

  [[nodiscard]] const std::string& text() const { return text_; }

  /// `text` so that it means nothing, within *bold* too.
  static std::string literal(std::string_view text);

 private:
  void begin_paragraph();
  void line(std::string_view text);
  void running(std::string_view text);

  std::string text_;
  bool after_heading_ = false;
};

}  // namespace mini_container
