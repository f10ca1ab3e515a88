// SPDX-License-Identifier: Apache-2.0
#include "core/roff.hpp"

#include "mini_container/error.hpp"

namespace mini_container {

namespace {

/// Marks a character of literal() as one that is not markup.
constexpr char plain = '\x01';

bool starts_word(std::string_view text, std::size_t at) {
  return at == 0 || text[at - 1] == ' ' || text[at - 1] == '[' || text[at - 1] == '(' ||
         text[at - 1] == '=' || text[at - 1] == '|';
}

/// Text with its markup as roff has it.
std::string escaped(std::string_view text) {
  std::string out;
  char open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == plain && i + 1 < text.size()) {
      c = text[++i];
    } else if ((c == '*' || c == '_') && (open == c || (open == 0 && starts_word(text, i)))) {
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
    else if (c == '.' && (out.empty() || out.back() == '\n'))
      out += "\\&.";
    else
      out += c;
  }
  if (open != 0) out += "\\fR";
  return out;
}

}  // namespace

Roff::Roff(std::string_view title, std::string_view section, std::string_view collection) {
  text_ = mc::concat(".TH ", title, " ", section, " \"\" \"mini_container " MINI_CONTAINER_VERSION "\" \"",
                     collection, "\"\n.nh\n");
}

std::string Roff::literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '*' || c == '_') out += plain;
    out += c;
  }
  return out;
}

void Roff::line(std::string_view text) { text_ += escaped(text) + "\n"; }

Roff& Roff::section(std::string_view title) {
  text_ += ".SH ";
  line(title);
  return *this;
}

Roff& Roff::subsection(std::string_view title) {
  text_ += ".SS ";
  line(title);
  return *this;
}

Roff& Roff::paragraph(std::string_view text) {
  text_ += ".PP\n";
  line(text);
  return *this;
}

Roff& Roff::item(std::string_view term, std::string_view text) {
  text_ += ".TP\n";
  line(term);
  line(text);
  return *this;
}

Roff& Roff::example(std::string_view text) {
  text_ += ".PP\n.RS 4\n.nf\n";
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
