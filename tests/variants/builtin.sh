#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One file that needs no other: every plugin linked in, run from an empty directory.
. "$(dirname "$0")/variant.sh"
need_root

configure "$trees/builtin" builtin -DMINI_CONTAINER_TESTS=ON >"$work/builtin.log" ||
  fail "$(cat "$work/builtin.log")"
cmake --build "$trees/builtin" --target mini_container >"$work/builtin.log" 2>&1 ||
  fail "$(tail -n 30 "$work/builtin.log")"
[ ! -e "$trees/builtin/plugins.d" ] || fail "there are plugins as files"

rm -rf "$work/alone"
mkdir "$work/alone"
cp "$trees/builtin/mini_container" "$work/alone/"
binary=$work/alone/mini_container
needed=$(readelf -d "$binary" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v '^ld-linux' || true)
[ "$needed" = libc.so.6 ] || fail "it needs more than libc: $needed"

listed=$(run "$binary" plugin list)
for plugin in "$source"/plugins/*/CMakeLists.txt; do
  contains "$listed" "$(basename "$(dirname "$plugin")") "
done
contains "$listed" "(built in)"
inside=$(run "$binary" --pid --hostname alone --ipc -- sh -c 'echo $$ $(hostname)')
[ "$inside" = "1 alone" ] || fail "inside: $inside"
# Nothing is loaded from disk, whatever it is told.
status=0
text=$(run "$binary" --plugin-dir "$build/tests/sdk/fixtures/plugins.d" --nope -- true) || status=$?
[ "$status" -eq 125 ] || fail "exit code $status for a plugin that is not there"
status=0
text=$(run "$binary" plugin check "$build/plugins.d/uts.so") || status=$?
[ "$status" -eq 125 ] || fail "exit code $status of plugin check: $text"
contains "$text" "its plugins are linked in"
