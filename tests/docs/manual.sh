#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The installed manual pages: each is found, and neither groff nor mandoc has anything to say.
. "$(dirname "$0")/docs.sh"
need man mandoc

for component in core sdk; do
  cmake --install "$build" --prefix "$work/prefix" --component $component >"$work/install.log" ||
    fail "$(cat "$work/install.log")"
done
check() {
  page=$work/prefix/share/man/man$2/$1.$2
  [ -s "$page" ] || fail "$1($2) is not installed"
  warnings=$(LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
  [ -z "$warnings" ] || fail "$1($2): $warnings"
  warnings=$(mandoc -Tlint -W warning "$page" || true)
  [ -z "$warnings" ] || fail "$1($2): $warnings"
  found=$(MANPATH=$work/prefix/share/man man -w "$2" "$1") || fail "man $2 $1 does not find it"
  [ "$found" = "$page" ] || fail "man $2 $1 finds $found"
  MANPATH=$work/prefix/share/man MANWIDTH=100 LC_ALL=C man "$2" "$1" | col -bx >"$work/$1.$2.txt"
}
shows() {
  page=$1
  shift
  for text in "$@"; do
    grep -qF -- "$text" "$work/$page.txt" || fail "$page does not show '$text'"
  done
}

check mini_container 1
check mini_container.toml 5
check mini_container_plugin 3
shows mini_container.1 "-r PATH, --rootfs PATH, --rootfs.path PATH" "-d NAME, --domain NAME" \
  "-p, --pid, --no-pid" "EXIT STATUS" "validate FILE"
# What each verb takes, as its own help says.
for verb in $("$binary" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p'); do
  "$binary" help "$verb" | sed -n 's/^ \{2,6\}\(-[^ ]*\( --[^ ]*\)\{0,1\}\).*/\1/p' | grep -v -e --help \
    >"$work/options" || continue
  awk -v verb="$verb" '/^[A-Z]/ { on = 0 } /^VERBS/ { on = 1 } on && /^       [a-z]/ { inside = $1 == verb }
    on && inside' "$work/mini_container.1.txt" >"$work/section"
  while read -r option; do
    grep -qF -- "$option" "$work/section" || fail "mini_container(1) lacks $option of $verb"
  done <"$work/options"
done
shows mini_container.toml.5 "[rootfs]" "[uts]" "hostname (string)" "msgmax"
shows mini_container_plugin.3 "find_package(mini_container REQUIRED)" "before_pivot (child)" \
  "mc_plugin_v1"

# The page's own example is a plugin.
awk '/^EXAMPLE$/ { on = 1; next } /^[A-Z]/ { on = 0 } on { sub(/^ +/, ""); print }' \
  "$work/mini_container_plugin.3.txt" >"$work/example.cpp"
g++ -std=c++20 -fsyntax-only -Wall -Wextra -Werror -I"$work/prefix/include" "$work/example.cpp" ||
  fail "the example of mini_container_plugin(3) does not compile"
