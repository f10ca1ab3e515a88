// SPDX-License-Identifier: Apache-2.0
#include "core/manual.hpp"

#include <doctest/doctest.h>

#include "core/completions.hpp"
#include "core/roff.hpp"
#include "mini_container/error.hpp"
#include "mini_container/plugin.hpp"

namespace mini_container {

namespace {

constexpr const char* modes[] = {"private", "shared", nullptr};
constexpr mc_option fields[] = {
    mc::option({.type = MC_PATH, .key = "source", .help = "What it's of"})};
constexpr mc_option declared[] = {
    mc::option({.type = MC_PATH,
                .key = "path",
                .help = "The new root",
                .long_flag = "box",
                .short_flag = 'b'}),
    mc::option({.type = MC_SIZE,
                .key = "max_size",
                .help = "How much",
                .default_text = "64M",
                .maximum = 1 << 30}),
    mc::option({.type = MC_CHOICE, .key = "mode", .help = "Who", .choices = modes}),
    mc::option(
        {.type = MC_LIST, .element = MC_TABLE, .key = "mounts", .help = "More", .fields = fields}),
};

const Plugin& plugin() {
  static const Plugin box = [] {
    Plugin out;
    out.name = "box";
    out.data.summary = "A box";
    out.options = read_options(declared, std::size(declared), sizeof(mc_option));
    return out;
  }();
  return box;
}

const Plugin* const plugins[] = {&plugin()};

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("roff text means nothing but its markup") {
  Roff page("X", "1", "C");
  page.paragraph("*-r* _PATH_ a_b 'x' \\n " + Roff::literal("*bold* _it_"));
  CHECK(holds(page.text(), "\\fB\\-r\\fR \\fIPATH\\fR a_b \\(aqx\\(aq \\en *bold* _it_\n"));
  // What is marked may hold the marks: they end it only where a word ends.
  Roff within("X", "1", "C");
  within.paragraph("_a_b/c.h_, _/run/a_b_ _NAME_.so *$A_B*/c *a_b* _c_");
  CHECK(holds(within.text(),
              "\\fIa_b/c.h\\fR, \\fI/run/a_b\\fR \\fINAME\\fR.so \\fB$A_B\\fR/c \\fBa_b\\fR "
              "\\fIc\\fR\n"));
  Roff dots("X", "1", "C");
  dots.paragraph(".SH no");
  CHECK(holds(dots.text(), ".PP\n\\&.SH no\n"));
}

TEST_CASE("the manual of the command has every flag") {
  const std::string page = manual_page("1", plugins);
  CHECK(page.starts_with(".TH MINI_CONTAINER 1 "));
  CHECK(holds(page, ".SS box \\- A box\n"));
  CHECK(holds(page,
              "\\fB\\-b\\fR \\fIPATH\\fR, \\fB\\-\\-box\\fR \\fIPATH\\fR, "
              "\\fB\\-\\-box.path\\fR \\fIPATH\\fR\nThe new root.\n"));
  CHECK(holds(page,
              "\\fB\\-\\-box.max_size\\fR \\fISIZE\\fR\n"
              "How much. Range: 0 to 1G. Default: \\fB64M\\fR.\n"));
  CHECK(holds(page, "\\fB\\-\\-config\\fR"));
  CHECK(holds(page, "\\fBvalidate\\fR"));
}

TEST_CASE("the manual of launch files has every key, nested ones too") {
  const std::string page = manual_page("5", plugins);
  CHECK(holds(page, ".SH [box]\n"));
  CHECK(holds(page, "\\fBmode\\fR (one of private, shared)\n"));
  CHECK(holds(page,
              "\\fBmounts\\fR (list of tables)\nMore.\n.RS\n.TP\n\\fBsource\\fR (path)\n"
              "What it\\(aqs of.\n.RE\n"));
  CHECK(holds(page, "\\fBcommand\\fR"));
}

TEST_CASE("the manual of the SDK has every hook; other sections are refused") {
  const std::string page = manual_page("3", plugins);
  for (const char* hook : {"plan", "pre_clone", "post_clone", "before_pivot", "pivot",
                           "after_pivot", "join", "seal", "post_exec", "post_exit", "cleanup"})
    CHECK_MESSAGE(holds(page, std::string("\\fB") + hook + "\\fR ("), hook);
  CHECK_THROWS_AS(manual_page("2", plugins), mc::Error);
}

TEST_CASE("each shell gets the flags, their words and the verbs") {
  const std::string bash = completions("bash", plugins);
  CHECK(holds(bash, "--box.mode) COMPREPLY=($(compgen -W 'private shared'"));
  CHECK(holds(bash, " --box.max_size "));
  CHECK(holds(bash, "complete -o filenames -F _mini_container mini_container\n"));
  const std::string zsh = completions("zsh", plugins);
  CHECK(zsh.starts_with("#compdef mini_container\n"));
  CHECK(holds(zsh, "'*--box.path=[The new root]:file:_files'"));
  const std::string fish = completions("fish", plugins);
  CHECK(holds(fish,
              "complete -c mini_container -n __mini_container_launches -l box.mode -x -a 'private "
              "shared' -d 'Who'\n"));
  CHECK_THROWS_AS(completions("csh", plugins), mc::Error);
}

}  // namespace mini_container
