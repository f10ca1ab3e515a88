// SPDX-License-Identifier: Apache-2.0
#include "core/roff.hpp"

#include <algorithm>
#include <cctype>

#include "mini_container/error.hpp"

namespace mini_container {

namespace {

/// Marks a character of literal() as one that is not markup.
constexpr char plain = '\x01';

bool starts_word(std::string_view text, std::size_t at) {
  return at == 0 || text[at - 1] == ' ' || text[at - 1] == '[' || text[at - 1] == '(' ||
         text[at - 1] == '=' || text[at - 1] == '|';
}

bool ends_word(std::string_view text, std::size_t at) {
  return at + 1 == text.size() || std::isalnum(static_cast<unsigned char>(text[at + 1])) == 0;
}

/// Text with its markup as roff has it.
std::string escaped(std::string_view text) {
  std::string out;
  char open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == plain && i + 1 < text.size()) {
      c = text[++i];
    } else if ((c == '*' || c == '_') &&
               ((open == c && ends_word(text, i)) || (open == 0 && starts_word(text, i)))) {
      out += open == c ? "\\fR" : c == '*' ? "\\fB" : "\\fI";
      open = open == c ? '\0' : c;
      continue;
    }
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\'')
      out += "\\(aq";
    else if (c == '.' && !out.empty() && out.back() == '\n')
      out += "\\&.";
    else
      out += c;
    // A long list may be broken behind its commas.
    if (c == ',' && i + 1 < text.size() && text[i + 1] != ' ' && text[i + 1] != '\n') out += "\\:";
  }
  if (open != 0) out += "\\fR";
  return out;
}

/// A line that begins with a dot would be a request.
std::string_view guard(std::string_view line) { return line.starts_with('.') ? "\\&" : ""; }

/// Lines of the source of at most `width` bytes, where there are blanks to break them at.
std::string folded(std::string_view text) {
  constexpr std::size_t width = 78;
  std::string out;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    const auto word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (used != 0 && used + 1 + word.size() > width) {
      out += '\n';
      used = 0;
    }
    if (used != 0) out += ' ';
    if (used == 0) out += guard(word);
    out += word;
    used += word.size() + 1;
  }
  return out;
}

}  // namespace

Roff::Roff(std::string_view title, std::string_view section, std::string_view collection) {
  text_ =
      mc::concat(".TH ", title, " ", section,
                 " \"" MINI_CONTAINER_DATE "\" \"mini_container " MINI_CONTAINER_VERSION "\" \"",
                 collection, "\"\n.nh\n.ad l\n");
}

std::string Roff::literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '*' || c == '_') out += plain;
    out += c;
  }
  return out;
}

void Roff::line(std::string_view text) {
  const std::string content = escaped(text);
  text_ += mc::concat(guard(content), content, "\n");
}

void Roff::running(std::string_view text) { text_ += folded(escaped(text)) + "\n"; }

// A heading begins one of itself.
void Roff::begin_paragraph() {
  if (!after_heading_) text_ += ".PP\n";
  after_heading_ = false;
}

Roff& Roff::section(std::string_view title) {
  text_ += ".SH ";
  line(title);
  after_heading_ = true;
  return *this;
}

Roff& Roff::subsection(std::string_view title) {
  text_ += ".SS ";
  line(title);
  after_heading_ = true;
  return *this;
}

Roff& Roff::paragraph(std::string_view text) {
  begin_paragraph();
  running(text);
  return *this;
}

Roff& Roff::item(std::string_view term, std::string_view text) {
  text_ += ".TP\n";
  line(term);
  running(text);
  after_heading_ = false;
  return *this;
}

Roff& Roff::example(std::string_view text) {
  begin_paragraph();
  text_ += ".RS 4\n.nf\n";
  line(literal(text));
  text_ += ".fi\n.RE\n";
  return *this;
}

Roff& Roff::in() {
  text_ += ".RS\n";
  return *this;
}

Roff& Roff::out() {
  text_ += ".RE\n";
  return *this;
}

}  // namespace mini_container
